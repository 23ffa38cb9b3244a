package gatehouse_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/user"
)

// The bodies of run and list are the examples of README.md; a test of internal/house
// compares them.
var (
	_ = run
	_ = list
)

func run(ctx context.Context) error {
	cfg, err := gatehouse.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	cfg.Development = true
	server, err := gatehouse.Open(ctx, cfg) // users and sessions in .gatehouse/gatehouse.db
	if err != nil {
		return err
	}
	defer server.Close()
	app := http.NewServeMux()
	app.Handle("POST /api/delete-me", server.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := user.ID(auth.FromContext(r.Context()).UserID)
		if err := server.Users().DeleteSelf(r.Context(), id); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})))
	return server.ListenAndServe(ctx, server.Mount(app), nil)
}

func list(ctx context.Context, server *gatehouse.Server, lastYear time.Time) error {
	for u, err := range server.BackendAPI().Users.All(ctx, client.UserQuery{LastActiveBefore: lastYear}) {
		if err != nil {
			return err
		}
		fmt.Println(u.ID, u.PrimaryEmailAddress())
	}
	return nil
}
