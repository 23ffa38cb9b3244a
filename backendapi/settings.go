package backendapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
)

// Settings are those of the instance, which operators change. *settings.Live implements
// it for whatever settings there are.
type Settings interface {
	// All lists them as they are on this server, with their version.
	All() (all []settings.Setting, version int64)
	// Change sets some by name, all or none, if they still have the version; nil is any.
	Change(ctx context.Context, changes map[string]json.RawMessage, version *int64) error
}

// settingsJSON are the settings with the version that a change of them may name.
type settingsJSON struct {
	Object   string         `json:"object"`
	Version  int64          `json:"version"`
	Settings map[string]any `json:"settings"`
	Pinned   []string       `json:"pinned"`  // decided by the configuration
	Changed  []string       `json:"changed"` // by an operator
}

// getSettings serves GET /v1/instance/settings.
func (c *call) getSettings() error { return c.replySettings() }

// updateSettings serves PATCH /v1/instance/settings: the members of settings that were
// sent change, null goes back to the configuration's. With a version the change holds
// only if nobody else made one since.
func (c *call) updateSettings() error {
	f := c.fields("settings", "version")
	changes := f.object("settings")
	var version *int64
	if v, ok := value[int64](f, "version"); ok {
		version = &v
	}
	if f.err == nil && changes == nil {
		f.fail(apierr.ParamMissing.At("settings"))
	}
	if f.err != nil {
		return f.err
	}
	members, err := httpjson.Members(changes)
	if err != nil {
		return err
	}
	err = c.h.cfg.Settings.Change(c.r.Context(), members, version)
	if unknown, ok := errors.AsType[*settings.UnknownError](err); ok {
		return apierr.ParamUnknown.At(printable(unknown.Name)).Because(err)
	}
	if err != nil {
		return err
	}
	return c.replySettings()
}

func (c *call) replySettings() error {
	all, version := c.h.cfg.Settings.All()
	j := settingsJSON{Object: "settings", Version: version, Settings: settings.Nested(all), Pinned: []string{}, Changed: []string{}}
	for _, s := range all {
		if s.Pinned {
			j.Pinned = append(j.Pinned, s.Name)
		}
		if s.Changed {
			j.Changed = append(j.Changed, s.Name)
		}
	}
	return httpjson.Write(c.w, http.StatusOK, j)
}

// setting returns the value of one setting.
func (c *call) setting(name string) json.RawMessage {
	all, _ := c.h.cfg.Settings.All()
	if n := slices.IndexFunc(all, func(s settings.Setting) bool { return s.Name == name }); n >= 0 {
		return all[n].Value
	}
	return json.RawMessage("null")
}

// translate collects the members of a reference route that are settings here, under the
// names that they have here. What was not sent, or is null, changes nothing.
func (f *fields) translate(names map[string]string) map[string]json.RawMessage {
	changes := map[string]json.RawMessage{}
	for wire, name := range names {
		if raw, sent := f.members[wire]; sent && string(raw) != "null" {
			changes[name] = raw
		}
	}
	return changes
}

// change makes translated changes; an error blames the name on the wire.
func (c *call) change(f *fields, names map[string]string) error {
	if f.err != nil {
		return f.err
	}
	changes := f.translate(names)
	if len(changes) == 0 {
		return nil
	}
	err := c.h.cfg.Settings.Change(c.r.Context(), changes, nil)
	if err == nil {
		return nil
	}
	e := apierr.From(err)
	for wire, name := range names {
		if e.Param == name {
			return e.At(wire)
		}
	}
	return err
}
