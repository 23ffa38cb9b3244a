package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
)

// signingKeys runs a command about the signing keys of a development server in dir.
func signingKeys(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return execute(t, nil, append(append([]string{"keys"}, args...), "--dev", "--dir", dir)...)
}

// listed returns the id and the state of each key that list prints.
func listed(t *testing.T, dir string) (ids, states []string) {
	t.Helper()
	got := signingKeys(t, dir, "list")
	if got.code != 0 || !strings.Contains(got.stdout, "rotates at ") {
		t.Fatalf("keys list: %+v", got)
	}
	for line := range strings.Lines(got.stdout) {
		if fields := strings.Fields(line); len(fields) >= 4 && strings.HasPrefix(fields[0], "ins_") {
			ids, states = append(ids, fields[0]), append(states, fields[2])
		}
	}
	return ids, states
}

// The four steps of a rotation, and a revocation, from the command line.
func TestSigningKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gatehouse")
	if got := signingKeys(t, dir, "list"); got.code != 1 || !strings.Contains(got.stderr, "start the server once") {
		t.Errorf("keys list before the first start: %+v", got)
	}
	server, err := gatehouse.Open(t.Context(), gatehouse.Config{Development: true, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	want := func(what string, got result, code int, text string) {
		t.Helper()
		if got.code != code || !strings.Contains(got.stdout+got.stderr, text) {
			t.Errorf("%s: %+v, want %d and %q", what, got, code, text)
		}
	}
	want("add", signingKeys(t, dir, "add"), 0, ": gatehouse keys promote ins_")
	ids, states := listed(t, dir)
	if len(ids) != 2 || strings.Join(states, " ") != "active next" {
		t.Fatalf("keys are %v %v", ids, states)
	}
	want("promote too early", signingKeys(t, dir, "promote", ids[1]), 2, "may not know the key")
	want("promote", signingKeys(t, dir, "promote", ids[1], "--yes"), 0, " signs.")
	want("retire too early", signingKeys(t, dir, "retire", ids[0]), 1, "may live until")
	want("retire an unknown key", signingKeys(t, dir, "retire", "ins_x"), 1, "There is nothing of that kind")
	want("retire what is no key", signingKeys(t, dir, "retire", "../users"), 2, "begin with ins_")
	want("revoke without a yes", signingKeys(t, dir, "revoke", ids[1]), 2, "sign everybody out")
	want("revoke", signingKeys(t, dir, "revoke", ids[1], "--yes"), 0, "up to 5 minutes")
	ids, states = listed(t, dir)
	if len(ids) != 3 || strings.Join(states, " ") != "retiring revoked active" {
		t.Errorf("keys are %v %v", ids, states)
	}
	want("the wrong mode", execute(t, map[string]string{
		"GATEHOUSE_PUBLIC_URL": "https://app.example.com", "GATEHOUSE_SECRET_KEY": "sk_live_" + strings.Repeat("x", 40),
		"GATEHOUSE_ENCRYPTION_KEY": string(gatehouse.NewEncryptionKey()), "GATEHOUSE_DATABASE_URL": "sqlite:" + filepath.Join(dir, "gatehouse.db"),
	}, "keys", "list"), 1, "other mode")
	want("no key named", execute(t, nil, "keys", "revoke"), 2, "key-id")
}

// A secret key is told once, works until it is revoked, and is never shown again.
func TestSecretKeyCommands(t *testing.T) {
	i := newInstance(t)
	made := i.run("", "secret-keys", "add", "billing service", "--expires-in", "720h")
	id, _, _ := strings.Cut(made.stderr, " ")
	secret := strings.TrimSpace(made.stdout)
	if made.code != 0 || !strings.HasPrefix(secret, "sk_test_") || !strings.HasPrefix(id, "skey_") {
		t.Fatalf("add: code %d, %s", made.code, made.stderr)
	}
	with := map[string]string{"GATEHOUSE_SECRET_KEY": secret, "GATEHOUSE_API_URL": i.URL + "/api"}
	got := executeWith(t, with, "", "secret-keys", "list")
	if got.code != 0 || !strings.Contains(got.stdout, "billing service") || strings.Contains(got.stdout, secret) {
		t.Errorf("list: %+v", got)
	}
	if got := i.runLocal("secret-keys", "list", "--json"); got.code != 0 || !strings.Contains(got.stdout, id) || strings.Contains(got.stdout, secret) {
		t.Errorf("list: %+v", got)
	}
	if got := i.run("", "secret-keys", "revoke", id); got.code != 2 {
		t.Errorf("revoke without a yes: %+v", got)
	}
	if got := i.run("", "secret-keys", "revoke", id, "--yes"); got.code != 0 || got.stdout != id+" is revoked.\n" {
		t.Errorf("revoke: %+v", got)
	}
	if got := executeWith(t, with, "", "users", "list"); got.code != 1 || !strings.Contains(got.stderr, "refuses the key") {
		t.Errorf("with a revoked key: %+v", got)
	}
}
