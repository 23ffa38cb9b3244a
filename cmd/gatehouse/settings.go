package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gatehouse-dev/gatehouse"
)

// settingsCommand groups what is about the settings of an instance.
type settingsCommand struct {
	Get   settingsGetCommand   `cmd:"" help:"Print the settings, or those that are named, and where each comes from."`
	Set   settingsSetCommand   `cmd:"" help:"Change settings; servers obey within two seconds."`
	Reset settingsResetCommand `cmd:"" help:"Go back to what the configuration says."`
}

// edit opens the settings for fn.
func (f *instanceFlags) edit(ctx context.Context, p *program, fn func(*gatehouse.SettingsEditor) error) error {
	return f.with(p, func(config gatehouse.Config) error { return gatehouse.ManageSettings(ctx, config, fn) })
}

type settingsGetCommand struct {
	instanceFlags
	Names []string `arg:"" optional:"" name:"name" help:"A setting or a group: sign_up_mode, email_address."`
	JSON  bool     `name:"json" help:"Print JSON."`
}

// shownSetting is one line of get.
type shownSetting struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
	From  string          `json:"from"` // default, configuration, operator
}

// Run implements command.
func (c *settingsGetCommand) Run(ctx context.Context, p *program) error {
	return c.edit(ctx, p, func(e *gatehouse.SettingsEditor) error {
		shown, err := show(e.All(), c.Names)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(p.stdout, shown)
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
		for _, s := range shown {
			fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, printable(string(s.Value)), s.From)
		}
		return w.Flush()
	})
}

// show picks settings by the names of settings or groups; no names pick all.
func show(all []gatehouse.Setting, names []string) ([]shownSetting, error) {
	shown := []shownSetting{}
	for _, s := range all {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return within(s.Name, name) }) {
			continue
		}
		from := "default"
		switch {
		case s.Pinned:
			from = "configuration"
		case s.Changed:
			from = "operator"
		}
		shown = append(shown, shownSetting{Name: s.Name, Value: s.Value, From: from})
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s gatehouse.Setting) bool { return within(s.Name, name) }) {
			return nil, unknownSetting(name)
		}
	}
	return shown, nil
}

// within reports whether a setting is the one named, or one of the group named.
func within(setting, name string) bool {
	return setting == name || strings.HasPrefix(setting, name+".")
}

func unknownSetting(name string) error {
	return &usageError{fmt.Errorf("there is no setting %s: `gatehouse settings get` lists them", printable(name))}
}

type settingsSetCommand struct {
	instanceFlags
	Changes []string `arg:"" name:"name=value" help:"sign_up_mode=restricted, email_address.required=true, strategies=password,email_code, lockout_duration=2h."`
}

// Run implements command.
func (c *settingsSetCommand) Run(ctx context.Context, p *program) error {
	return c.edit(ctx, p, func(e *gatehouse.SettingsEditor) error {
		all := e.All()
		changes := map[string]json.RawMessage{}
		for _, change := range c.Changes {
			name, text, ok := strings.Cut(change, "=")
			if !ok {
				return &usageError{fmt.Errorf("%s is no change: write name=value", printable(change))}
			}
			n := slices.IndexFunc(all, func(s gatehouse.Setting) bool { return s.Name == name })
			if n < 0 {
				return unknownSetting(name)
			}
			changes[name] = asJSON(text, all[n].Value)
		}
		if err := e.Change(ctx, changes); err != nil {
			return err
		}
		return done(p, e)
	})
}

// asJSON writes what somebody typed as the kind of JSON that a setting's value is.
func asJSON(text string, like json.RawMessage) json.RawMessage {
	var value any = text
	switch like[0] {
	case '[':
		list := []string{}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		value = list
	case '"':
	default:
		if json.Valid([]byte(text)) && text != "null" {
			return json.RawMessage(text)
		}
	}
	raw, _ := json.Marshal(value) // texts always marshal
	return raw
}

type settingsResetCommand struct {
	instanceFlags
	Names []string `arg:"" name:"name" help:"A setting or a group: sign_up_mode, email_address."`
}

// Run implements command.
func (c *settingsResetCommand) Run(ctx context.Context, p *program) error {
	return c.edit(ctx, p, func(e *gatehouse.SettingsEditor) error {
		if _, err := show(e.All(), c.Names); err != nil {
			return err
		}
		changes := map[string]json.RawMessage{}
		for _, name := range c.Names {
			changes[name] = json.RawMessage("null")
		}
		if err := e.Change(ctx, changes); err != nil {
			return err
		}
		return done(p, e)
	})
}

// done says what operators have changed by now.
func done(p *program, e *gatehouse.SettingsEditor) error {
	var changed []string
	for _, s := range e.All() {
		if s.Changed {
			changed = append(changed, s.Name)
		}
	}
	if len(changed) == 0 {
		changed = []string{"nothing"}
	}
	_, err := fmt.Fprintln(p.stdout, "Changed by operators:", strings.Join(changed, ", ")+". Servers obey within two seconds.")
	return err
}
