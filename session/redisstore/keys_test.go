package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/session/storetest"
)

// keyNames are all names that the package's comment lists.
var keyNames = regexp.MustCompile(`^(c:[0-9A-Za-z]{1,64}|k:[\w-]{43}|s:\{[0-9A-Za-z]{3}\}:[0-9A-Za-z]{24}|` +
	`u:\{[0-9A-Za-z]{3}\}:[0-9A-Za-z]{1,64}|[tx]:\{[0-9A-Za-z]{3}\}|a:[a-z]+_[0-9A-Za-z]{1,64}|l:[0-9a-f]{64}|r)$`)

// D-02: no text of a client is in a key's name, whatever the suites sent.
func keysAreNamedAsDocumented(t testing.TB, s *server) {
	t.Helper()
	for _, key := range s.keys(t) {
		if name := strings.TrimPrefix(key, s.prefix+":"); !keyNames.MatchString(name) {
			t.Errorf("key %q is none of those documented", name)
		}
	}
}

// The documented TTL: the expiry and an hour more.
func TestTTLIsExpiryAndAnHour(t *testing.T) {
	s, start := open(t), time.Now()
	const life = 3 * time.Hour
	ns := newSession(newUserID())
	ns.ExpireAt = start.Add(life)
	must(t, s.Create(t.Context(), ns, start))
	must(t, s.CreateClient(t.Context(), session.Client{ID: ns.ClientID, ExpireAt: start.Add(life)}))
	token := random.Token()
	must(t, s.CommitCookie(t.Context(), token, nil, start.Add(life), start))
	a := session.Attempt{ID: random.ID("sia", start), ExpireAt: start.Add(life)}
	must(t, s.CreateAttempt(t.Context(), a))
	_, _, err := s.Take(t.Context(), "k", 1, life, start)
	must(t, err)
	_, err = s.RevokeUser(t.Context(), newUserID(), session.UserRevocation{At: start, KeepUntil: start.Add(life)})
	must(t, err)
	must(t, s.admin.Del(t.Context(), s.LogKey()).Err()) // keeps its records for an hour, whatever they say
	check := func(when string, want time.Duration) {
		t.Helper()
		for _, key := range s.keys(t) {
			left := s.admin.PTTL(t.Context(), key).Val()
			if late := want - left; late < -time.Second || late > time.Minute {
				t.Errorf("%s: key %s lives for %s, want %s", when, strings.TrimPrefix(key, s.prefix), left, want)
			}
		}
	}
	check("created", life+time.Hour)

	// A change of the expiry changes the TTL; the index lives as long as its longest.
	must(t, s.admin.Del(t.Context(), s.LimitKey("k")).Err())
	for _, until := range []time.Duration{9 * time.Hour, 5 * time.Hour} {
		_, err = s.Update(t.Context(), ns.ID, func(s *session.Session) error { s.ExpireAt = start.Add(until); return nil })
		must(t, err)
		a.ExpireAt = start.Add(until)
		a.Version, err = s.ReplaceAttempt(t.Context(), a, start)
		must(t, err)
		for _, key := range []string{s.SessionKey(ns.ID), s.AttemptKey(a.ID)} {
			if left := s.admin.PTTL(t.Context(), key).Val(); (until + time.Hour - left).Abs() > time.Minute {
				t.Errorf("key %s lives for %s after a change to %s", strings.TrimPrefix(key, s.prefix), left, until)
			}
		}
	}
	if left := s.admin.PTTL(t.Context(), s.IndexKey(ns.UserID)).Val(); left < 9*time.Hour {
		t.Errorf("the index lives for %s", left)
	}
	// Revoking keeps the TTL.
	_, err = s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: start, KeepUntil: start.Add(life)})
	must(t, err)
	if left := s.admin.PTTL(t.Context(), s.SessionKey(ns.ID)).Val(); (6*time.Hour - left).Abs() > time.Minute {
		t.Errorf("a revoked session lives for %s", left)
	}
}

