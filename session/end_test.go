package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func TestEnd(t *testing.T) {
	h := open(t)
	c, cookie, first := h.signedIn(userA)
	h.clock.Advance(time.Minute)
	last := h.start(c, userB)
	h.mustMint(cookie, first.ID)
	h.clock.Advance(10 * time.Second)

	other, _ := h.client()
	if _, err := h.End(t.Context(), other.ID, last.ID, session.StatusEnded); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("End of another client's session = %v, want ErrNotFound", err)
	}
	if _, err := h.End(t.Context(), c.ID, last.ID, session.StatusActive); err == nil {
		t.Error("End took the status active")
	}

	ended, err := h.End(t.Context(), c.ID, last.ID, session.StatusEnded)
	if err != nil || ended.Status != session.StatusEnded {
		t.Fatalf("End = %+v, %v", ended, err)
	}
	c = h.mustClient(c.ID)
	if c.LastActiveSessionID != first.ID || !c.AuthChangedAt.Equal(h.clock.Now()) || len(c.SessionIDs) != 2 {
		t.Errorf("client = %+v, want %s last active from now on", c, first.ID)
	}
	// __client_uat is never newer than the newest token.
	if a := h.verify(h.mustMint(cookie, first.ID)); a.Claims.IssuedAt < c.AuthChangedAt.Unix() {
		t.Errorf("iat = %d, AuthChangedAt = %d", a.Claims.IssuedAt, c.AuthChangedAt.Unix())
	}

	// Again is no error; removed takes it off the list.
	for _, status := range []session.Status{session.StatusEnded, session.StatusRemoved, session.StatusRemoved} {
		if got, err := h.End(t.Context(), c.ID, last.ID, status); err != nil || got.Status != status {
			t.Errorf("End(%s) of a dead session = %s, %v", status, got.Status, err)
		}
	}
	if all, err := h.OfClient(t.Context(), h.mustClient(c.ID)); err != nil || len(all) != 1 || all[0].ID != first.ID {
		t.Errorf("OfClient = %+v, %v, want only %s", all, err, first.ID)
	}
	if _, err := h.End(t.Context(), c.ID, first.ID, session.StatusEnded); err != nil {
		t.Fatal(err)
	}
	if c := h.mustClient(c.ID); !c.AuthChangedAt.IsZero() || c.LastActiveSessionID != "" {
		t.Errorf("client = %+v, want signed out", c)
	}
}

func TestEndAllAndDeleteClient(t *testing.T) {
	h := open(t)
	c, cookie, first := h.signedIn(userA)
	secondOne := h.start(c, userB)
	got, err := h.EndAll(t.Context(), c.ID)
	if err != nil || len(got.SessionIDs) != 0 || !got.AuthChangedAt.IsZero() || got.LastActiveSessionID != "" {
		t.Errorf("EndAll = %+v, %v", got, err)
	}
	for _, id := range []session.ID{first.ID, secondOne.ID} {
		if ss, err := h.Get(t.Context(), id); err != nil || ss.Status != session.StatusRemoved {
			t.Errorf("%s is %s, %v, want removed", id, ss.Status, err)
		}
	}
	if _, err := h.ClientByCookie(t.Context(), cookie, false); err != nil {
		t.Errorf("the client is gone: %v", err)
	}
	third := h.start(c, userA)
	if err := h.DeleteClient(t.Context(), c.ID, cookie); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ClientByCookie(t.Context(), cookie, true); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("ClientByCookie = %v, want ErrNotFound", err)
	}
	if ss, err := h.Get(t.Context(), third.ID); err != nil || ss.Live(h.clock.Now()) {
		t.Errorf("%s is %s, %v, want it ended", third.ID, ss.Status, err)
	}
}
