package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// RunClients checks the stores that open returns against session.ClientStore.
func RunClients(t *testing.T, open func(*testing.T) session.ClientStore) {
	for name, check := range map[string]func(*testing.T, session.ClientStore){
		"returns what was created":              clientRoundTrip,
		"unknown and malformed ids":             clientNotFound,
		"an id is given once":                   clientDuplicate,
		"update returns what is then stored":    clientUpdate,
		"an update that fails changes nothing":  clientUpdateFails,
		"delete":                                clientDelete,
		"20 parallel updates are all applied":   clientParallelUpdates,
		"no update is lost":                     clientLostUpdate,
		"an update does not revive":             clientDeletedMeanwhile,
		"cancelled contexts":                    clientCancelled,
		"cookies: returns what was committed":   cookieRoundTrip,
		"cookies: unknown and malformed tokens": cookieNotFound,
		"cookies: expiry at the exact instant":  cookieExpiry,
		"cookies: no commit after the deadline": cookieLateCommit,
		"cookies: only the caller's clock":      cookieClock,
		"cookies: cancelled contexts":           cookieCancelled,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

// newClient returns a client with every field set, and how a store returns it.
func newClient() (given, stored session.Client) {
	odd := 456 * time.Microsecond
	c := session.Client{
		ID:                         newClientID(),
		SessionIDs:                 []session.ID{session.NewSessionID(newUserID()), session.NewSessionID(newUserID()), session.NewSessionID(newUserID())},
		KnownUserIDs:               []string{newUserID(), newUserID()},
		SignInID:                   "sia_1",
		SignUpID:                   "sua_1",
		LastAuthenticationStrategy: "password",
		CookieToken:                newToken(),
		OldCookieToken:             newToken(),
		CookieRotatedAt:            base.Add(-time.Minute + odd),
		AuthChangedAt:              base.Add(odd),
		ExpireAt:                   base.Add(365*24*time.Hour + odd),
		CreatedAt:                  base.Add(-time.Hour + odd),
		UpdatedAt:                  base.Add(2 * odd),
	}
	c.LastActiveSessionID = c.SessionIDs[1]
	return c, storedClient(c)
}

func storedClient(c session.Client) session.Client {
	c.CookieRotatedAt = ms(c.CookieRotatedAt)
	c.AuthChangedAt, c.ExpireAt, c.CreatedAt, c.UpdatedAt = ms(c.AuthChangedAt), ms(c.ExpireAt), ms(c.CreatedAt), ms(c.UpdatedAt)
	return c
}

func clientRoundTrip(t *testing.T, s session.ClientStore) {
	given, want := newClient()
	must(t, s.CreateClient(t.Context(), given))
	bare := session.Client{ID: newClientID(), ExpireAt: ms(base), CreatedAt: ms(base)}
	must(t, s.CreateClient(t.Context(), bare))
	for _, want := range []session.Client{want, bare} {
		got, err := s.Client(t.Context(), want.ID)
		must(t, err)
		wantEqual(t, "Client", got, want)
	}
}

func clientNotFound(t *testing.T, s session.ClientStore) {
	touched := false
	fn := func(*session.Client) error { touched = true; return nil }
	for _, id := range append(malformed("client"), string(newClientID())) {
		_, err := s.Client(t.Context(), session.ClientID(id))
		wantErr(t, "Client("+short(id)+")", err, session.ErrNotFound)
		_, err = s.UpdateClient(t.Context(), session.ClientID(id), fn)
		wantErr(t, "UpdateClient("+short(id)+")", err, session.ErrNotFound)
		if err := s.DeleteClient(t.Context(), session.ClientID(id)); err != nil {
			t.Errorf("DeleteClient(%s) = %v, want nil", short(id), err)
		}
	}
	if touched {
		t.Error("fn ran without a client")
	}
	for _, id := range malformed("client") {
		wantErr(t, "CreateClient("+short(id)+")", s.CreateClient(t.Context(), session.Client{ID: session.ClientID(id)}), session.ErrNotFound)
	}
}

func clientDuplicate(t *testing.T, s session.ClientStore) {
	given, want := newClient()
	must(t, s.CreateClient(t.Context(), given))
	other := given
	other.SignInID = "sia_other"
	wantErr(t, "second CreateClient", s.CreateClient(t.Context(), other), session.ErrConflict)
	got, err := s.Client(t.Context(), given.ID)
	must(t, err)
	wantEqual(t, "Client", got, want)
}

func clientUpdate(t *testing.T, s session.ClientStore) {
	given, want := newClient()
	must(t, s.CreateClient(t.Context(), given))
	later := base.Add(time.Minute + 789*time.Microsecond)
	change := func(c *session.Client) {
		c.SessionIDs, c.LastActiveSessionID = nil, ""
		c.SignInID, c.SignUpID, c.CookieToken = "", "sua_2", newTokenOf('B')
		c.AuthChangedAt, c.UpdatedAt = time.Time{}, later
	}
	updated, err := s.UpdateClient(t.Context(), given.ID, func(c *session.Client) error {
		wantEqual(t, "what fn sees", *c, want)
		change(c)
		c.ID, c.CreatedAt, c.Version = newClientID(), later, 99 // not fn's to change
		return nil
	})
	must(t, err)
	change(&want)
	want.Version++
	wantEqual(t, "UpdateClient", updated, storedClient(want))
	got, err := s.Client(t.Context(), given.ID)
	must(t, err)
	wantEqual(t, "Client", got, storedClient(want))
}

// newTokenOf returns a token of one repeated character.
func newTokenOf(c byte) string {
	b := make([]byte, 43)
	for i := range b {
		b[i] = c
	}
	return string(b)
}

func clientUpdateFails(t *testing.T, s session.ClientStore) {
	given, want := newClient()
	must(t, s.CreateClient(t.Context(), given))
	failure := errors.New("no")
	_, err := s.UpdateClient(t.Context(), given.ID, func(c *session.Client) error {
		c.SignInID = "sia_changed"
		return failure
	})
	wantErr(t, "UpdateClient", err, failure)
	got, err := s.Client(t.Context(), given.ID)
	must(t, err)
	wantEqual(t, "Client", got, want)
}

func clientDelete(t *testing.T, s session.ClientStore) {
	given, _ := newClient()
	kept, _ := newClient()
	must(t, s.CreateClient(t.Context(), given))
	must(t, s.CreateClient(t.Context(), kept))
	for range 2 {
		must(t, s.DeleteClient(t.Context(), given.ID))
		_, err := s.Client(t.Context(), given.ID)
		wantErr(t, "Client", err, session.ErrNotFound)
	}
	_, err := s.Client(t.Context(), kept.ID)
	must(t, err)
}

func clientParallelUpdates(t *testing.T, s session.ClientStore) {
	c := session.Client{ID: newClientID(), ExpireAt: base.Add(time.Hour), CreatedAt: base}
	must(t, s.CreateClient(t.Context(), c))
	ids := make([]session.ID, 20)
	for i := range ids {
		ids[i] = session.NewSessionID(newUserID())
	}
	for i, err := range parallel(len(ids), func(i int) error {
		_, err := s.UpdateClient(t.Context(), c.ID, func(c *session.Client) error {
			c.SessionIDs = append(c.SessionIDs, ids[i])
			return nil
		})
		return err
	}) {
		if err != nil {
			t.Errorf("update %d: %v", i, err)
		}
	}
	got, err := s.Client(t.Context(), c.ID)
	must(t, err)
	stored := map[session.ID]bool{}
	for _, id := range got.SessionIDs {
		stored[id] = true
	}
	if len(got.SessionIDs) != len(ids) || len(stored) != len(ids) || got.Version != int64(len(ids)) {
		t.Errorf("%d of %d updates are there, version %d", len(stored), len(ids), got.Version)
	}
}

func clientLostUpdate(t *testing.T, s session.ClientStore) {
	c := session.Client{ID: newClientID(), ExpireAt: base.Add(time.Hour), CreatedAt: base}
	must(t, s.CreateClient(t.Context(), c))
	runs := 0
	got, err := s.UpdateClient(t.Context(), c.ID, func(c *session.Client) error {
		if runs++; runs == 1 { // another request comes between reading and writing
			_, err := s.UpdateClient(t.Context(), c.ID, func(c *session.Client) error { c.SignUpID = "sua_1"; return nil })
			must(t, err)
		}
		c.SignInID = "sia_1"
		return nil
	})
	must(t, err)
	if got.SignInID != "sia_1" || got.SignUpID != "sua_1" || runs != 2 {
		t.Errorf("after %d runs: sign-in %q, sign-up %q; want both", runs, got.SignInID, got.SignUpID)
	}
}

func clientDeletedMeanwhile(t *testing.T, s session.ClientStore) {
	c := session.Client{ID: newClientID(), ExpireAt: base.Add(time.Hour), CreatedAt: base}
	must(t, s.CreateClient(t.Context(), c))
	_, err := s.UpdateClient(t.Context(), c.ID, func(c *session.Client) error { return s.DeleteClient(t.Context(), c.ID) })
	wantErr(t, "UpdateClient", err, session.ErrNotFound)
	_, err = s.Client(t.Context(), c.ID)
	wantErr(t, "Client", err, session.ErrNotFound)
}

func clientCancelled(t *testing.T, s session.ClientStore) {
	c, want := newClient()
	must(t, s.CreateClient(t.Context(), c))
	other, _ := newClient()
	gaveUp(t, clientCalls(cancelled(t), s, c.ID, other))
	got, err := s.Client(t.Context(), c.ID)
	must(t, err)
	wantEqual(t, "Client", got, want)
	_, err = s.Client(t.Context(), other.ID)
	wantErr(t, "Client", err, session.ErrNotFound)
}

func clientCalls(ctx context.Context, s session.ClientStore, id session.ClientID, other session.Client) map[string]error {
	_, get := s.Client(ctx, id)
	_, update := s.UpdateClient(ctx, id, func(c *session.Client) error { c.SignInID = "sia_changed"; return nil })
	return map[string]error{
		"Client": get, "UpdateClient": update,
		"CreateClient": s.CreateClient(ctx, other), "DeleteClient": s.DeleteClient(ctx, id),
	}
}
