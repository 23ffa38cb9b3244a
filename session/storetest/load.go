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
	roomy, tight := session.Event{Key: "roomy", Limit: 9, Window: window}, session.Event{Key: "tight", Limit: 3, Window: window}
	load := func(token string, id session.ID, after time.Duration) error {
		_, _, err := s.Load(t.Context(), token, id, base.Add(after), roomy, tight)
		return err
	}
	must(t, load(token, ns.ID, 0))
	wantErr(t, "Load of an unknown session", load(token, session.NewSessionID(ns.UserID), second), session.ErrNotFound)
	wantErr(t, "Load of nothing", load("", "", 2*second), session.ErrNotFound)
	for what, call := range map[string]session.ID{"a good session": ns.ID, "an unknown one": session.NewSessionID(ns.UserID)} {
		err := load(token, call, 4*second)
		limited, ok := errors.AsType[*session.LimitError](err)
		if !ok || limited.RetryAfter != window-4*second {
			t.Errorf("Load of %s without room: %v, want a LimitError of %s", what, err, window-4*second)
		}
	}
	must(t, load(token, ns.ID, window))
	take(t, s, "tight", 3, window, false, second)
}
