package testservers

import (
	"context"
	"database/sql/driver"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Trips counts round trips: as a redis.Hook those to Redis, a pipeline being one, and
// through SQL the statements to a database, with begin and commit.
type Trips struct{ Redis, Statements atomic.Int64 }

// Reset begins anew.
func (t *Trips) Reset() {
	t.Redis.Store(0)
	t.Statements.Store(0)
}

// All is how many there were since Reset.
func (t *Trips) All() int64 { return t.Redis.Load() + t.Statements.Load() }

// DialHook implements redis.Hook.
func (t *Trips) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (t *Trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.Redis.Add(1)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements redis.Hook.
func (t *Trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.Redis.Add(1)
		return next(ctx, cmds)
	}
}

// SQL wraps the connector of a database, for sqldb.OpenThrough. The driver's connections
// must take queries without preparing them, as those of SQLite and PostgreSQL here do.
func (t *Trips) SQL(c driver.Connector) driver.Connector { return countingConnector{c, t} }

type countingConnector struct {
	driver.Connector
	trips *Trips
}

func (c countingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &countingConn{conn.(fullConn), c.trips}, nil
}

// fullConn is what connections of both databases can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

type countingConn struct {
	fullConn
	trips *Trips
}

func (c *countingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.trips.Statements.Add(1)
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c *countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.trips.Statements.Add(1)
	return c.fullConn.QueryContext(ctx, query, args)
}

func (c *countingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.trips.Statements.Add(1)
	tx, err := c.fullConn.BeginTx(ctx, opts)
	return countingTx{tx, c.trips}, err
}

// CheckNamedValue implements driver.NamedValueChecker as the driver does, if it does.
func (c *countingConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// IsValid implements driver.Validator.
func (c *countingConn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return !ok || v.IsValid()
}

type countingTx struct {
	driver.Tx
	trips *Trips
}

func (t countingTx) Commit() error {
	t.trips.Statements.Add(1)
	return t.Tx.Commit()
}
