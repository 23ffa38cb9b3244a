package testservers_test

import (
	"database/sql"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

func TestPostgresIsEmptyAndPrivate(t *testing.T) {
	first, second := testservers.Postgres(t), testservers.Postgres(t)
	if first == second {
		t.Fatal("two tests share a database")
	}
	db, err := sql.Open("pgx", first)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables int
	const count = "select count(*) from information_schema.tables where table_schema = 'public'"
	if err := db.QueryRowContext(t.Context(), count).Scan(&tables); err != nil || tables != 0 {
		t.Fatalf("tables = %d, %v; want an empty database", tables, err)
	}
}

func TestRedisAnswers(t *testing.T) {
	url, prefix := testservers.Redis(t)
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), prefix+"k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
}
