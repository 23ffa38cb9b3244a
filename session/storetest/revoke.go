package storetest

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

const cause = "user banned"

// revoke revokes the user's sessions at base + after.
func revoke(t *testing.T, s session.SessionStore, userID string, after time.Duration, except session.ID) []session.ID {
	t.Helper()
	turned, err := s.RevokeUser(t.Context(), userID, session.UserRevocation{
		At: base.Add(after), KeepUntil: base.Add(after + 7*24*time.Hour), Cause: cause, Except: except,
	})
	must(t, err)
	slices.Sort(turned)
	return append([]session.ID{}, turned...)
}

func sorted(ids ...session.ID) []session.ID {
	slices.Sort(ids)
	return append([]session.ID{}, ids...)
}

func revokeUser(t *testing.T, s SessionStore) {
	userID := newUserID()
	a, b, ended := create(t, s, userID, 0), create(t, s, userID, second), create(t, s, userID, 0)
	setStatus(t, s, b.ID, session.StatusPending)
	setStatus(t, s, ended.ID, session.StatusEnded)
	later := create(t, s, userID, time.Hour) // on a node whose clock is ahead
	other := create(t, s, newUserID(), 0)

	wantEqual(t, "RevokeUser", revoke(t, s, userID, time.Minute, ""), sorted(a.ID, b.ID, later.ID))
	a.Status, a.Cause, a.UpdatedAt = session.StatusRevoked, cause, base.Add(time.Minute)
	a.Version++
	got, err := s.Get(t.Context(), a.ID)
	must(t, err)
	wantEqual(t, "Get", got, a)
	for id, want := range map[session.ID]session.Status{
		b.ID: session.StatusRevoked, later.ID: session.StatusRevoked,
		ended.ID: session.StatusEnded, other.ID: session.StatusActive,
	} {
		if got, err := s.Get(t.Context(), id); err != nil || got.Status != want {
			t.Errorf("Get = %s, %v; want %s", got.Status, err, want)
		}
	}
	wantIndex(t, s, userID)
	wantIndex(t, s, other.UserID, other.ID)
	_, err = s.Update(t.Context(), a.ID, func(s *session.Session) error { s.Status = session.StatusActive; return nil })
	wantErr(t, "Update after RevokeUser", err, session.ErrNotActive)
}

func revokeUserExcept(t *testing.T, s SessionStore) {
	userID, token := newUserID(), newToken()
	a, kept, b := create(t, s, userID, 0), create(t, s, userID, 0), create(t, s, userID, 0)
	must(t, s.CommitCookie(t.Context(), token, nil, base.Add(time.Hour), base))
	wantEqual(t, "RevokeUser", revoke(t, s, userID, second, kept.ID), sorted(a.ID, b.ID))
	wantIndex(t, s, userID, kept.ID)
	got, err := s.Get(t.Context(), kept.ID)
	must(t, err)
	wantEqual(t, "Get", got, kept)
	_, got, err = s.Load(t.Context(), token, kept.ID, base)
	must(t, err)
	wantEqual(t, "Load", got, kept)
	_, got, err = s.Load(t.Context(), token, a.ID, base)
	must(t, err)
	if got.Status != session.StatusRevoked {
		t.Errorf("Load of another = %s", got.Status)
	}
	// The tombstone is left all the same: a sign-in under way does not slip through.
	wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base.Add(second)), session.ErrUserRevoked)
	must(t, s.Create(t.Context(), newSession(userID), base.Add(second+time.Millisecond)))
	// The one that it spares may also begin later than it.
	spared := newSession(newUserID())
	revoke(t, s, spared.UserID, second, spared.ID)
	wantErr(t, "Create", s.Create(t.Context(), newSession(spared.UserID), base.Add(second)), session.ErrUserRevoked)
	must(t, s.Create(t.Context(), spared, base))
	wantIndex(t, s, spared.UserID, spared.ID)
	// One that spares nobody takes the kept one, too.
	if turned := revoke(t, s, userID, 2*second, ""); len(turned) != 2 || !slices.Contains(turned, kept.ID) {
		t.Errorf("RevokeUser = %v, want the kept one and the new one", turned)
	}
	wantIndex(t, s, userID)
}

func revokeUserAgain(t *testing.T, s SessionStore) {
	userID := newUserID()
	a := create(t, s, userID, 0)
	wantEqual(t, "RevokeUser", revoke(t, s, userID, second, ""), sorted(a.ID))
	first, err := s.Get(t.Context(), a.ID)
	must(t, err)
	wantEqual(t, "RevokeUser again", revoke(t, s, userID, second, ""), sorted())
	wantEqual(t, "RevokeUser later", revoke(t, s, userID, time.Minute, ""), sorted())
	second, err := s.Get(t.Context(), a.ID)
	must(t, err)
	wantEqual(t, "Get", second, first)
}