// S-06: the key of a late commit does not even exist.
func TestLateCommitLeavesNoKey(t *testing.T) {
	s := open(t)
	_ = s.CommitCookie(t.Context(), random.Token(), []byte("late"), now.Add(-time.Second), now)
	if keys := s.keys(t); len(keys) != 0 {
		t.Errorf("keys = %v", keys)
	}
}

// What a limit keeps is bounded by the limit, however much is refused.
func TestLimitIsBounded(t *testing.T) {
	s := open(t)
	for i := range 500 {
		_, _, err := s.Take(t.Context(), "k", 5, time.Second, now.Add(time.Duration(i)*7*time.Millisecond))
		must(t, err)
	}
	if n := s.admin.ZCard(t.Context(), s.LimitKey("k")).Val(); n > 5 {
		t.Errorf("%d events are kept for a limit of 5", n)
	}
}

// Tombstones go when the time to keep them is over.
func TestTombstonesAreTrimmed(t *testing.T) {
	s, first := open(t), newUserID()
	second := newUserID()
	for session.Bucket(second) != session.Bucket(first) {
		second = newUserID()
	}
	tombstones, keep := s.TombstonesKeys(first)
	revoke := func(userID string, at time.Time, want ...string) {
		t.Helper()
		_, err := s.RevokeUser(t.Context(), userID, session.UserRevocation{At: at, KeepUntil: at.Add(time.Hour)})
		must(t, err)
		if users := s.admin.HKeys(t.Context(), tombstones).Val(); len(users) != len(want) || int(s.admin.ZCard(t.Context(), keep).Val()) != len(want) {
			t.Errorf("tombstones of %v, want %v", users, want)
		}
	}
	revoke(first, now, first)
	revoke(second, now.Add(2*time.Hour-time.Millisecond), first, second)
	revoke(second, now.Add(2*time.Hour), second)
}

// The log holds what arrived within the last hour, and no more.
func TestLogIsTrimmed(t *testing.T) {
	s := open(t)
	for _, ago := range []time.Duration{61 * time.Minute, 59 * time.Minute} {
		r := session.RevocationRecord{ID: "rev_" + fmt.Sprint(ago.Milliseconds()), UserID: newUserID(), At: now}
		must(t, s.admin.ZAdd(t.Context(), s.LogKey(), redis.Z{Score: float64(time.Now().Add(-ago).UnixMilli()), Member: redisstore.PackRevocation(r)}).Err())
	}
	must(t, s.PublishRevocation(t.Context(), session.RevocationRecord{ID: "rev_1", UserID: newUserID(), At: now}))
	if n := s.admin.ZCard(t.Context(), s.LogKey()).Val(); n != 2 {
		t.Errorf("%d records are kept, want those of the last hour", n)
	}
}

// The index sheds what expired when the user signs in again.
func TestIndexShedsExpired(t *testing.T) {
	s, userID := open(t), newUserID()
	old := create(t, s, userID)
	ns := newSession(userID)
	ns.CreatedAt, ns.ExpireAt = old.ExpireAt, old.ExpireAt.Add(time.Hour)
	must(t, s.Create(t.Context(), ns, old.ExpireAt))
	if n := s.admin.ZCard(t.Context(), s.IndexKey(userID)).Val(); n != 1 {
		t.Errorf("%d sessions are in the index, want the new one", n)
	}
}

// Redis forgets scripts when it restarts.
func TestScriptsAreSentAgain(t *testing.T) {
	s, token := open(t), random.Token()
	ns := create(t, s, newUserID())
	must(t, s.CommitCookie(t.Context(), token, []byte("data"), now.Add(time.Hour), now))
	for range 2 {
		cookie, got, err := s.Load(t.Context(), token, ns.ID, now)
		must(t, err)
		if string(cookie) != "data" || got.ID != ns.ID {
			t.Errorf("Load = %q, %s", cookie, got.ID)
		}
		must(t, s.admin.ScriptFlush(t.Context()).Err())
	}
	_, err := s.Update(t.Context(), ns.ID, func(*session.Session) error { return nil })
	must(t, err)
}

