package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestMain(m *testing.M) {
	time.Local = time.FixedZone("CET", 3600) // people see their own zone
	os.Exit(m.Run())
}

// instance is a server with the environment in which commands ask it, and the flags with
// which they open its database instead.
type instance struct {
	*gatehousetest.Server
	t     *testing.T
	env   map[string]string
	local []string
	ids   []string // in the order in which they were seen, for goldens
}

func newInstance(t *testing.T) *instance {
	t.Helper()
	var cfg gatehouse.Config
	s := gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) { cfg = *c }))
	s.Clock.Freeze(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	return &instance{
		Server: s, t: t,
		env:   map[string]string{"GATEHOUSE_SECRET_KEY": string(s.SecretKey()), "GATEHOUSE_API_URL": s.URL + "/api"},
		local: []string{"--dev", "--dir", cfg.Dir, "--public-url", s.URL},
	}
}

// run runs a command with what it reads from standard input.
func (i *instance) run(stdin string, args ...string) result {
	i.t.Helper()
	return executeWith(i.t, i.env, stdin, args...)
}

// runLocal runs a command on the database of the server.
func (i *instance) runLocal(args ...string) result {
	i.t.Helper()
	return executeWith(i.t, nil, "", append(args, i.local...)...)
}

func executeWith(t *testing.T, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, func(name string) string { return env[name] }, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

var idPattern = regexp.MustCompile(`\b(user|idn|sess|client|inv|sact|ins)_[0-9A-Za-z]{27}\b|avatar_[0-9a-f]+|ticket=[\w-]+|http://127.0.0.1:\d+`)

// scrubbed replaces what differs from run to run; widths stay as they are.
func (i *instance) scrubbed(text string) string {
	return idPattern.ReplaceAllStringFunc(text, func(id string) string {
		n := slices.Index(i.ids, id)
		if n < 0 {
			n, i.ids = len(i.ids), append(i.ids, id)
		}
		kind, rest, _ := strings.Cut(id, "_")
		switch {
		case strings.HasPrefix(id, "ticket="):
			return "ticket=TICKET"
		case strings.HasPrefix(id, "http"):
			return "URL"
		}
		return kind + "_" + strings.Repeat(string(rune('A'+n%26)), len(rest))
	})
}

// The output of every command about users, as people and programs see it.
func TestUsersGolden(t *testing.T) {
	i := newInstance(t)
	var log strings.Builder
	step := func(stdin string, args ...string) {
		t.Helper()
		got := i.run(stdin, args...)
		log.WriteString("$ gatehouse " + strings.Join(args, " ") + "\n" + got.stdout)
		if got.stderr != "" {
			log.WriteString("stderr: " + got.stderr)
		}
		if got.code != 0 {
			log.WriteString("exit " + string(rune('0'+got.code)) + "\n")
		}
		log.WriteString("\n")
	}
	step("", "users", "list")
	step("", "users", "create", "--email", "ada@example.com", "--email", "ada@example.org", "--first-name", "Ada", "--last-name", "Lovelace",
		"--username", "ada_l", "--external-id", "crm-7", "--public-metadata", `{"plan":"pro"}`, "--private-metadata", `{"note":"<b>"}`, "--skip-requirements")
	i.Clock.Advance(time.Hour)
	step(gatehousetest.Password+"\n", "users", "create", "--phone", "+14155552671", "--first-name", "山田", "--password-stdin", "--skip-requirements")
	step("", "users", "create", "--email", "ada@example.com", "--skip-requirements")
	step("", "users", "create", "--email", "nonsense", "--skip-requirements")
	step("", "users", "create")
	step("short\n", "users", "create", "--username", "shorty", "--password-stdin", "--skip-requirements")
	step("", "users", "create", "--username", "shorty", "--password-stdin", "--skip-requirements")
	step("", "users", "list")
	step("", "users", "list", "--limit", "1")
	step("", "users", "list", "lovel", "--json")
	step("", "users", "list", "--all", "--json", "--order-by", "created_at")
	step("", "users", "list", "--order-by", "shoe_size")
	step("", "users", "list", "--created-after", "yesterday")
	step("", "users", "get", "crm-7")
	step("", "users", "get", "+14155552671")
	step("", "users", "get", "ADA@example.org", "--json")
	step("", "users", "get", "nobody")
	step("", "users", "update", "ada_l", "--first-name", "Augusta", "--clear", "last-name", "--public-metadata", `{"plan":null,"x":1}`, "--primary-email", "ada@example.org")
	step("", "users", "update", "ada_l")
	step("", "users", "update", "ada_l", "--username", "x", "--clear", "username")
	step("", "users", "update", "ada_l", "--primary-phone", "+14155552671")
	step("", "users", "lock", "ada_l")
	step("crm-7\n\n+14155552671\n", "users", "ban", "-")
	step("", "users", "list", "--banned")
	step("", "users", "unlock", "ada_l", "--json")
	step("", "users", "unban", "ada_l", "nobody")
	step("", "users", "unban", "ada_l", "crm-7")
	step("", "users", "delete", "ada_l")
	step("", "users", "delete", "ada_l", "+14155552671", "--yes")
	step("", "users", "list", "--json")
	golden(t, "users.txt", i.scrubbed(log.String()))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cmd/gatehouse -update writes it again):\n%s", path, got)
	}
}