func revokeUserNotFound(t *testing.T, s SessionStore) {
	wantEqual(t, "RevokeUser of a user without sessions", revoke(t, s, newUserID(), 0, ""), sorted())
	for _, id := range malformed("user") {
		_, err := s.RevokeUser(t.Context(), id, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour)})
		wantErr(t, "RevokeUser("+short(id)+")", err, session.ErrNotFound)
	}
	a := create(t, s, newUserID(), 0)
	_, err := s.RevokeUser(t.Context(), a.UserID, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour), Except: "sess_*"})
	wantErr(t, "RevokeUser but for a malformed id", err, session.ErrNotFound)
	wantIndex(t, s, a.UserID, a.ID)
}

// S-08: who read "may sign in" no later than the revocation must read again.
func tombstoneAsOf(t *testing.T, s SessionStore) {
	userID := newUserID()
	revoke(t, s, userID, time.Minute, "")
	for _, early := range []time.Duration{0, time.Millisecond, time.Hour} {
		ns := newSession(userID)
		ns.CreatedAt = base.Add(time.Hour) // when it is created does not count
		err := s.Create(t.Context(), ns, base.Add(time.Minute-early))
		wantErr(t, "Create as of "+early.String()+" before", err, session.ErrUserRevoked)
		_, err = s.Get(t.Context(), ns.ID)
		wantErr(t, "Get", err, session.ErrNotFound)
	}
	wantErr(t, "Create as of never", s.Create(t.Context(), newSession(userID), time.Time{}), session.ErrUserRevoked)
	wantIndex(t, s, userID)
	ns := newSession(userID)
	must(t, s.Create(t.Context(), ns, base.Add(time.Minute+time.Millisecond)))
	wantIndex(t, s, userID, ns.ID)
}

// S-08: a tombstone that reaches ahead covers what a node whose clock is ahead begins.
func tombstoneThrough(t *testing.T, s SessionStore) {
	userID, token := newUserID(), newToken()
	must(t, s.CommitCookie(t.Context(), token, nil, base.Add(time.Hour), base))
	turned, err := s.RevokeUser(t.Context(), userID, session.UserRevocation{
		At: base, Through: base.Add(10 * second), KeepUntil: base.Add(time.Hour), Cause: cause,
	})
	must(t, err)
	wantEqual(t, "RevokeUser", append([]session.ID{}, turned...), sorted())
	wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base.Add(10*second)), session.ErrUserRevoked)
	for after, want := range map[time.Duration]session.Status{
		10 * second: session.StatusRevoked, 10*second + time.Millisecond: session.StatusActive,
	} {
		ns := newSession(userID)
		ns.CreatedAt = base.Add(after)
		must(t, s.Create(t.Context(), ns, base.Add(10*second+time.Millisecond)))
		_, got, err := s.Load(t.Context(), token, ns.ID, base)
		must(t, err)
		if got.Status != want {
			t.Errorf("Load of a session of %v after = %s, want %s", after, got.Status, want)
		}
	}
}

func tombstoneOlder(t *testing.T, s SessionStore) {
	userID := newUserID()
	spared := session.NewSessionID(userID)
	revoke(t, s, userID, time.Minute, "")
	revoke(t, s, userID, second, "")
	revoke(t, s, userID, time.Minute, spared) // of the same time, but sparing one
	wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base.Add(time.Minute)), session.ErrUserRevoked)
	revoke(t, s, userID, 2*time.Minute, "")
	wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base.Add(2*time.Minute)), session.ErrUserRevoked)
}

func tombstoneOthers(t *testing.T, s SessionStore) {
	userID := newUserID()
	neighbour := newUserID()
	for session.Bucket(neighbour) != session.Bucket(userID) {
		neighbour = newUserID()
	}
	kept := create(t, s, neighbour, 0)
	revoke(t, s, userID, time.Minute, "")
	must(t, s.Create(t.Context(), newSession(newUserID()), base))
	must(t, s.Create(t.Context(), newSession(neighbour), base))
	got, err := s.Get(t.Context(), kept.ID)
	must(t, err)
	wantEqual(t, "Get", got, kept)
	// Nor does a neighbour's tombstone that is kept for a shorter time lift one.
	_, err = s.RevokeUser(t.Context(), neighbour, session.UserRevocation{At: base.Add(time.Hour), KeepUntil: base.Add(time.Hour + second)})
	must(t, err)
	wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base), session.ErrUserRevoked)
}

func tombstoneClock(t *testing.T, s SessionStore) {
	for name, now := range farAway {
		ns := newSession(newUserID())
		ns.CreatedAt, ns.UpdatedAt, ns.ExpireAt = now, now, now.Add(time.Hour)
		must(t, s.Create(t.Context(), ns, now))
		turned, err := s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: now.Add(second), KeepUntil: now.Add(time.Hour), Cause: cause})
		must(t, err)
		wantEqual(t, name, turned, []session.ID{ns.ID})
		again := ns
		again.ID = session.NewSessionID(ns.UserID)
		wantErr(t, name+": Create", s.Create(t.Context(), again, now.Add(second)), session.ErrUserRevoked)
		must(t, s.Create(t.Context(), again, now.Add(2*second)))
	}
}

