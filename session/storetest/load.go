package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func sessionLoad(t *testing.T, s SessionStore) {
	token, expiry := newToken(), base.Add(time.Hour)
	must(t, s.CommitCookie(t.Context(), token, []byte("client_1"), expiry, base))
	ns := create(t, s, newUserID(), 0)
	cookie, got, err := s.Load(t.Context(), token, ns.ID, expiry.Add(-time.Millisecond))
	must(t, err)
	if string(cookie) != "client_1" {
		t.Errorf("cookie = %q", cookie)
	}
	wantEqual(t, "Load", got, ns)
	for what, call := range map[string]struct {
		token string
		id    session.ID
		now   time.Time
	}{
		"an unknown cookie":   {newToken(), ns.ID, base},
		"a malformed cookie":  {"*", ns.ID, base},
		"an expired cookie":   {token, ns.ID, expiry},
		"an unknown session":  {token, session.NewSessionID(ns.UserID), base},
		"a malformed session": {token, "sess_*", base},
		"nothing":             {"", "", base},
	} {
		cookie, got, err := s.Load(t.Context(), call.token, call.id, call.now)
		wantErr(t, "Load with "+what, err, session.ErrNotFound)
		if cookie != nil || got.ID != "" {
			t.Errorf("Load with %s = %q, %s", what, cookie, got.ID)
		}
	}
	setStatus(t, s, ns.ID, session.StatusEnded)
	_, got, err = s.Load(t.Context(), token, ns.ID, base)
	must(t, err)
	if got.Status != session.StatusEnded {
		t.Errorf("status = %s, want ended", got.Status)
	}
	// S-08: of a session that RevokeUser turned.
	ns = create(t, s, ns.UserID, 0)
	_, err = s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour), Cause: "user banned"})
	must(t, err)
	_, got, err = s.Load(t.Context(), token, ns.ID, base)
	must(t, err)
	if got.Status != session.StatusRevoked || got.Cause != "user banned" {
		t.Errorf("Load = %s, %q; want revoked, user banned", got.Status, got.Cause)
	}
}

// E-02: a load counts events like Take, whatever it finds, and refuses without room.
func sessionLoadCounts(t *testing.T, s SessionStore) {
	token := newToken()
	must(t, s.CommitCookie(t.Context(), token, []byte("client_1"), base.Add(time.Hour), base))
	ns := create(t, s, newUserID(), 0)
	loadCounts(t, s, token, ns.ID, session.NewSessionID(ns.UserID), func(token string, id session.ID, now time.Time, events ...session.Event) error {
		_, _, err := s.Load(t.Context(), token, id, now, events...)
		return err
	})
}

func clientLoadCounts(t *testing.T, s SessionStore) {
	token := newToken()
	must(t, s.CommitCookie(t.Context(), token, []byte("client_1"), base.Add(time.Hour), base))
	c, _ := newClient()
	must(t, s.CreateClient(t.Context(), c))
	ns := create(t, s, newUserID(), 0)
	loadCounts(t, s, token, c.ID, newClientID(), func(token string, id session.ClientID, now time.Time, events ...session.Event) error {
		_, _, _, err := s.LoadClient(t.Context(), token, id, ns.ID, now, events...)
		return err
	})
}

// loadCounts checks a load of what is known, unknown and nothing at all.
func loadCounts[T ~string](t *testing.T, s session.LimitStore, token string, known, unknown T, load func(token string, id T, now time.Time, events ...session.Event) error) {
	t.Helper()
	roomy, tight := session.Event{Key: "roomy", Limit: 9, Window: window}, session.Event{Key: "tight", Limit: 3, Window: window}
	after := func(token string, id T, after time.Duration) error {
		return load(token, id, base.Add(after), roomy, tight)
	}
	must(t, after(token, known, 0))
	wantErr(t, "load of what is unknown", after(token, unknown, second), session.ErrNotFound)
	wantErr(t, "load of nothing", after("", "", 2*second), session.ErrNotFound)
	for _, id := range []T{known, unknown} {
		err := after(token, id, 4*second)
		limited, ok := errors.AsType[*session.LimitError](err)
		if !ok || limited.RetryAfter != window-4*second {
			t.Errorf("load of %s without room: %v, want a LimitError of %s", id, err, window-4*second)
		}
	}
	must(t, after(token, known, window))
	take(t, s, "tight", 3, window, false, second)
}

func clientLoad(t *testing.T, s SessionStore) {
	token, expiry := newToken(), base.Add(time.Hour)
	must(t, s.CommitCookie(t.Context(), token, []byte("client_1"), expiry, base))
	given, stored := newClient()
	must(t, s.CreateClient(t.Context(), given))
	ns := create(t, s, newUserID(), 0)
	for what, call := range map[string]struct {
		id   session.ID
		want session.Session
	}{
		"and a session":           {ns.ID, ns},
		"alone":                   {"", session.Session{}},
		"and an unknown session":  {session.NewSessionID(ns.UserID), session.Session{}},
		"and a malformed session": {"sess_*", session.Session{}},
	} {
		cookie, c, got, err := s.LoadClient(t.Context(), token, given.ID, call.id, expiry.Add(-time.Millisecond))
		must(t, err)
		if string(cookie) != "client_1" {
			t.Errorf("cookie = %q", cookie)
		}
		wantEqual(t, "the client", c, stored)
		wantEqual(t, "a client "+what, got, call.want)
	}
	for what, call := range map[string]struct {
		token string
		id    session.ClientID
		now   time.Time
	}{
		"an unknown cookie":  {newToken(), given.ID, base},
		"a malformed cookie": {"*", given.ID, base},
		"an expired cookie":  {token, given.ID, expiry},
		"an unknown client":  {token, newClientID(), base},
		"a malformed client": {token, "client_*", base},
		"nothing":            {"", "", base},
	} {
		cookie, c, got, err := s.LoadClient(t.Context(), call.token, call.id, ns.ID, call.now)
		wantErr(t, "LoadClient with "+what, err, session.ErrNotFound)
		if cookie != nil || c.ID != "" || got.ID != "" {
			t.Errorf("LoadClient with %s = %q, %s, %s", what, cookie, c.ID, got.ID)
		}
	}
	// S-08: of a session that RevokeUser turned.
	_, err := s.RevokeUser(t.Context(), ns.UserID, session.UserRevocation{At: base, KeepUntil: base.Add(time.Hour), Cause: "user banned"})
	must(t, err)
	_, _, got, err := s.LoadClient(t.Context(), token, given.ID, ns.ID, base)
	must(t, err)
	if got.Status != session.StatusRevoked || got.Cause != "user banned" {
		t.Errorf("LoadClient = %s, %q; want revoked, user banned", got.Status, got.Cause)
	}
}
