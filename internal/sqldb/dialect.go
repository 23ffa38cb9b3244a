package sqldb

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is what a query text cannot say for both databases.
type Dialect struct {
	Name string // "sqlite" or "postgres": the folder under schema/
	// LockRow ends a select that locks its rows until the transaction's end:
	// " for update" in PostgreSQL, "" in SQLite, where a transaction of InTx already
	// excludes every other writer.
	LockRow string
	// NowMillis is the time of the database server in Unix milliseconds, as it passes
	// within a transaction, too. Nothing expires by it: it orders what several nodes write.
	NowMillis string
}

var (
	sqliteDialect = Dialect{
		Name:      "sqlite",
		NowMillis: "cast(unixepoch('subsec') * 1000 as integer)",
	}
	postgresDialect = Dialect{
		Name: "postgres", LockRow: " for update",
		NowMillis: "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
	}
)

// Unique is a unique index, as each database names it in the error of a duplicate.
type Unique struct {
	Index   string // PostgreSQL: the index's name
	Columns string // SQLite: "table.column, table.column", in the index's order
}

// Is reports whether err is a duplicate in this index.
func (u Unique) Is(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505" && e.ConstraintName == u.Index
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// SQLite offers nothing but its text to tell one index from another.
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return strings.Contains(e.Error(), " constraint failed: "+u.Columns+" (")
		}
	}
	return false
}
