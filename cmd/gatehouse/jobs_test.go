package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/client"
)

// Many are deleted by a filter: after a look at who it is, and a yes.
func TestDeleteMany(t *testing.T) {
	i := newInstance(t)
	for n := range 12 {
		if _, err := i.BackendAPI().Users.Create(t.Context(), client.NewUser{EmailAddresses: []string{fmt.Sprintf("robot%02d@example.com", n)}, SkipPasswordRequirement: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.BackendAPI().Users.Create(t.Context(), client.NewUser{EmailAddresses: []string{"ada@example.com"}, Username: "ada_lovelace", SkipPasswordRequirement: true}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"dry_run":    {[]string{"--query", "robot", "--dry-run"}, 0, "12 users selected, nobody deleted."},
		"no_yes":     {[]string{"--query", "robot"}, 2, "Delete 12 users for good?"},
		"nobody":     {[]string{"--query", "human"}, 0, "0 users selected, nobody deleted."},
		"both":       {[]string{"--query", "robot", "ada_lovelace"}, 2, "not both"},
		"neither":    {[]string{"--yes"}, 2, "name users"},
		"dry_naming": {[]string{"ada_lovelace", "--dry-run"}, 0, "ada_lovelace"},
	} {
		if got := i.run("", append([]string{"users", "delete"}, tt.args...)...); got.code != tt.code || !strings.Contains(got.stdout+got.stderr, tt.want) {
			t.Errorf("%s: %+v, want %d and %q", name, got, tt.code, tt.want)
		}
	}
	if n, err := i.BackendAPI().Users.Count(t.Context(), client.UserQuery{}); err != nil || n != 13 {
		t.Fatalf("%d users are left, %v; want 13", n, err)
	}
	got := i.run("", "users", "delete", "--query", "robot", "--yes")
	if got.code != 0 || !strings.Contains(got.stdout, "is completed: 12 of 12 done, 0 failed.") {
		t.Errorf("delete: %+v", got)
	}
	if n, err := i.BackendAPI().Users.Count(t.Context(), client.UserQuery{}); err != nil || n != 1 {
		t.Errorf("%d users are left, %v; want 1", n, err)
	}
	var job client.Job
	got = i.run("", "users", "delete", "--query", "ada_", "--yes", "--detach", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &job); err != nil || got.code != 0 {
		t.Fatalf("delete: %+v, %v", got, err)
	}
	if got := i.run("", "jobs", "watch", job.ID); got.code != 0 || !strings.Contains(got.stdout, "is completed") {
		t.Errorf("watch: %+v", got)
	}
	if got := i.run("", "jobs", "show", job.ID); got.code != 0 || !strings.Contains(got.stdout, "1 of 1 done") {
		t.Errorf("show: %+v", got)
	}
	if got := i.run("", "jobs", "cancel", job.ID); got.code != 1 {
		t.Errorf("cancel of a finished job: %+v", got)
	}
	if got := i.run("", "jobs", "list"); got.code != 0 || strings.Count(got.stdout, "bulk_delete") != 2 {
		t.Errorf("list: %+v", got)
	}
	if got := i.run("", "jobs", "show", "job_x"); got.code != 1 {
		t.Errorf("show of no job: %+v", got)
	}
}

// Where no server runs, the command that waits for a job does it.
func TestDeleteManyWithoutServer(t *testing.T) {
	local := []string{"--dev", "--dir", filepath.Join(t.TempDir(), "gatehouse")}
	if got := execute(t, nil, append([]string{"users", "create", "--email", "robot1@example.com", "--skip-requirements"}, local...)...); got.code != 0 {
		t.Fatalf("create: %+v", got)
	}
	got := execute(t, nil, append([]string{"users", "delete", "--query", "robot", "--yes"}, local...)...)
	if got.code != 0 || !strings.Contains(got.stdout, "1 of 1 done") {
		t.Errorf("delete: %+v", got)
	}
}
