package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// SessionStore is what RunSessions needs: Load reads a cookie beside the session, and
// what ends is in the log, and counts.
type SessionStore interface {
	session.SessionStore
	session.ClientStore
	session.LimitStore
	session.RevocationStore
}

// RunSessions checks the stores that open returns against session.SessionStore.
func RunSessions(t *testing.T, open func(*testing.T) SessionStore) {
	for name, check := range map[string]func(*testing.T, SessionStore){
		"returns what was created":                       sessionRoundTrip,
		"unknown and malformed ids":                      sessionNotFound,
		"refuses ids that do not belong together":        sessionForeignBucket,
		"an id is given once":                            sessionDuplicate,
		"get many in the order asked":                    sessionGetMany,
		"text of any bytes":                              sessionText,
		"update returns what is then stored":             sessionUpdate,
		"an update that fails changes nothing":           sessionUpdateFails,
		"20 parallel updates are all applied":            sessionParallelUpdates,
		"no update is lost":                              sessionLostUpdate,
		"what ended is never live again":                 sessionNeverLiveAgain,
		"ending wins against parallel touches":           sessionTouchesAgainstEnd,
		"what ends is published":                         sessionEndIsPublished,
		"the index of a user equals the live sessions":   sessionIndex,
		"newest first":                                   sessionOrder,
		"the index under parallel changes":               sessionIndexParallel,
		"load":                                           sessionLoad,
		"load: counts events":                            sessionLoadCounts,
		"load client":                                    clientLoad,
		"load client: counts events":                     clientLoadCounts,
		"cancelled contexts":                             sessionCancelled,
		"revoke user: ends every live session":           revokeUser,
		"revoke user: but for one":                       revokeUserExcept,
		"revoke user: idempotent":                        revokeUserAgain,
		"revoke user: is published":                      revokeUserIsPublished,
		"revoke user: unknown and malformed ids":         revokeUserNotFound,
		"tombstone: what was read before it is refused":  tombstoneAsOf,
		"tombstone: an older one does not lower it":      tombstoneOlder,
		"tombstone: other users are not concerned":       tombstoneOthers,
		"tombstone: through a moment ahead":              tombstoneThrough,
		"tombstone: only the caller's clock":             tombstoneClock,
		"revoke user against parallel sign-ins, touches": revokeUserContention,
		"revoke many users":                              revokeUsers,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

// newSession returns a session with every field set.
func newSession(userID string) session.Session {
	odd := 456 * time.Microsecond
	return session.Session{
		ID:             session.NewSessionID(userID),
		ClientID:       newClientID(),
		UserID:         userID,
		Status:         session.StatusActive,
		Cause:          "",
		Actor:          json.RawMessage(`{"sub":"user_operator"}`),
		FirstFactorAt:  base.Add(-time.Minute + odd),
		SecondFactorAt: base.Add(-second + odd),
		Activity: session.Activity{
			ID: "sact_2f9k3bqKGhlqYmWbqVJLLq0VZzZ", DeviceType: "Macintosh", IsMobile: true, BrowserName: "Chrome",
			BrowserVersion: "128.0.6613.84", IPAddress: "2001:db8:85a3::8a2e:370:7334", City: "Zürich", Country: "CH",
		},
		ExpireAt:     base.Add(7*24*time.Hour + odd),
		AbandonAt:    base.Add(30*24*time.Hour + odd),
		LastActiveAt: base.Add(odd),
		CreatedAt:    base.Add(odd),
		UpdatedAt:    base.Add(2 * odd),
	}
}

func storedSession(s session.Session) session.Session {
	for _, at := range []*time.Time{&s.FirstFactorAt, &s.SecondFactorAt, &s.ExpireAt, &s.AbandonAt, &s.LastActiveAt, &s.CreatedAt, &s.UpdatedAt} {
		*at = ms(*at)
	}
	return s
}

// create stores a session of the user that was created after base and returns it as
// stored.
func create(t *testing.T, s session.SessionStore, userID string, after time.Duration) session.Session {
	t.Helper()
	ns := newSession(userID)
	ns.CreatedAt = base.Add(after)
	must(t, s.Create(t.Context(), ns, ns.CreatedAt))
	return storedSession(ns)
}

func setStatus(t *testing.T, s session.SessionStore, id session.ID, status session.Status) {
	t.Helper()
	_, err := s.Update(t.Context(), id, func(s *session.Session) error { s.Status = status; return nil })
	must(t, err)
}

func ids(sessions []session.Session) []session.ID {
	out := []session.ID{}
	for _, s := range sessions {
		out = append(out, s.ID)
	}
	return out
}

func wantIndex(t *testing.T, s session.SessionStore, userID string, want ...session.ID) {
	t.Helper()
	got, err := s.OfUser(t.Context(), userID)
	must(t, err)
	wantEqual(t, "OfUser", ids(got), append([]session.ID{}, want...))
}

func sessionRoundTrip(t *testing.T, s SessionStore) {
	full := newSession(newUserID())
	userID := newUserID()
	bare := session.Session{
		ID: session.NewSessionID(userID), ClientID: newClientID(), UserID: userID,
		Status: session.StatusPending, ExpireAt: base.Add(time.Hour), CreatedAt: base,
	}
	old := newSession(newUserID())
	old.FirstFactorAt = time.Date(1965, time.May, 1, 0, 0, 0, 0, time.UTC) // before the Unix epoch
	for _, given := range []session.Session{full, bare, old} {
		must(t, s.Create(t.Context(), given, base))
		got, err := s.Get(t.Context(), given.ID)
		must(t, err)
		wantEqual(t, "Get", got, storedSession(given))
	}
}

func sessionNotFound(t *testing.T, s SessionStore) {
	fn := func(*session.Session) error { t.Error("fn ran without a session"); return nil }
	valid := string(session.NewSessionID(newUserID()))
	for _, id := range append(malformed("sess"), valid, valid+"a", valid[:len(valid)-1], "sess_1") {
		id := session.ID(id)
		_, err := s.Get(t.Context(), id)
		wantErr(t, "Get("+short(string(id))+")", err, session.ErrNotFound)
		_, err = s.Update(t.Context(), id, fn)
		wantErr(t, "Update("+short(string(id))+")", err, session.ErrNotFound)
		got, err := s.GetMany(t.Context(), []session.ID{id})
		if len(got) != 0 || err != nil {
			t.Errorf("GetMany(%s) = %v, %v", short(string(id)), got, err)
		}
	}
	for _, id := range append(malformed("user"), newUserID()) {
		if got, err := s.OfUser(t.Context(), id); len(got) != 0 || err != nil {
			t.Errorf("OfUser(%s) = %v, %v", short(id), got, err)
		}
	}
}

func sessionForeignBucket(t *testing.T, s SessionStore) {
	userID := newUserID()
	other := newUserID()
	for session.Bucket(other) == session.Bucket(userID) {
		other = newUserID()
	}
	for what, change := range map[string]func(*session.Session){
		"a bucket of another user": func(s *session.Session) { s.ID = session.NewSessionID(other) },
		"no user":                  func(s *session.Session) { s.UserID = "" },
		"a malformed user":         func(s *session.Session) { s.UserID = "user_*" },
		"no client":                func(s *session.Session) { s.ClientID = "" },
		"no id":                    func(s *session.Session) { s.ID = "" },
	} {
		ns := newSession(userID)
		change(&ns)
		wantErr(t, "Create with "+what, s.Create(t.Context(), ns, base), session.ErrNotFound)
	}
	ns := newSession(userID)
	ns.Status = "asleep"
	if err := s.Create(t.Context(), ns, base); err == nil {
		t.Error("Create with an unknown status = nil")
	}
	ns = newSession(userID)
	ns.Actor = json.RawMessage(`{"sub":`)
	if err := s.Create(t.Context(), ns, base); err == nil {
		t.Error("Create with an actor that is no JSON = nil")
	}
	wantIndex(t, s, userID)
}

func sessionDuplicate(t *testing.T, s SessionStore) {
	userID := newUserID()
	first := create(t, s, userID, 0)
	again := first
	again.ClientID = newClientID()
	wantErr(t, "second Create", s.Create(t.Context(), again, base), session.ErrConflict)
	got, err := s.Get(t.Context(), first.ID)
	must(t, err)
	wantEqual(t, "Get", got, first)
}

func sessionGetMany(t *testing.T, s SessionStore) {
	var all []session.Session
	for range 5 {
		all = append(all, create(t, s, newUserID(), 0))
	}
	setStatus(t, s, all[2].ID, session.StatusEnded)
	all[2].Status, all[2].Version = session.StatusEnded, 1
	got, err := s.GetMany(t.Context(), []session.ID{
		all[4].ID, session.NewSessionID(newUserID()), all[0].ID, "sess_*", all[2].ID, all[3].ID, all[1].ID,
	})
	must(t, err)
	wantEqual(t, "GetMany", got, []session.Session{all[4], all[0], all[2], all[3], all[1]})
	if got, err := s.GetMany(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("GetMany of none = %v, %v", got, err)
	}
}

// What a browser sends ends up in some fields.
func sessionText(t *testing.T, s SessionStore) {
	for _, text := range hostile {
		ns := newSession(newUserID())
		ns.Cause, ns.Activity.BrowserName, ns.Activity.City = text, text, text
		must(t, s.Create(t.Context(), ns, base))
		got, err := s.Get(t.Context(), ns.ID)
		must(t, err)
		if got.Activity.BrowserName != got.Activity.City || got.Cause != got.Activity.City {
			t.Errorf("%s came back in several ways", short(text))
		}
		if got.Activity.Country != "CH" || got.UserID != ns.UserID {
			t.Errorf("%s changed other fields", short(text))
		}
	}
}

func sessionUpdate(t *testing.T, s SessionStore) {
	given := newSession(newUserID())
	must(t, s.Create(t.Context(), given, base))
	want := storedSession(given)
	later := base.Add(time.Minute + 789*time.Microsecond)
	change := func(s *session.Session) {
		s.Status, s.Cause, s.Actor = session.StatusPending, "why", nil
		s.FirstFactorAt, s.SecondFactorAt = later, time.Time{}
		s.LastActiveAt, s.UpdatedAt, s.ExpireAt = later, later, s.ExpireAt.Add(-time.Hour)
		s.Activity = session.Activity{ID: "sact_2", IPAddress: "192.0.2.1"}
	}
	updated, err := s.Update(t.Context(), given.ID, func(s *session.Session) error {
		wantEqual(t, "what fn sees", *s, want)
		change(s)
		// Not fn's to change:
		s.ID, s.UserID, s.ClientID, s.CreatedAt, s.Version = session.NewSessionID(newUserID()), newUserID(), newClientID(), later, 99
		return nil
	})
	must(t, err)
	change(&want)
	want.Version++
	want = storedSession(want)
	wantEqual(t, "Update", updated, want)
	got, err := s.Get(t.Context(), given.ID)
	must(t, err)
	wantEqual(t, "Get", got, want)
	if _, err := s.Update(t.Context(), given.ID, func(s *session.Session) error { s.Status = "asleep"; return nil }); err == nil {
		t.Error("Update to an unknown status = nil")
	}
}

func sessionUpdateFails(t *testing.T, s SessionStore) {
	want := create(t, s, newUserID(), 0)
	failure := errors.New("no")
	_, err := s.Update(t.Context(), want.ID, func(s *session.Session) error {
		s.Status = session.StatusEnded
		return failure
	})
	wantErr(t, "Update", err, failure)
	got, err := s.Get(t.Context(), want.ID)
	must(t, err)
	wantEqual(t, "Get", got, want)
	wantIndex(t, s, want.UserID, want.ID)
}

// D-04.
func sessionParallelUpdates(t *testing.T, s SessionStore) {
	ns := create(t, s, newUserID(), 0)
	ns.LastActiveAt = base
	for i, err := range parallel(20, func(int) error {
		_, err := s.Update(t.Context(), ns.ID, func(s *session.Session) error {
			s.LastActiveAt = s.LastActiveAt.Add(second)
			return nil
		})
		return err
	}) {
		if err != nil {
			t.Errorf("update %d: %v", i, err)
		}
	}
	got, err := s.Get(t.Context(), ns.ID)
	must(t, err)
	if want := base.Add(20 * second); !got.LastActiveAt.Equal(want) || got.Version != 20 {
		t.Errorf("last active at %s, version %d; want %s, 20", got.LastActiveAt, got.Version, want)
	}
}

func sessionLostUpdate(t *testing.T, s SessionStore) {
	ns := create(t, s, newUserID(), 0)
	runs := 0
	got, err := s.Update(t.Context(), ns.ID, func(ss *session.Session) error {
		if runs++; runs == 1 { // another request comes between reading and writing
			_, err := s.Update(t.Context(), ns.ID, func(s *session.Session) error { s.SecondFactorAt = base; return nil })
			must(t, err)
		}
		ss.LastActiveAt = base.Add(time.Hour)
		return nil
	})
	must(t, err)
	if !got.SecondFactorAt.Equal(base) || !got.LastActiveAt.Equal(base.Add(time.Hour)) || runs != 2 {
		t.Errorf("after %d runs: %s, %s; want both changes", runs, got.SecondFactorAt, got.LastActiveAt)
	}
}

// S-05: the truth about a session is its record, and its end is final.
func sessionNeverLiveAgain(t *testing.T, s SessionStore) {
	for _, end := range []session.Status{
		session.StatusEnded, session.StatusRemoved, session.StatusRevoked,
		session.StatusExpired, session.StatusReplaced, session.StatusAbandoned,
	} {
		for _, live := range []session.Status{session.StatusActive, session.StatusPending} {
			ns := create(t, s, newUserID(), 0)
			setStatus(t, s, ns.ID, end)
			revive := func(s *session.Session) error { s.Status = live; return nil }
			_, err := s.Update(t.Context(), ns.ID, revive)
			wantErr(t, "Update "+string(end)+" → "+string(live), err, session.ErrNotActive)
			got, err := s.Get(t.Context(), ns.ID)
			must(t, err)
			if got.Status != end {
				t.Errorf("%s became %s", end, got.Status)
			}
			wantIndex(t, s, ns.UserID)
		}
	}
	// A touch that read the session before it ended.
	ns := create(t, s, newUserID(), 0)
	_, err := s.Update(t.Context(), ns.ID, func(ss *session.Session) error {
		if ss.Status == session.StatusActive {
			setStatus(t, s, ns.ID, session.StatusEnded)
		}
		ss.Status = session.StatusActive
		return nil
	})
	wantErr(t, "Update across an end", err, session.ErrNotActive)
	// From one end to another is no revival.
	setStatus(t, s, ns.ID, session.StatusRemoved)
}

// S-05: 60 touches around one sign-out, four times.
func sessionTouchesAgainstEnd(t *testing.T, s SessionStore) {
	for range 4 {
		ns := create(t, s, newUserID(), 0)
		for i, err := range parallel(61, func(i int) error {
			_, err := s.Update(t.Context(), ns.ID, func(s *session.Session) error {
				switch {
				case i == 30:
					s.Status = session.StatusEnded
				case s.Status != session.StatusActive:
					return session.ErrNotActive
				default:
					s.LastActiveAt = s.LastActiveAt.Add(second)
				}
				return nil
			})
			return err
		}) {
			if err != nil && (i == 30 || !errors.Is(err, session.ErrNotActive)) {
				t.Errorf("update %d: %v", i, err)
			}
		}
		got, err := s.Get(t.Context(), ns.ID)
		must(t, err)
		if got.Status != session.StatusEnded {
			t.Errorf("status after the sign-out = %s", got.Status)
		}
		wantIndex(t, s, ns.UserID)
	}
}

func sessionCancelled(t *testing.T, s SessionStore) {
	ns, token := create(t, s, newUserID(), 0), newToken()
	must(t, s.CommitCookie(t.Context(), token, nil, base.Add(time.Hour), base))
	other := newSession(ns.UserID)
	gaveUp(t, sessionCalls(cancelled(t), s, ns, other, token))
	got, err := s.Get(t.Context(), ns.ID)
	must(t, err)
	wantEqual(t, "Get", got, ns)
	wantIndex(t, s, ns.UserID, ns.ID)
	must(t, s.Create(t.Context(), other, time.Time{})) // no tombstone was left
}

func sessionCalls(ctx context.Context, s SessionStore, ns, other session.Session, token string) map[string]error {
	_, get := s.Get(ctx, ns.ID)
	_, many := s.GetMany(ctx, []session.ID{ns.ID})
	_, update := s.Update(ctx, ns.ID, func(s *session.Session) error { s.Status = session.StatusEnded; return nil })
	_, ofUser := s.OfUser(ctx, ns.UserID)
	_, revoke := s.RevokeUser(ctx, ns.UserID, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour)})
	_, _, load := s.Load(ctx, token, ns.ID, base)
	_, _, _, loadClient := s.LoadClient(ctx, token, ns.ClientID, ns.ID, base)
	return map[string]error{
		"Get": get, "GetMany": many, "Update": update, "OfUser": ofUser, "RevokeUser": revoke,
		"Load": load, "LoadClient": loadClient, "Create": s.Create(ctx, other, base),
	}
}
