// Package testservers gives tests a PostgreSQL database and a Redis key space of
// their own on the servers that scripts/with-servers starts. A missing server
// fails the test; it never skips.
package testservers

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Postgres returns the URL of a new, empty database that is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := server(t, "GATEHOUSE_TEST_POSTGRES_URL")
	admin, err := sql.Open("pgx", server.String())
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	name := "t_" + strings.ToLower(random.Base62(20))
	if _, err := admin.ExecContext(t.Context(), "create database "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if _, err := admin.ExecContext(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
		admin.Close()
	})
	server.Path = "/" + name
	return server.String()
}

// Redis returns the URL of the server and a prefix for keys that no other test
// has. Keys below the prefix are deleted when the test ends.
func Redis(t testing.TB) (rawURL, prefix string) {
	t.Helper()
	rawURL = server(t, "GATEHOUSE_TEST_REDIS_URL").String()
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		t.Fatalf("parse GATEHOUSE_TEST_REDIS_URL: %v", err)
	}
	prefix = "t" + random.Base62(8) // as long as the default one, for measurements of memory
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		client := redis.NewClient(options)
		defer client.Close()
		for cursor := uint64(0); ; {
			keys, next, err := client.Scan(ctx, cursor, prefix+"*", 10_000).Result()
			if err == nil && len(keys) > 0 {
				err = client.Unlink(ctx, keys...).Err()
			}
			if err != nil {
				t.Errorf("delete the test's keys: %v", err)
				return
			}
			if cursor = next; cursor == 0 {
				return
			}
		}
	})
	return rawURL, prefix
}

func server(t testing.TB, variable string) *url.URL {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: run the tests through `make test` or `scripts/with-servers go test …`", variable)
	}
	u, err := url.Parse(value)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return u
}