// A mint reads what it needs in one round trip.
func TestLoadIsOneRoundTrip(t *testing.T) {
	s, token := open(t), random.Token()
	ns := create(t, s, newUserID())
	must(t, s.CommitCookie(t.Context(), token, []byte("data"), now.Add(time.Hour), now))
	_, _, err := s.Load(t.Context(), token, ns.ID, now) // the script is known from here on
	must(t, err)
	trips := &roundTrips{}
	s.client.AddHook(trips)
	_, _, err = s.Load(t.Context(), token, ns.ID, now)
	must(t, err)
	if trips.n != 1 {
		t.Errorf("Load took %d round trips", trips.n)
	}
}

type roundTrips struct{ n int }

func (r *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { r.n++; return next(ctx, cmd) }
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { r.n++; return next(ctx, cmds) }
}

// S-02, K-03.
func TestNoPlainSecretInRedis(t *testing.T) {
	s := open(t)
	db, err := sqldb.Open(t.Context(), "sqlite:"+t.TempDir()+"/keys.db")
	must(t, err)
	t.Cleanup(func() { db.Close() })
	keyStore, err := sqlstore.New(t.Context(), db)
	must(t, err)
	ring, err := keyring.Parse(keyring.New())
	must(t, err)
	keys, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: keyStore, Sealer: ring, Algorithm: "EdDSA"})
	must(t, err)
	storetest.RunSecrets(t, session.Config{Clients: s.Store, Sessions: s.Store, Revocations: s.Store, Keys: keys}, func(t *testing.T) []byte { return dump(t, s) })
}

// dump returns every key and value, decoded.
func dump(t *testing.T, s *server) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, key := range s.keys(t) {
		fmt.Fprintln(&out, key)
		switch kind := s.admin.Type(t.Context(), key).Val(); kind {
		case "string":
			fmt.Fprintln(&out, s.admin.Get(t.Context(), key).Val())
		case "hash":
			for field, value := range s.admin.HGetAll(t.Context(), key).Val() {
				fmt.Fprintln(&out, field, value)
			}
		case "zset":
			fmt.Fprintln(&out, strings.Join(s.admin.ZRange(t.Context(), key, 0, -1).Val(), "\n"))
		default:
			t.Fatalf("key %s is a %s", key, kind)
		}
	}
	return out.Bytes()
}

// A session with its share of the index takes less than 600 bytes: what MEMORY USAGE
// says and 40 bytes that Redis needs beside it for each key with a TTL.
func TestMemoryPerSession(t *testing.T) {
	s := open(t)
	const users, each = 100, 2
	for range users {
		userID := newUserID()
		for range each {
			ns := newSession(userID)
			ns.Actor = nil
			must(t, s.Create(t.Context(), ns, now))
		}
	}
	total := int64(0)
	for _, key := range s.keys(t) {
		total += s.admin.MemoryUsage(t.Context(), key).Val() + 40
	}
	perSession := total / (users * each)
	t.Logf("%d bytes a session", perSession)
	if perSession > 600 {
		t.Errorf("%d bytes a session, want at most 600", perSession)
	}
}

func BenchmarkLoad(b *testing.B) {
	s, token := open(b), random.Token()
	ns := create(b, s, newUserID())
	must(b, s.CommitCookie(b.Context(), token, []byte("data"), now.Add(time.Hour), now))
	for b.Loop() {
		if _, _, err := s.Load(b.Context(), token, ns.ID, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnpackSession(b *testing.B) {
	ns := newSession(newUserID())
	record, err := redisstore.PackSession(ns)
	must(b, err)
	b.ReportMetric(float64(len(record)), "B/record")
	for b.Loop() {
		if _, err := redisstore.UnpackSession(ns.ID, record); err != nil {
			b.Fatal(err)
		}
	}
}