// Over HTTP and on the database a command does and prints the same.
func TestBothWays(t *testing.T) {
	i := newInstance(t)
	made := i.runLocal("users", "create", "--email", "ada@example.com", "--skip-requirements")
	if made.code != 0 || made.stderr != "" {
		t.Fatalf("create: %+v", made)
	}
	for _, args := range [][]string{
		{"users", "list"},
		{"users", "get", "ada@example.com", "--json"},
		{"users", "get", "nobody"},
		{"sessions", "list", "ada@example.com"},
		{"settings", "get", "sign_up_mode"},
		{"settings", "set", "sign_up_mode=open"},
		{"invitations", "revoke", "inv_1"},
	} {
		remote, local := i.run("", args...), i.runLocal(args...)
		if remote != local {
			t.Errorf("%v: over HTTP\n%+v\non the database\n%+v", args, remote, local)
		}
	}
	browser := i.SignIn(i.CreateUser(gatehousetest.Email("eve@example.com")))
	if got := i.runLocal("users", "delete", "eve@example.com", "-y"); got.code != 0 {
		t.Fatalf("delete: %+v", got)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		res, err := browser.Get(i.URL + "/v1/me")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == 401 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the running server answers %d to a user whom a command deleted", res.StatusCode)
		}
	}
}

func TestSessionCommands(t *testing.T) {
	i := newInstance(t)
	ada := i.CreateUser(gatehousetest.Email("ada@example.com"))
	for range 3 {
		i.SignIn(ada)
	}
	var log strings.Builder
	step := func(args ...string) result {
		t.Helper()
		got := i.run("", args...)
		log.WriteString("$ gatehouse " + strings.Join(args, " ") + "\n" + got.stdout + got.stderr + "\n")
		return got
	}
	step("sessions", "list", "ada@example.com")
	var found []client.Session
	if err := json.Unmarshal([]byte(i.run("", "sessions", "list", string(ada.ID), "--json", "--limit", "2").stdout), &found); err != nil || len(found) != 2 {
		t.Fatalf("list: %v, %v", found, err)
	}
	if got := i.run("", "sessions", "revoke", found[0].ID); got.code != 0 || got.stdout != found[0].ID+" is revoked.\n" {
		t.Errorf("revoke: %+v", got)
	}
	if got := i.run("", "sessions", "revoke", "--user", "ada@example.com"); got.code != 2 || !strings.Contains(got.stderr, "End 2 sessions") {
		t.Errorf("revoke without a yes: %+v", got)
	}
	if got := i.run("", "sessions", "revoke", "--user", "ada@example.com", "--yes", "--json"); got.code != 0 {
		t.Errorf("revoke: %+v", got)
	} else if err := json.Unmarshal([]byte(got.stdout), &found); err != nil || len(found) != 2 {
		t.Errorf("revoke: %+v, %v", found, err)
	}
	step("sessions", "revoke", "--user", "ada@example.com")
	step("sessions", "revoke")
	step("sessions", "revoke", "../users")
	step("sessions", "list", "ada@example.com", "--status", "active", "--all")
	golden(t, "sessions.txt", i.scrubbed(log.String()))
}

