package gatehouse

import (
	"context"
	"errors"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
)

// checkSettings holds Config.Settings against their rules.
func (c *Config) checkSettings() error { return settingError(c.Settings.check(c.Development)) }

// settingError puts what is wrong with a setting into the words of this package.
func settingError(err error) error {
	if bad, ok := errors.AsType[*settings.ValueError](err); ok {
		return &ConfigError{"Settings." + settings.PathOf[Settings](bad.Name), bad.Problem}
	}
	if pinned, ok := errors.AsType[*settings.PinnedError](err); ok {
		return &ConfigError{"Settings." + settings.PathOf[Settings](pinned.Name), "is set by the configuration and can be changed only there"}
	}
	if unknown, ok := errors.AsType[*settings.UnknownError](err); ok {
		return &ConfigError{"Settings", "have no " + unknown.Name}
	}
	return err
}

// openSettings reads what operators changed. repair opens it although it is not valid.
func openSettings(ctx context.Context, c *Config, st *storage, repair bool) (*settings.Live[Settings], error) {
	live, err := settings.Open(ctx, settings.Config[Settings]{
		Defaults: *c.Settings, Pinned: c.PinnedSettings, Repair: repair,
		Validate:  func(s Settings) error { return s.check(c.Development) },
		Documents: st.documents, Now: c.Now,
	})
	if unknown, ok := errors.AsType[*settings.UnknownError](err); ok {
		return nil, configError("PinnedSettings", "name a setting that there is not: "+unknown.Name)
	}
	if bad, ok := errors.AsType[*settings.ValueError](err); ok {
		return nil, &ConfigError{"Settings." + settings.PathOf[Settings](bad.Name), bad.Problem +
			" since an operator changed settings (`gatehouse settings get` shows which, `gatehouse settings reset` takes changes back)"}
	}
	return live, err
}

// Settings returns what holds now: the configuration's, and what operators changed.
func (s *Server) Settings() Settings { return s.live.Current().clone() }

// UpdateSettings stores what change makes of the newest settings, which are judged as a
// whole. change may run more than once. They hold on this server when it returns, and
// within two seconds on every other one of the instance, also those that start later.
//
// Errors: those of change, *ConfigError for settings that cannot be met and for those
// that [Config.PinnedSettings] names, the store's.
func (s *Server) UpdateSettings(ctx context.Context, change func(*Settings) error) error {
	return settingError(s.live.Update(ctx, change))
}

// clone returns settings that share nothing with s.
func (s Settings) clone() Settings {
	s.Strategies = slices.Clone(s.Strategies)
	return s
}

// flowSettings are the settings that hold, in the form of the flows.
func (s *Server) flowSettings() flow.Settings {
	now := s.live.Current()
	if d := s.derived.Load(); d != nil && d.of == now {
		return d.flow
	}
	d := &derivedSettings{of: now, flow: now.flow(&s.cfg, s.urls)}
	s.derived.Store(d)
	return d.flow
}

// derivedSettings saves making the same of the same settings at each request.
type derivedSettings struct {
	of   *Settings
	flow flow.Settings
}
