package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
)

// Settings from the command line, while a server runs on the same database.
func TestSettingsCommands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gatehouse")
	server, err := gatehouse.Open(t.Context(), gatehouse.Config{Development: true, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	config := write(t, "gatehouse.toml", "[settings]\napp_name = 'Acme'\n[settings.last_name]\nrequired = false\n", 0o600)
	run := func(args ...string) result {
		t.Helper()
		return execute(t, nil, append(append([]string{"settings"}, args...), "--dev", "--dir", dir, "--config", config)...)
	}
	want := func(what string, got result, code int, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if got.code != code || !strings.Contains(got.stdout+got.stderr, text) {
				t.Errorf("%s: %+v, want %d and %q", what, got, code, text)
			}
		}
	}
	want("set", run("set", "sign_up_mode=restricted", "email_address.required=false", "strategies=password, email_code,phone_code", "lockout_duration=2h", "min_password_length=15"),
		0, "min_password_length", "strategies", "within two seconds")
	for deadline := time.Now().Add(10 * time.Second); server.Settings().SignUpMode != "restricted"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the running server does not follow")
		}
	}
	if s := server.Settings(); s.EmailAddress.Required || len(s.Strategies) != 3 || time.Duration(s.LockoutDuration) != 2*time.Hour || s.MinPasswordLength != 15 {
		t.Errorf("the running server has %+v", s)
	}
	got := run("get")
	lines := map[string]string{}
	for line := range strings.Lines(got.stdout) {
		if fields := strings.Fields(line); len(fields) == 3 {
			lines[fields[0]] = fields[1] + " " + fields[2]
		}
	}
	for name, shown := range map[string]string{
		"sign_up_mode": `"restricted" operator`, "app_name": `"Acme" configuration`, "last_name.required": "false configuration",
		"last_name.enabled": "true default", "delete_self": "true default",
	} {
		if lines[name] != shown {
			t.Errorf("get shows %s as %q, want %q", name, lines[name], shown)
		}
	}
	var some []shownSetting
	if err := json.Unmarshal([]byte(run("get", "--json", "last_name", "sign_up_mode").stdout), &some); err != nil || len(some) != 5 {
		t.Errorf("get of a group and a setting: %v, %v", some, err)
	}
	want("reset", run("reset", "email_address", "lockout_duration", "strategies", "min_password_length"), 0, "Changed by operators: sign_up_mode.")
	want("reset of the rest", run("reset", "sign_up_mode"), 0, "Changed by operators: nothing.")

	want("a pinned one", run("set", "app_name=Zoo"), 2, "app_name: This setting is decided by the configuration")
	want("an unknown one", run("set", "sign_up=restricted"), 2, "no setting sign_up")
	want("a group", run("set", "email_address=true"), 2, "no setting email_address")
	want("an unknown one to get", run("get", "sign_up"), 2, "no setting sign_up")
	want("an unknown one to reset", run("reset", "sign_up"), 2, "no setting sign_up")
	want("no value", run("set", "sign_up_mode"), 2, "write name=value")
	want("a bad value", run("set", "sign_up_mode=open"), 2, "sign_up_mode: This setting is neither")
	want("a bad type", run("set", "delete_self=maybe"), 2, "delete_self: This setting is not true or false")
	want("null", run("set", "delete_self=null"), 2, "delete_self: This setting is not true or false")
	want("production", execute(t, nil, "settings", "get"), 2, "PublicURL is missing", "add --dev")
	if server.Settings().AppName != "Gatehouse" {
		t.Error("a refused change left something")
	}
}
