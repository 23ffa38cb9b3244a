package redisstore_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

var now = time.Date(2031, time.March, 9, 12, 0, 0, 0, time.UTC)

func newSession(userID string) session.Session {
	return session.Session{
		ID: session.NewSessionID(userID), ClientID: session.ClientID(random.ID("client", now)), UserID: userID,
		Status: session.StatusActive, Actor: json.RawMessage(`{"sub":"user_1"}`), FirstFactorAt: now,
		Activity: session.Activity{
			ID: random.ID("sact", now), DeviceType: "Macintosh", BrowserName: "Chrome", BrowserVersion: "128.0.6613.84",
			IPAddress: "203.0.113.195", City: "Zürich", Country: "CH",
		},
		ExpireAt: now.Add(7 * 24 * time.Hour), AbandonAt: now.Add(30 * 24 * time.Hour), LastActiveAt: now, CreatedAt: now, UpdatedAt: now,
	}
}

func newUserID() string { return random.ID("user", now) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, s *server, userID string) session.Session {
	t.Helper()
	ns := newSession(userID)
	must(t, s.Create(t.Context(), ns, now))
	return ns
}

// hostileValues are what a stranger could write in place of a record.
func hostileValues(record []byte) [][]byte {
	values := [][]byte{nil, {0}, {1}, {2}, []byte("{}"), []byte("null"), []byte("active"), record[1:], append([]byte("x"), record...)}
	for end := range record {
		values = append(values, record[:end])
	}
	for i := range record {
		for _, c := range []byte{0, 1, '{', 0x7f, 0x80, 0xff} {
			edited := append([]byte(nil), record...)
			edited[i] = c
			values = append(values, edited)
		}
	}
	values = append(values, binary.AppendUvarint(append([]byte(nil), record...), 1<<63), append(append([]byte(nil), record...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	return values
}

// D-06, S-14: a record is read as its writer meant it, or not at all.
func TestEditedSession(t *testing.T) {
	s := open(t)
	ns := create(t, s, newUserID())
	key := s.SessionKey(ns.ID)
	record, err := s.admin.Get(t.Context(), key).Bytes()
	must(t, err)
	refused := 0
	for _, value := range hostileValues(record) {
		must(t, s.admin.Set(t.Context(), key, value, time.Hour).Err())
		got, err := s.Get(t.Context(), ns.ID)
		if errors.Is(err, session.ErrNotFound) {
			refused++
		} else if err != nil {
			t.Fatalf("Get(%q) = %v", value, err)
		} else if got.ID != ns.ID || session.Bucket(got.UserID) != session.Bucket(ns.UserID) || got.Actor != nil && !json.Valid(got.Actor) {
			t.Fatalf("Get(%q) = %+v", value, got)
		}
		_, err = s.OfUser(t.Context(), ns.UserID)
		must(t, err)
		_, err = s.Update(t.Context(), ns.ID, func(*session.Session) error { return nil })
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Fatalf("Update(%q) = %v", value, err)
		}
	}
	if refused < len(record) {
		t.Errorf("only %d edited records were refused", refused)
	}
	// Records of another session, of another type, of another time.
	other := create(t, s, newUserID())
	for session.Bucket(other.UserID) == session.Bucket(ns.UserID) {
		other = create(t, s, newUserID())
	}
	foreign, err := s.admin.Get(t.Context(), s.SessionKey(other.ID)).Bytes()
	must(t, err)
	must(t, s.admin.Set(t.Context(), key, foreign, time.Hour).Err())
	if _, err := s.Get(t.Context(), ns.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Get of another's record = %v", err)
	}
}

// D-06: whatever revoking meets, it ends.
func TestRevokeEditedSession(t *testing.T) {
	s := open(t)
	ns := newSession(newUserID())
	record, err := redisstore.PackSession(ns)
	must(t, err)
	for i, value := range hostileValues(record) {
		if i%5 != 0 {
			continue
		}
		must(t, s.Create(t.Context(), ns, now.Add(time.Duration(2*i+1)*time.Second)))
		must(t, s.admin.Set(t.Context(), s.SessionKey(ns.ID), value, time.Hour).Err())
		_, err := s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: now.Add(time.Duration(2*i+2) * time.Second), KeepUntil: now.Add(24 * time.Hour)})
		must(t, err)
		if got, err := s.OfUser(t.Context(), ns.UserID); len(got) != 0 || err != nil {
			t.Fatalf("after revoking %q: %v, %v", value, got, err)
		}
		must(t, s.admin.Del(t.Context(), s.SessionKey(ns.ID)).Err())
	}
}

