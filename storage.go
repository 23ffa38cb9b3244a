package gatehouse

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// storage is where an instance keeps things: users and signing keys in the
// database, what lives as long as a session there or in Redis.
type storage struct {
	db    *sqldb.DB
	users *usersql.Store
	keys  session.KeyStore
	// documents are what operators change while servers run.
	documents  *document.Store
	secretKeys *secretkey.Store

	clients     session.ClientStore
	sessions    session.SessionStore
	attempts    session.AttemptStore
	limits      session.LimitStore
	revocations session.RevocationStore
	// sweep removes what has expired; nil where the store does it by itself.
	sweep func(ctx context.Context, now time.Time) error

	checks  []check
	closers []func() error
}

// openStorage opens the stores that c names, with their tables up to date. What
// was opened is closed again if something fails.
func openStorage(ctx context.Context, c *Config) (_ *storage, err error) {
	st := &storage{}
	defer func() {
		if err != nil {
			for _, closer := range st.closers {
				_ = closer()
			}
		}
	}()
	if err := st.openDatabase(ctx, c.DatabaseURL, sqldb.Open); err != nil {
		return nil, err
	}
	if c.RedisURL == "" {
		return st, nil
	}
	return st, st.openRedis(ctx, c)
}

// openDatabase opens the database with open and keeps everything there.
func (st *storage) openDatabase(ctx context.Context, url string, open func(context.Context, string) (*sqldb.DB, error)) (err error) {
	if st.db, err = open(ctx, url); err != nil {
		return err
	}
	st.closers = append(st.closers, st.db.Close)
	st.checks = append(st.checks, check{"database", st.db.Pool().PingContext})
	if err := st.db.Migrate(ctx, "instance", schema); err != nil {
		return err
	}
	if st.documents, err = document.NewStore(ctx, st.db); err != nil {
		return err
	}
	if st.secretKeys, err = secretkey.NewStore(ctx, st.db); err != nil {
		return err
	}
	if st.users, err = usersql.New(ctx, st.db); err != nil {
		return err
	}
	sql, err := sessionsql.New(ctx, st.db)
	if err != nil {
		return err
	}
	st.keys = sql
	st.clients, st.sessions, st.attempts, st.limits, st.revocations = sql, sql, sql, sql, sql
	st.sweep = func(ctx context.Context, now time.Time) error {
		_, err := sql.Sweep(ctx, now)
		return err
	}
	return nil
}

// openRedis puts everything that lives as long as a session into Redis.
func (st *storage) openRedis(ctx context.Context, c *Config) error {
	store, err := redisstore.Open(ctx, redisstore.Config{
		URL: c.RedisURL, Prefix: c.RedisPrefix, Plaintext: c.RedisPlaintext || c.Development, Logger: c.Logger,
	})
	if err != nil {
		return err
	}
	st.closers = append(st.closers, store.Close)
	st.checks = append(st.checks, check{"redis", store.Ping})
	st.clients, st.sessions, st.attempts, st.limits, st.revocations = store, store, store, store, store
	st.sweep = nil
	return nil
}

var _ user.Store = (*usersql.Store)(nil)
