package gatehouse_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
)

// Manage works before a server has run, beside one, and leaves nothing behind that only
// servers make.
func TestManage(t *testing.T) {
	cfg := development(t)
	var made *client.User
	err := gatehouse.Manage(t.Context(), cfg, func(api *client.Client) (err error) {
		if made, err = api.Users.Create(t.Context(), client.NewUser{EmailAddresses: []string{"ada@example.com"}, SkipPasswordRequirement: true}); err != nil {
			return err
		}
		_, err = api.JWTTemplates.Create(t.Context(), client.JWTTemplateFields{Name: "a", Claims: map[string]any{}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Dir, "sdk.env")); err == nil {
		t.Error("sdk.env tells of a server that does not run")
	}
	s := open(t, cfg)
	if u, err := s.BackendAPI().Users.Get(t.Context(), made.ID); err != nil || u.PrimaryEmailAddress() != "ada@example.com" {
		t.Errorf("the server has %v, %v", u, err)
	}
	if err := gatehouse.Manage(t.Context(), cfg, func(api *client.Client) error { return api.Users.Delete(t.Context(), made.ID) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BackendAPI().Users.Get(t.Context(), made.ID); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("the server has a user who was deleted: %v", err)
	}
	own := errors.New("own")
	if err := gatehouse.Manage(t.Context(), cfg, func(*client.Client) error { return own }); !errors.Is(err, own) {
		t.Errorf("Manage = %v", err)
	}
	cfg.Addr = "0.0.0.0:8080"
	err = gatehouse.Manage(t.Context(), cfg, func(*client.Client) error { t.Error("fn ran"); return nil })
	if _, ok := errors.AsType[*gatehouse.ConfigError](err); !ok {
		t.Errorf("Manage with a configuration that is none = %v", err)
	}
}

// Without Redis, settings can be managed while it is away.
func TestManageWithoutRedis(t *testing.T) {
	cfg := development(t)
	cfg.RedisURL = "redis://127.0.0.1:1"
	none := func(*client.Client) error { return nil }
	if err := gatehouse.Manage(t.Context(), cfg, none); err == nil {
		t.Error("there is a Redis at port 1")
	}
	cfg.RedisURL = ""
	if err := gatehouse.Manage(t.Context(), cfg, none); err != nil {
		t.Error(err)
	}
}
