package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// attempts is how often a transaction is tried that loses against another.
const attempts = 6

// Read runs fn, whose statements only read. Each sees the database as it is when it
// starts; several that must see the same need InTx.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if db.tx != nil {
		return db.classify(ctx, fn(ctx, db.tx))
	}
	return db.classify(ctx, fn(ctx, db.pool))
}

// Write runs fn, which executes one statement that writes: cheaper than InTx by the
// round trips of a transaction. fn may run more than once.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	if db.tx != nil {
		return db.InTx(ctx, fn)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return db.retry(ctx, func() error { return fn(ctx, db.pool) })
}

// InTx runs fn in a transaction that commits when fn returns nil and is rolled back
// otherwise. fn may run more than once; it must use nothing but q, or it waits for
// itself. In PostgreSQL the isolation level is read committed: lock rows
// (Dialect.LockRow) that must not change between reading and writing.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if db.tx != nil {
		return db.classify(ctx, savepoint(ctx, db.tx, fn))
	}
	return db.retry(ctx, func() error { return transact(ctx, db.pool, fn) })
}

// InOwnTx is InTx for what takes a transaction itself, such as other stores' WithTx. It
// must not be called on a DB of WithTx.
func (db *DB) InOwnTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return db.retry(ctx, func() error {
		return transact(ctx, db.pool, func(ctx context.Context, q Querier) error { return fn(ctx, q.(*sql.Tx)) })
	})
}

// Savepoint runs fn within the transaction q so that its failure leaves the transaction
// usable and without fn's writes.
func Savepoint(ctx context.Context, q Querier, fn func(ctx context.Context, q Querier) error) error {
	return savepoint(ctx, q, fn)
}

// retry runs fn, holding the writer's token, until it succeeds, fails for good, or
// has lost attempts times.
func (db *DB) retry(ctx context.Context, fn func() error) error {
	release, err := db.acquireWriter(ctx)
	if err != nil {
		return db.classify(ctx, err)
	}
	defer release()
	for n := 1; ; n++ {
		err := fn()
		if err == nil || n == attempts || !retryable(err) {
			return db.classify(ctx, err)
		}
		// Some chance in the pause, so that two that met do not meet again.
		pause := time.NewTimer(time.Duration(n*int(random.Bytes(1)[0])) * 40 * time.Microsecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return db.classify(ctx, errors.Join(err, ctx.Err()))
		}
	}
}

func (db *DB) acquireWriter(ctx context.Context) (release func(), err error) {
	if db.readOnly {
		return nil, ErrReadOnly
	}
	if db.writer == nil {
		return func() {}, nil
	}
	select {
	case db.writer <- struct{}{}:
		return func() { <-db.writer }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func transact(ctx context.Context, pool *sql.DB, fn func(context.Context, Querier) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a panic, too; without effect once committed
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// savepoint runs fn so that its failure leaves tx usable and without fn's writes.
func savepoint(ctx context.Context, tx Querier, fn func(context.Context, Querier) error) (err error) {
	if _, err := tx.ExecContext(ctx, "savepoint gatehouse"); err != nil {
		return err
	}
	done := false
	defer func() {
		if done {
			return
		}
		// The caller's transaction outlives ctx, so undoing must as well.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Timeout)
		defer cancel()
		if _, undoErr := tx.ExecContext(ctx, "rollback to savepoint gatehouse"); undoErr != nil {
			err = errors.Join(err, fmt.Errorf("undo savepoint: %w", undoErr))
			return
		}
		if _, undoErr := tx.ExecContext(ctx, "release savepoint gatehouse"); undoErr != nil {
			err = errors.Join(err, fmt.Errorf("release savepoint: %w", undoErr))
		}
	}()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "release savepoint gatehouse"); err != nil {
		return err
	}
	done = true
	return nil
}
