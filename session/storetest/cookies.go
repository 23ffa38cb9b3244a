package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func findCookie(t *testing.T, s session.ClientStore, token string, now time.Time) (string, bool) {
	t.Helper()
	data, found, err := s.FindCookie(t.Context(), token, now)
	must(t, err)
	return string(data), found
}

func cookieRoundTrip(t *testing.T, s session.ClientStore) {
	token, other := newToken(), newToken()
	expiry := base.Add(time.Hour)
	for _, data := range []string{"first", "\x00\xff binary", ""} {
		must(t, s.CommitCookie(t.Context(), token, []byte(data), expiry, base))
		if got, found := findCookie(t, s, token, base); !found || got != data {
			t.Errorf("FindCookie = %q, %v; want %q", got, found, data)
		}
	}
	must(t, s.CommitCookie(t.Context(), other, []byte("other"), expiry, base))
	must(t, s.DeleteCookie(t.Context(), token))
	must(t, s.DeleteCookie(t.Context(), token))
	if _, found := findCookie(t, s, token, base); found {
		t.Error("a deleted cookie is found")
	}
	if got, found := findCookie(t, s, other, base); !found || got != "other" {
		t.Errorf("the other cookie = %q, %v", got, found)
	}
}

// S-01, D-02: what has not the form of a hashed cookie is not looked up, and touches
// no other.
func cookieNotFound(t *testing.T, s session.ClientStore) {
	kept := newToken()
	must(t, s.CommitCookie(t.Context(), kept, []byte("kept"), base.Add(time.Hour), base))
	tokens := append(malformed("x"), kept[:42], kept+"A", kept[:42]+"=", kept[:42]+"*", newTokenOf('*'), newTokenOf('\n'))
	for _, token := range tokens {
		if data, found := findCookie(t, s, token, base); found {
			t.Errorf("FindCookie(%s) = %q", short(token), data)
		}
		wantErr(t, "CommitCookie("+short(token)+")", s.CommitCookie(t.Context(), token, []byte("x"), base.Add(time.Hour), base), session.ErrNotFound)
		must(t, s.DeleteCookie(t.Context(), token))
	}
	if _, found := findCookie(t, s, newToken(), base); found {
		t.Error("an unknown cookie is found")
	}
	if got, found := findCookie(t, s, kept, base); !found || got != "kept" {
		t.Errorf("the cookie beside them = %q, %v", got, found)
	}
}

func cookieExpiry(t *testing.T, s session.ClientStore) {
	token, expiry := newToken(), base.Add(time.Hour)
	must(t, s.CommitCookie(t.Context(), token, []byte("data"), expiry, base))
	if _, found := findCookie(t, s, token, expiry.Add(-time.Millisecond)); !found {
		t.Error("not found 1 ms before its expiry")
	}
	for _, late := range []time.Duration{0, time.Millisecond, time.Minute} {
		if _, found := findCookie(t, s, token, expiry.Add(late)); found {
			t.Errorf("found %s after its expiry", late)
		}
	}
}

// S-06: a commit at or after the deadline is refused and leaves nothing behind, nor
// does it touch what was there.
func cookieLateCommit(t *testing.T, s session.ClientStore) {
	for _, late := range []time.Duration{0, time.Millisecond, second, 400 * 24 * time.Hour} {
		token := newToken()
		wantErr(t, "CommitCookie", s.CommitCookie(t.Context(), token, []byte("late"), base, base.Add(late)), session.ErrExpired)
		if _, found := findCookie(t, s, token, base.Add(-time.Hour)); found {
			t.Errorf("a commit %s late was stored", late)
		}
	}
	token := newToken()
	must(t, s.CommitCookie(t.Context(), token, []byte("before"), base.Add(time.Hour), base))
	wantErr(t, "CommitCookie", s.CommitCookie(t.Context(), token, []byte("late"), base, base.Add(second)), session.ErrExpired)
	if got, found := findCookie(t, s, token, base); !found || got != "before" {
		t.Errorf("FindCookie = %q, %v; want what was there before", got, found)
	}
	wantErr(t, "zero expiry", s.CommitCookie(t.Context(), token, []byte("x"), time.Time{}, base), session.ErrExpired)
}

func cookieClock(t *testing.T, s session.ClientStore) {
	for name, now := range farAway {
		token := newToken()
		must(t, s.CommitCookie(t.Context(), token, []byte(name), now.Add(time.Minute), now))
		if got, found := findCookie(t, s, token, now.Add(second)); !found || got != name {
			t.Errorf("%s: FindCookie = %q, %v", name, got, found)
		}
		if _, found := findCookie(t, s, token, now.Add(time.Minute)); found {
			t.Errorf("%s: found after its expiry", name)
		}
	}
}

func cookieCancelled(t *testing.T, s session.ClientStore) {
	token, other := newToken(), newToken()
	must(t, s.CommitCookie(t.Context(), token, []byte("data"), base.Add(time.Hour), base))
	ctx := cancelled(t)
	_, _, find := s.FindCookie(ctx, token, base)
	gaveUp(t, map[string]error{
		"FindCookie":   find,
		"CommitCookie": s.CommitCookie(ctx, other, []byte("x"), base.Add(time.Hour), base),
		"DeleteCookie": s.DeleteCookie(ctx, token),
	})
	if _, found := findCookie(t, s, token, base); !found {
		t.Error("the cookie went")
	}
	if _, found := findCookie(t, s, other, base); found {
		t.Error("the other cookie came")
	}
}
