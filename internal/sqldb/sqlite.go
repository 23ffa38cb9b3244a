package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
)

// openSQLite opens a pool on the file at path once prepare has looked after it.
func openSQLite(path string, prepare func(path string) error, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	if path == "" || path == ":memory:" {
		return nil, ErrURL // each connection would see a database of its own
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := prepare(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	connector, err := sqlite.NewConnector(sqliteDSN(path))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool := sql.OpenDB(wrap(connector))
	// Readers run in parallel with each other and with the writer.
	size := max(4, runtime.NumCPU())
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return &DB{Dialect: sqliteDialect, pool: pool, writer: make(chan struct{}, 1)}, nil
}

// sqliteDSN gives each connection of the pool the same settings.
func sqliteDSN(path string) string {
	settings := url.Values{
		// A transaction that began as a reader cannot become a writer once another
		// has written, so every one that is not read-only begins as a writer.
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			// What a savepoint may have to undo, and 16 MiB of pages a connection.
			"temp_store(memory)", "cache_size(-16384)",
		},
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings.Encode()}).String()
}

// prepareFile leaves a file that only its owner can read (D-05). SQLite gives the
// journal files beside it the same mode.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o600)
}