func TestInvitationCommands(t *testing.T) {
	i := newInstance(t)
	var log strings.Builder
	step := func(args ...string) {
		t.Helper()
		got := i.run("", args...)
		log.WriteString("$ gatehouse " + strings.Join(args, " ") + "\n" + got.stdout + got.stderr + "\n")
	}
	step("invitations", "create", "eve@example.com")
	if n := len(i.Messages("eve@example.com")); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	step("invitations", "create", "eve@example.com")
	i.Clock.Advance(time.Minute) // the list is by time
	step("invitations", "create", "bob@example.com", "--silent", "--json", "--expires-in-days", "2", "--public-metadata", `{"team":7}`)
	step("invitations", "list")
	var found []client.Invitation
	if err := json.Unmarshal([]byte(i.run("", "invitations", "list", "--json", "eve").stdout), &found); err != nil || len(found) != 1 {
		t.Fatalf("list: %v, %v", found, err)
	}
	step("invitations", "revoke", found[0].ID)
	step("invitations", "list", "--all", "--json")
	golden(t, "invitations.txt", i.scrubbed(log.String()))
}

// What stands in the way of a server elsewhere is said with what to do about it.
func TestRemoteErrors(t *testing.T) {
	i := newInstance(t)
	key := string(i.SecretKey())
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
		code int
		want string
	}{
		"no_key":        {map[string]string{}, []string{"--api-url", i.URL + "/api"}, 2, "GATEHOUSE_SECRET_KEY is missing"},
		"other_key":     {map[string]string{"GATEHOUSE_SECRET_KEY": "sk_test_canary"}, []string{"--api-url", i.URL + "/api"}, 1, "refuses the key in GATEHOUSE_SECRET_KEY"},
		"no_api":        {map[string]string{"GATEHOUSE_SECRET_KEY": key}, []string{"--api-url", i.URL}, 2, "is no Backend API"},
		"a_page":        {map[string]string{"GATEHOUSE_SECRET_KEY": key}, []string{"--api-url", i.URL + "/sign-in"}, 2, "is no Backend API"},
		"no_url":        {map[string]string{"GATEHOUSE_SECRET_KEY": key}, []string{"--api-url", "app.example.com"}, 2, "such as https://app.example.com/api"},
		"no_server":     {map[string]string{"GATEHOUSE_SECRET_KEY": key}, []string{"--api-url", "http://" + freeAddr(t) + "/api"}, 1, "no answer from"},
		"K-09_password": {map[string]string{"GATEHOUSE_SECRET_KEY": key}, []string{"--api-url", "http://x:canary@localhost/api"}, 2, "GATEHOUSE_SECRET_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // retries wait
			got := executeWith(t, tt.env, "", append([]string{"users", "list"}, tt.args...)...)
			if got.code != tt.code || !strings.Contains(got.stderr, tt.want) || strings.Contains(got.stderr, "canary") || strings.Contains(got.stderr, key) {
				t.Errorf("%+v, want %d and %q", got, tt.code, tt.want)
			}
		})
	}
}

// K-09: no command takes a secret as an argument.
func TestNoSecretInArguments(t *testing.T) {
	for _, flag := range []string{"--password=canary", "--secret-key=canary", "--new-password=canary"} {
		if got := execute(t, nil, "users", "create", "--username", "ada", flag); got.code != 2 || strings.Contains(got.stderr, "canary") {
			t.Errorf("%s: %+v", flag, got)
		}
	}
}
