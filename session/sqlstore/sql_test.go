package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

var now = time.Date(2031, time.March, 9, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSession() session.Session {
	userID := random.ID("user", now)
	return session.Session{
		ID: session.NewSessionID(userID), ClientID: session.ClientID(random.ID("client", now)), UserID: userID,
		Status: session.StatusActive, ExpireAt: now.Add(time.Hour), CreatedAt: now, UpdatedAt: now,
	}
}

func TestNewTwice(t *testing.T) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			errs := make([]error, 6)
			var wg sync.WaitGroup
			for i := range errs { // as many nodes as start at once
				wg.Go(func() { _, errs[i] = sqlstore.New(t.Context(), db) })
			}
			wg.Wait()
			must(t, errors.Join(errs...))
		})
	}
}

// Both schemas have the same tables and columns, in the same order.
func TestSchemasAgree(t *testing.T) {
	columns := map[string][]string{}
	for name, openEmpty := range databases {
		db := openEmpty(t)
		open(t, db)
		for _, table := range tables {
			rows, err := db.Pool().QueryContext(t.Context(), "select * from "+table)
			must(t, err)
			names, err := rows.Columns()
			must(t, err)
			must(t, rows.Close())
			for _, column := range names {
				columns[name] = append(columns[name], table+"."+column)
			}
		}
	}
	if !slices.Equal(columns["SQLite"], columns["PostgreSQL"]) || len(columns["SQLite"]) == 0 {
		t.Errorf("SQLite has\n%v\nPostgreSQL has\n%v", columns["SQLite"], columns["PostgreSQL"])
	}
}

// S-08: a tombstone counts even where the session's row does not know of it.
func TestTombstoneCoversLiveRow(t *testing.T) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			s := open(t, db)
			token := random.Token()
			must(t, s.CommitCookie(t.Context(), token, nil, now.Add(time.Hour), now))
			for _, c := range []struct {
				at      time.Time
				spare   bool
				revoked bool
			}{{now, false, true}, {now.Add(-time.Millisecond), false, false}, {now, true, false}, {now.Add(time.Hour), false, true}} {
				ns := newSession()
				must(t, s.Create(t.Context(), ns, now))
				spared := session.ID("")
				if c.spare {
					spared = ns.ID
				}
				_, err := db.Pool().ExecContext(t.Context(), `
					update user_revocations set revoked_at = $2, cause = 'banned', except_session_id = $3 where user_id = $1`,
					ns.UserID, c.at.UnixMilli(), string(spared))
				must(t, err)
				_, got, err := s.Load(t.Context(), token, ns.ID, now)
				must(t, err)
				if revoked := got.Status == session.StatusRevoked; revoked != c.revoked || revoked && got.Cause != "banned" {
					t.Errorf("Load with a tombstone of %s, sparing %q = %s, %q", c.at, spared, got.Status, got.Cause)
				}
			}
		})
	}
}

// What expired an hour ago goes; what may still be asked for stays.
func TestSweep(t *testing.T) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			s := open(t, db)
			fill := func(expiry time.Time) {
				t.Helper()
				ns := newSession()
				ns.CreatedAt, ns.ExpireAt = expiry.Add(-time.Hour), expiry
				must(t, s.Create(t.Context(), ns, ns.CreatedAt))
				_, err := s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: ns.CreatedAt, KeepUntil: expiry})
				must(t, err)
				must(t, s.CreateClient(t.Context(), session.Client{ID: ns.ClientID, ExpireAt: expiry}))
				must(t, s.CommitCookie(t.Context(), random.Token(), nil, expiry, ns.CreatedAt))
				a := session.Attempt{ID: random.ID("sia", now), ExpireAt: expiry}
				must(t, s.CreateAttempt(t.Context(), a))
				_, err = s.Try(t.Context(), a.ID, "code", ns.CreatedAt)
				must(t, err)
				_, _, err = s.Take(t.Context(), a.ID, 1, time.Hour, ns.CreatedAt)
				must(t, err)
				// Two records came with RevokeUser; by the clock of the database, just now.
				_, err = db.Pool().ExecContext(t.Context(), `update revocations set arrived_at = arrived_at + $1 where revoked_at = $2`,
					expiry.Sub(now).Milliseconds(), sqldb.Millis(ns.CreatedAt))
				must(t, err)
			}
			must(t, s.AddSigningKey(t.Context(), session.StoredKey{ID: "k", State: session.KeyActive, CreatedAt: now.Add(-1000 * time.Hour)}))
			fill(now.Add(-time.Hour))
			fill(now.Add(-time.Hour + time.Minute))
			fill(now.Add(time.Hour))
			deleted, err := s.Sweep(t.Context(), now)
			must(t, err)
			if deleted != 8 {
				t.Errorf("Sweep deleted %d rows, want one of each of 7 tables, and two revocations", deleted)
			}
			for _, table := range tables {
				want := 2
				switch table {
				case "signing_keys":
					want = 1
				case "revocations":
					want = 4
				}
				if n := count(t, db, table); n != want {
					t.Errorf("%s has %d rows, want %d", table, n, want)
				}
			}
		})
	}
}

