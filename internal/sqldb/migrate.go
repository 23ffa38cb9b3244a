package sqldb

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"
)

const (
	createMigrations = `
	create table if not exists schema_migrations (
		owner text not null,
		name text not null,
		applied_at bigint not null,
		primary key (owner, name)
	)`
	appliedMigrations = `select name from schema_migrations where owner = $1`
	recordMigration   = `insert into schema_migrations (owner, name, applied_at) values ($1, $2, $3)`
	// lockMigrations lets one node at a time change the schema, until its
	// transaction ends. The number is any that nobody else uses.
	lockMigrations = `select pg_advisory_xact_lock(5203641973205118)`
)

// Migrate brings the tables of owner up to date: it runs the files
// schema/<Dialect.Name>/*.sql of files that have not run on this database, in the
// order of their names, each in a transaction of its own that also records it.
// There is no way back. Several nodes may migrate at once. Migrations have no
// time limit but ctx's. ErrReadOnly, see OpenReadOnly.
func (db *DB) Migrate(ctx context.Context, owner string, files fs.FS) error {
	names, err := fs.Glob(files, path.Join("schema", db.Dialect.Name, "*.sql"))
	if err != nil {
		return fmt.Errorf("migrate %s: %w", owner, err)
	}
	if len(names) == 0 {
		return fmt.Errorf("migrate %s: no files for %s", owner, db.Dialect.Name)
	}
	slices.Sort(names)
	if done, err := applied(ctx, db.pool, owner); err == nil && !slices.ContainsFunc(names, func(name string) bool {
		return !slices.Contains(done, path.Base(name))
	}) {
		return nil // the usual start: one query, no lock
	}
	if db.readOnly {
		return fmt.Errorf("migrate %s: %w", owner, ErrReadOnly)
	}
	for _, name := range names {
		script, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("migrate %s: %w", owner, err)
		}
		if err := db.migrateOne(ctx, owner, path.Base(name), string(script)); err != nil {
			return fmt.Errorf("migrate %s: %s: %w", owner, path.Base(name), err)
		}
	}
	return nil
}

// migrateOne runs one file, unless a node that held the lock before has.
func (db *DB) migrateOne(ctx context.Context, owner, name, script string) error {
	release, err := db.acquireWriter(ctx)
	if err != nil {
		return err
	}
	defer release()
	return db.classify(ctx, transact(ctx, db.pool, func(ctx context.Context, q Querier) error {
		if db.Dialect.Name == postgresDialect.Name {
			if _, err := q.ExecContext(ctx, lockMigrations); err != nil {
				return err
			}
		}
		if _, err := q.ExecContext(ctx, createMigrations); err != nil {
			return err
		}
		done, err := applied(ctx, q, owner)
		if err != nil || slices.Contains(done, name) {
			return err
		}
		if _, err := q.ExecContext(ctx, script); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, recordMigration, owner, name, time.Now().UnixMilli())
		return err
	}))
}

func applied(ctx context.Context, q Querier, owner string) ([]string, error) {
	rows, err := q.QueryContext(ctx, appliedMigrations, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
