package storetest

import (
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