// D-06.
func TestEditedClient(t *testing.T) {
	s := open(t)
	c := session.Client{
		ID: session.ClientID(random.ID("client", now)), SessionIDs: []session.ID{session.NewSessionID(newUserID())},
		CookieToken: random.Token(), ExpireAt: now.Add(time.Hour), CreatedAt: now,
	}
	c.LastActiveSessionID = c.SessionIDs[0]
	must(t, s.CreateClient(t.Context(), c))
	for _, value := range hostileValues(redisstore.PackClient(c)) {
		must(t, s.admin.Set(t.Context(), s.ClientKey(c.ID), value, time.Hour).Err())
		got, err := s.Client(t.Context(), c.ID)
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Fatalf("Client(%q) = %v", value, err)
		}
		for _, id := range got.SessionIDs {
			if _, ok := session.BucketOf(id); !ok {
				t.Fatalf("Client(%q) has the session %q", value, id)
			}
		}
		_, err = s.UpdateClient(t.Context(), c.ID, func(*session.Client) error { return nil })
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			t.Fatalf("UpdateClient(%q) = %v", value, err)
		}
	}
}

// D-06, S-14: a cookie's value that makes no sense is signed out.
func TestEditedCookie(t *testing.T) {
	s, token := open(t), random.Token()
	ns := create(t, s, newUserID())
	for _, value := range []string{"", "1234567", "\x00\x00\x00\x00\x00\x00\x00\x00data", strings.Repeat("\xff", 8) + "data"} {
		must(t, s.admin.Set(t.Context(), s.CookieKey(token), value, time.Hour).Err())
		if data, found, err := s.FindCookie(t.Context(), token, now); found || err != nil {
			t.Errorf("FindCookie(%q) = %q, %v, %v", value, data, found, err)
		}
		if _, _, err := s.Load(t.Context(), token, ns.ID, now); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Load(%q) = %v", value, err)
		}
	}
}

// D-06.
func TestEditedAttempt(t *testing.T) {
	s := open(t)
	a := session.Attempt{ID: random.ID("sia", now), Data: []byte("{}"), ExpireAt: now.Add(time.Hour)}
	for _, field := range []string{"v", "e"} {
		for _, value := range []string{"", "x", "1e400", "nan", "-", strings.Repeat("9", 40)} {
			must(t, s.CreateAttempt(t.Context(), a))
			must(t, s.admin.HSet(t.Context(), s.AttemptKey(a.ID), field, value).Err())
			if _, err := s.Attempt(t.Context(), a.ID, now); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("Attempt with %s=%q: %v", field, value, err)
			}
			if _, err := s.ReplaceAttempt(t.Context(), a, now); err == nil {
				t.Errorf("ReplaceAttempt with %s=%q = nil", field, value)
			}
			must(t, s.DeleteAttempt(t.Context(), a.ID))
		}
	}
	must(t, s.CreateAttempt(t.Context(), a))
	must(t, s.admin.HSet(t.Context(), s.AttemptKey(a.ID), "t:code", "many").Err())
	if n, err := s.Try(t.Context(), a.ID, "code", now); err == nil {
		t.Errorf("Try on a count that is none = %d, nil", n)
	}
}

// D-06: keys that hold another type are errors.
func TestWrongTypes(t *testing.T) {
	s := open(t)
	ns, token := create(t, s, newUserID()), random.Token()
	tombstones, keep := s.TombstonesKeys(ns.UserID)
	attempt := random.ID("sia", now)
	for _, key := range []string{s.SessionKey(ns.ID), s.IndexKey(ns.UserID), tombstones, keep, s.ClientKey(ns.ClientID), s.CookieKey(token), s.AttemptKey(attempt), s.LimitKey("k"), s.LogKey()} {
		must(t, s.admin.Del(t.Context(), key).Err())
		must(t, s.admin.RPush(t.Context(), key, "list").Err())
		must(t, s.admin.Expire(t.Context(), key, time.Hour).Err())
	}
	ctx := t.Context()
	_, get := s.Get(ctx, ns.ID)
	_, update := s.Update(ctx, ns.ID, func(*session.Session) error { return nil })
	_, ofUser := s.OfUser(ctx, ns.UserID)
	_, revoke := s.RevokeUser(ctx, ns.UserID, session.UserRevocation{At: now, KeepUntil: now})
	_, _, load := s.Load(ctx, token, ns.ID, now)
	_, client := s.Client(ctx, ns.ClientID)
	_, _, cookie := s.FindCookie(ctx, token, now)
	_, read := s.Attempt(ctx, attempt, now)
	_, try := s.Try(ctx, attempt, "code", now)
	_, _, take := s.Take(ctx, "k", 1, time.Second, now)
	_, count := s.CountIn(ctx, "k", time.Second, now)
	_, _, since := s.RevocationsSince(ctx, 0)
	for call, err := range map[string]error{
		"Get": get, "Update": update, "OfUser": ofUser, "RevokeUser": revoke, "Load": load, "Client": client, "FindCookie": cookie,
		"Attempt": read, "Try": try, "Take": take, "CountIn": count, "RevocationsSince": since, "Create": s.Create(ctx, newSession(ns.UserID), now),
	} {
		if err == nil || errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s of a list = %v", call, err)
		}
	}
}

