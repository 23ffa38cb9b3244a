package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens a pool on the server at rawURL.
func openPostgres(rawURL string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	config, err := postgresConfig(rawURL)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(wrap(stdlib.GetConnector(*config)))
	size := max(8, 4*runtime.NumCPU())
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	// A server that was moved or promoted is noticed within this time.
	pool.SetConnMaxLifetime(30 * time.Minute)
	return &DB{Dialect: postgresDialect, pool: pool}, nil
}

func postgresConfig(rawURL string) (*pgx.ConnConfig, error) {
	// The parser's errors quote parts of the URL, so they are not passed on.
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, errors.Join(ErrURL, errors.New("sqldb: malformed PostgreSQL URL"))
	}
	if strings.Contains(rawURL, "sslmode=") || os.Getenv("PGSSLMODE") != "" || onlyLocal(config) {
		return config, nil
	}
	// libpq's default would fall back to plain text (D-05).
	separator := "?"
	if strings.Contains(rawURL, "?") {
		separator = "&"
	}
	config, err = pgx.ParseConfig(rawURL + separator + "sslmode=verify-full")
	if err != nil {
		return nil, errors.Join(ErrURL, errors.New("sqldb: malformed PostgreSQL URL"))
	}
	return config, nil
}

// onlyLocal reports whether every host of the URL is this machine: a loopback
// address or a socket's folder.
func onlyLocal(config *pgx.ConnConfig) bool {
	hosts := []string{config.Host}
	for _, f := range config.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		if host != "localhost" && !strings.HasPrefix(host, "/") && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}