// S-08: sign-ins and touches run on both sides of a revocation. Whatever the
// interleaving, no session outlives it but those of people who were found to be
// allowed in after it.
func revokeUserContention(t *testing.T, s SessionStore) {
	for range 8 {
		userID := newUserID()
		touched := []session.Session{create(t, s, userID, 0), create(t, s, userID, 0), create(t, s, userID, 0)}
		made := make([]session.Session, 24)
		for i := range made {
			made[i] = newSession(userID)
		}
		allowed := made[len(made)-1]
		var refused atomic.Int32
		for i, err := range parallel(len(made)+len(touched)+1, func(i int) error {
			switch {
			case i == len(made)+len(touched):
				_, err := s.RevokeUser(t.Context(), userID, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour), Cause: cause})
				return err
			case i >= len(made):
				for range 4 {
					_, err := s.Update(t.Context(), touched[i-len(made)].ID, func(s *session.Session) error {
						if s.Status != session.StatusActive {
							return session.ErrNotActive
						}
						s.LastActiveAt = s.LastActiveAt.Add(second)
						return nil
					})
					if err != nil && !errors.Is(err, session.ErrNotActive) {
						return err
					}
				}
				return nil
			case made[i].ID == allowed.ID:
				return s.Create(t.Context(), made[i], base.Add(time.Millisecond))
			}
			err := s.Create(t.Context(), made[i], base)
			if errors.Is(err, session.ErrUserRevoked) {
				refused.Add(1)
				return nil
			}
			return err
		}) {
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
		indexed, err := s.OfUser(t.Context(), userID)
		must(t, err)
		stored, err := s.GetMany(t.Context(), ids(slices.Concat(made, touched)))
		must(t, err)
		if want := len(made) + len(touched) - int(refused.Load()); len(stored) != want {
			t.Errorf("%d sessions are stored, %d were refused", len(stored), refused.Load())
		}
		for _, got := range slices.Concat(indexed, stored) {
			if got.Live(base) && got.ID != allowed.ID {
				t.Errorf("a session is %s after the revocation", got.Status)
			}
		}
	}
}

// Many users are revoked as each would be, and nobody else.
func revokeUsers(t *testing.T, s SessionStore) {
	neighbour := newUserID()
	var users []string
	var want []session.ID
	for i := range 40 {
		userID := newUserID()
		users = append(users, userID)
		for range i % 3 {
			want = append(want, create(t, s, userID, 0).ID)
		}
	}
	revoke(t, s, users[3], time.Hour, "") // leaves a later tombstone than what follows
	kept := create(t, s, neighbour, 0)
	ended := create(t, s, users[1], 0)
	setStatus(t, s, ended.ID, session.StatusEnded)
	r := session.UserRevocation{At: base.Add(time.Minute), Through: base.Add(70 * second), KeepUntil: base.Add(7 * 24 * time.Hour), Cause: cause}
	turned, err := s.RevokeUsers(t.Context(), users, r)
	must(t, err)
	slices.Sort(turned)
	slices.Sort(want)
	wantEqual(t, "RevokeUsers", turned, want)
	stored, err := s.GetMany(t.Context(), want)
	must(t, err)
	for _, got := range stored {
		if got.Status != session.StatusRevoked || got.Cause != cause {
			t.Errorf("session is %s, %q", got.Status, got.Cause)
		}
	}
	for _, userID := range users {
		wantIndex(t, s, userID)
		wantErr(t, "Create", s.Create(t.Context(), newSession(userID), base.Add(70*second)), session.ErrUserRevoked)
	}
	wantErr(t, "Create", s.Create(t.Context(), newSession(users[3]), base.Add(time.Hour)), session.ErrUserRevoked)
	must(t, s.Create(t.Context(), newSession(users[4]), base.Add(70*second+time.Millisecond)))
	wantIndex(t, s, neighbour, kept.ID)
	records, _, err := s.RevocationsSince(t.Context(), 0)
	must(t, err)
	told := map[string]bool{}
	for _, record := range records {
		told[record.UserID+string(record.SessionID)] = true
	}
	for _, id := range want {
		if !told[string(id)] {
			t.Errorf("the log lacks session %s", id)
		}
	}
	for _, userID := range users {
		if !told[userID] {
			t.Errorf("the log lacks user %s", userID)
		}
	}
	again, err := s.RevokeUsers(t.Context(), users[:4], r)
	must(t, err)
	wantEqual(t, "RevokeUsers again", append([]session.ID{}, again...), sorted())
	for _, bad := range malformed("user") {
		_, err := s.RevokeUsers(t.Context(), []string{users[0], bad}, r)
		wantErr(t, "RevokeUsers of "+short(bad), err, session.ErrNotFound)
	}
	_, err = s.RevokeUsers(cancelled(t), users, r)
	gaveUp(t, map[string]error{"RevokeUsers": err})
	turned, err = s.RevokeUsers(t.Context(), nil, r)
	must(t, err)
	wantEqual(t, "RevokeUsers of nobody", append([]session.ID{}, turned...), sorted())
}
