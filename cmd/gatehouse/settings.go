package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/client"
)

// settingsCommand groups what is about the settings of an instance.
type settingsCommand struct {
	Get   settingsGetCommand   `cmd:"" help:"Print the settings, or those that are named, and where each comes from."`
	Set   settingsSetCommand   `cmd:"" help:"Change settings; servers obey within two seconds."`
	Reset settingsResetCommand `cmd:"" help:"Go back to what the configuration says."`
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
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		all, err := readSettings(ctx, api)
		if err != nil {
			return err
		}
		shown, err := show(all, c.Names)
		if err != nil {
			return err
		}
		return printList(p, listFlags{jsonFlag: jsonFlag{c.JSON}}, shown, settingsTable)
	})
}

func settingsTable(shown []shownSetting) *table {
	t := newTable("SETTING", "VALUE", "FROM")
	for _, s := range shown {
		t.row(s.Name, string(s.Value), s.From)
	}
	return t
}

// readSettings asks for all settings.
func readSettings(ctx context.Context, api *client.Client) ([]shownSetting, error) {
	s, err := api.Instance.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return asList(s)
}

// asList takes settings apart, sorted by name.
func asList(s *client.Settings) ([]shownSetting, error) {
	var all []shownSetting
	if err := flatten("", s.Settings, &all); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	slices.SortFunc(all, func(a, b shownSetting) int { return strings.Compare(a.Name, b.Name) })
	for i, is := range all {
		switch {
		case slices.Contains(s.Pinned, is.Name):
			all[i].From = "configuration"
		case slices.Contains(s.Changed, is.Name):
			all[i].From = "operator"
		}
	}
	return all, nil
}

// flatten names each setting as the configuration file does: group.setting.
func flatten(group string, raw json.RawMessage, all *[]shownSetting) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for name, value := range members {
		if value[0] == '{' {
			if err := flatten(group+name+".", value, all); err != nil {
				return err
			}
			continue
		}
		*all = append(*all, shownSetting{Name: group + name, Value: value, From: "default"})
	}
	return nil
}

// show picks settings by the names of settings or groups; no names pick all.
func show(all []shownSetting, names []string) ([]shownSetting, error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s shownSetting) bool { return within(s.Name, name) }) {
			return nil, unknownSetting(name)
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(s shownSetting) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return within(s.Name, name) })
	}), nil
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
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		all, err := readSettings(ctx, api)
		if err != nil {
			return err
		}
		changes := map[string]any{}
		for _, change := range c.Changes {
			name, text, ok := strings.Cut(change, "=")
			if !ok {
				return &usageError{fmt.Errorf("%s is no change: write name=value", printable(change))}
			}
			n := slices.IndexFunc(all, func(s shownSetting) bool { return s.Name == name })
			if n < 0 {
				return unknownSetting(name)
			}
			changes[name] = asJSON(text, all[n].Value)
		}
		return apply(ctx, p, api, changes)
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
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		all, err := readSettings(ctx, api)
		if err != nil {
			return err
		}
		if _, err := show(all, c.Names); err != nil {
			return err
		}
		changes := map[string]any{}
		for _, name := range c.Names {
			changes[name] = nil
		}
		return apply(ctx, p, api, changes)
	})
}

// apply makes changes and says what operators have changed by now.
func apply(ctx context.Context, p *program, api *client.Client, changes map[string]any) error {
	s, err := api.Instance.UpdateSettings(ctx, client.SettingsChange{Settings: changes})
	if err != nil {
		return err
	}
	changed := s.Changed
	if len(changed) == 0 {
		changed = []string{"nothing"}
	}
	_, err = fmt.Fprintln(p.stdout, "Changed by operators:", strings.Join(changed, ", ")+". Servers obey within two seconds.")
	return err
}