// More rows than one statement deletes.
func TestSweepMany(t *testing.T) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			s := open(t, db)
			const rows = 1203
			must(t, db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
				for i := range rows {
					const insert = "insert into attempts (id, data, expire_at, version) values ($1, $2, 1, 0)"
					if _, err := q.ExecContext(ctx, insert, fmt.Sprint("sia_", i), []byte{}); err != nil {
						return err
					}
				}
				return nil
			}))
			deleted, err := s.Sweep(t.Context(), now)
			must(t, err)
			if left := count(t, db, "attempts"); deleted != rows || left != 0 {
				t.Errorf("Sweep = %d, %d are left", deleted, left)
			}
		})
	}
}

func count(t *testing.T, db *sqldb.DB, table string) (n int) {
	t.Helper()
	must(t, db.Pool().QueryRowContext(t.Context(), "select count(*) from "+table).Scan(&n))
	return n
}

// D-06: what a stranger wrote among the events of a limit does no harm.
func TestEditedLimit(t *testing.T) {
	db := databases["SQLite"](t)
	s := open(t, db)
	for _, events := range []string{"\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"} {
		_, _, err := s.Take(t.Context(), "k", 9, time.Minute, now)
		must(t, err)
		_, err = db.Pool().ExecContext(t.Context(), "update limit_events set events = $1", []byte(events))
		must(t, err)
		_, err = s.CountIn(t.Context(), "k", time.Minute, now)
		must(t, err)
		_, _, err = s.Take(t.Context(), "k", 9, time.Minute, now)
		must(t, err)
	}
}

// E-04: a database that went away is ErrUnavailable, and no event of a limit passes.
func TestUnavailable(t *testing.T) {
	server, err := url.Parse(testservers.Postgres(t))
	must(t, err)
	proxy := newProxy(t, server.Host)
	server.Host = proxy.addr
	db := openDB(t, server.String())
	s := open(t, db)
	ns := newSession()
	must(t, s.Create(t.Context(), ns, now))
	proxy.stop()
	_, get := s.Get(t.Context(), ns.ID)
	_, update := s.Update(t.Context(), ns.ID, func(*session.Session) error { return nil })
	ok, _, take := s.Take(t.Context(), "k", 5, time.Minute, now)
	_, try := s.Try(t.Context(), random.ID("sia", now), "code", now)
	_, _, since := s.RevocationsSince(t.Context(), 0)
	_, _, load := s.Load(t.Context(), random.Token(), ns.ID, now)
	_, reopen := sqlstore.New(t.Context(), db)
	for call, err := range map[string]error{"Get": get, "Update": update, "Take": take, "Try": try, "RevocationsSince": since, "Load": load, "New": reopen} {
		if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s = %v, want ErrUnavailable", call, err)
		}
	}
	if ok {
		t.Error("an event passed")
	}
}

// proxy passes connections to a server until it stops.
type proxy struct {
	addr string
	stop func()
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var mu sync.Mutex
	var conns []net.Conn
	stop := func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			c.Close()
		}
	}
	t.Cleanup(stop)
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				in.Close()
				continue
			}
			mu.Lock()
			conns = append(conns, in, out)
			mu.Unlock()
			go pipe(in, out)
			go pipe(out, in)
		}
	}()
	return &proxy{addr: listener.Addr().String(), stop: stop}
}

func pipe(dst, src net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if err != nil {
			dst.Close()
			return
		}
		if _, err := dst.Write(buf[:n]); err != nil {
			src.Close()
			return
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	db, err := sqldb.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "gatehouse.db"))
	must(b, err)
	defer db.Close()
	s, err := sqlstore.New(b.Context(), db)
	must(b, err)
	ns, token := newSession(), random.Token()
	must(b, s.Create(b.Context(), ns, now))
	must(b, s.CommitCookie(b.Context(), token, []byte("data"), now.Add(time.Hour), now))
	for b.Loop() {
		if _, _, err := s.Load(b.Context(), token, ns.ID, now); err != nil {
			b.Fatal(err)
		}
	}
}