// D-06: a log that a stranger wrote to is not passed over.
func TestEditedLog(t *testing.T) {
	s := open(t)
	for _, member := range []string{"x", "\xff", "\x03\x05rev_1"} {
		must(t, s.admin.Do(t.Context(), "ZADD", s.LogKey(), now.UnixMilli(), member).Err())
		must(t, s.admin.Expire(t.Context(), s.LogKey(), time.Hour).Err())
		if got, _, err := s.RevocationsSince(t.Context(), 0); err == nil {
			t.Errorf("RevocationsSince beside %q = %v, nil", member, got)
		}
		must(t, s.admin.Del(t.Context(), s.LogKey()).Err())
	}
}

// S-08: a tombstone counts even where the record does not know of it, and one that
// makes no sense counts against the session.
func TestTombstoneCoversLiveRecord(t *testing.T) {
	for name, c := range map[string]struct {
		tombstone string // of a session created at now; % is its id's rest
		revoked   bool
	}{
		"of the same time":     {fmt.Sprintf("%d  banned", now.UnixMilli()), true},
		"of before":            {fmt.Sprintf("%d  banned", now.UnixMilli()-1), false},
		"sparing the session":  {fmt.Sprintf("%d %% banned", now.UnixMilli()), false},
		"sparing another":      {fmt.Sprintf("%d abc banned", now.UnixMilli()), true},
		"no time":              {"x  banned", true},
		"no cause, no session": {fmt.Sprint(now.UnixMilli() - 1), true},
		"empty":                {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			s, token := open(t), random.Token()
			ns := create(t, s, newUserID())
			must(t, s.CommitCookie(t.Context(), token, []byte("data"), now.Add(time.Hour), now))
			key, _ := s.TombstonesKeys(ns.UserID)
			_, rest, _ := strings.Cut(s.SessionKey(ns.ID), "}:")
			must(t, s.admin.HSet(t.Context(), key, redisstore.BareUser(ns.UserID), strings.Replace(c.tombstone, "%", rest, 1)).Err())
			must(t, s.admin.Expire(t.Context(), key, time.Hour).Err())
			_, got, err := s.Load(t.Context(), token, ns.ID, now)
			must(t, err)
			if revoked := got.Status == session.StatusRevoked; revoked != c.revoked {
				t.Errorf("Load = %s", got.Status)
			}
			_, err = s.Update(t.Context(), ns.ID, func(s *session.Session) error { s.Status = session.StatusActive; return nil })
			if revoked := errors.Is(err, session.ErrNotActive); revoked != c.revoked {
				t.Errorf("Update = %v", err)
			}
		})
	}
	s, userID := open(t), newUserID()
	key, _ := s.TombstonesKeys(userID)
	must(t, s.admin.HSet(t.Context(), key, redisstore.BareUser(userID), "nonsense").Err())
	must(t, s.admin.Expire(t.Context(), key, time.Hour).Err())
	if err := s.Create(t.Context(), newSession(userID), now.Add(time.Hour)); !errors.Is(err, session.ErrUserRevoked) {
		t.Errorf("Create beside a tombstone that makes no sense = %v", err)
	}
}

// D-06.
func FuzzUnpack(f *testing.F) {
	ns := newSession("user_2AbCdEfGhIjKlMnOpQrStUvWxYz")
	record, err := redisstore.PackSession(ns)
	must(f, err)
	c := session.Client{ID: ns.ClientID, SessionIDs: []session.ID{ns.ID}, ExpireAt: now}
	f.Add(record)
	f.Add(redisstore.PackClient(c))
	f.Add([]byte("1 2 3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := redisstore.UnpackSession(ns.ID, b); err == nil {
			again, err := redisstore.PackSession(s)
			if err != nil {
				t.Fatalf("a session that was read cannot be written: %v", err)
			}
			if _, err := redisstore.UnpackSession(ns.ID, again); err != nil {
				t.Fatalf("a session that was written cannot be read: %v", err)
			}
		}
		_, _ = redisstore.UnpackClient(c.ID, b)
		_, _ = redisstore.UnpackTombstone("abc", string(b))
	})
}
