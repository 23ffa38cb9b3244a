package storetest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

func newToken(u *user.User) *user.Ticket {
	return &user.Ticket{
		ID: user.TicketID(random.ID("sit", noon)), Kind: user.TicketSignIn, Hash: random.Base62(64), Status: user.TicketPending,
		UserID: u.ID, PublicMetadata: []byte(`{}`), ExpireAt: noon.Add(time.Hour), CreatedAt: noon, UpdatedAt: noon,
	}
}

func newActorToken(u *user.User) *user.Ticket {
	t := newToken(u)
	t.ID, t.Kind = user.TicketID(random.ID("act", noon)), user.TicketActor
	t.Actor, t.SessionLife = []byte(`{"sub":"user_a","reason":"ticket 7 <b>"}`), 30*time.Minute
	return t
}

func newInvitation(address string) *user.Ticket {
	return &user.Ticket{
		ID: user.TicketID(random.ID("inv", noon)), Kind: user.TicketInvitation, Hash: random.Base62(64), Status: user.TicketPending,
		EmailAddress: address, EmailKey: address, PublicMetadata: []byte(`{"plan": "pro", "n": 1.0}`), Sole: true,
		RedirectURL: "https://app.example.com/welcome", ExpireAt: noon.Add(time.Hour), CreatedAt: noon, UpdatedAt: noon,
	}
}

// ticketStore opens the third part of s and stores tickets there.
func ticketStore(t *testing.T, s user.Store, tickets ...*user.Ticket) user.TicketStore {
	t.Helper()
	ts, ok := s.(user.TicketStore)
	if !ok {
		t.Fatal("the store is no user.TicketStore")
	}
	if err := ts.CreateTickets(t.Context(), noon, tickets...); err != nil {
		t.Fatalf("CreateTickets: %v", err)
	}
	return ts
}

func wantTicket(t *testing.T, ts user.TicketStore, want *user.Ticket) {
	t.Helper()
	got, err := ts.TicketByHash(t.Context(), want.Hash)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("TicketByHash = %+v, %v; want %+v", got, err, want)
	}
}

// wantStatus checks that err is a *user.TicketError with the status.
func wantStatus(t *testing.T, what string, err error, want user.TicketStatus) {
	t.Helper()
	e, ok := errors.AsType[*user.TicketError](err)
	if !ok || e.Status != want {
		t.Errorf("%s = %v, want %s", what, err, want)
	}
}

// count runs fn n times at once and counts how often it returns nil; judge sees the errors.
func count(n int, fn func(i int) error, judge func(error)) (successes int) {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	for _, err := range errs {
		if err == nil {
			successes++
		} else {
			judge(err)
		}
	}
	return successes
}

func ticketRoundTrip(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	token, actor, invitation := newToken(u), newActorToken(u), newInvitation("bob@example.com")
	ts := ticketStore(t, s, token, actor, invitation)
	wantTicket(t, ts, token)
	wantTicket(t, ts, actor)
	wantTicket(t, ts, invitation)
}

func ticketNotFound(t *testing.T, s user.Store) {
	token := newToken(newUser("nobody@example.com"))
	ts := ticketStore(t, s)
	if err := ts.CreateTickets(t.Context(), noon, newInvitation("bob@example.com"), token); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("CreateTickets for nobody = %v, want ErrNotFound", err)
	}
	if n, err := ts.CountInvitations(t.Context(), user.InvitationQuery{Statuses: []user.TicketStatus{user.TicketPending}}, noon); n != 0 || err != nil {
		t.Errorf("of those that failed %d are there, %v", n, err)
	}
	if err := ts.CreateTickets(t.Context(), noon, newActorToken(newUser("nobody@example.com"))); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("CreateTickets of an actor token for nobody = %v, want ErrNotFound", err)
	}
	for _, hash := range []string{"", token.Hash, "%", token.Hash[:63]} {
		if _, err := ts.TicketByHash(t.Context(), hash); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("TicketByHash(%q) = %v, want ErrNotFound", hash, err)
		}
	}
	for _, to := range []user.TicketStatus{user.TicketAccepted, user.TicketRevoked} {
		if _, err := ts.SettleTicket(t.Context(), token.ID, to, "", noon); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("SettleTicket to %s = %v, want ErrNotFound", to, err)
		}
	}
}

func ticketSettledOnce(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	for _, first := range []user.TicketStatus{user.TicketAccepted, user.TicketRevoked} {
		invitation := newInvitation("ada@example.com")
		ts := ticketStore(t, s, invitation)
		at := noon.Add(time.Minute)
		by := u.ID
		if first == user.TicketRevoked {
			by = ""
		}
		got, err := ts.SettleTicket(t.Context(), invitation.ID, first, by, at)
		want := *invitation
		want.Status, want.UserID, want.UpdatedAt = first, by, at
		if err != nil || !reflect.DeepEqual(got, &want) {
			t.Fatalf("SettleTicket = %+v, %v; want %+v", got, err, want)
		}
		wantTicket(t, ts, &want)
		for _, again := range []user.TicketStatus{user.TicketAccepted, user.TicketRevoked} {
			_, err := ts.SettleTicket(t.Context(), invitation.ID, again, "", at)
			wantStatus(t, "SettleTicket again", err, first)
		}
		wantTicket(t, ts, &want)
	}
}

func ticketExpiry(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	late, inTime := newToken(u), newToken(u)
	ts := ticketStore(t, s, late, inTime)
	_, err := ts.SettleTicket(t.Context(), late.ID, user.TicketAccepted, "", late.ExpireAt)
	wantStatus(t, "SettleTicket at its expiry", err, user.TicketExpired)
	if got, err := ts.SettleTicket(t.Context(), inTime.ID, user.TicketAccepted, "", inTime.ExpireAt.Add(-time.Millisecond)); err != nil || got.UserID != u.ID {
		t.Errorf("SettleTicket 1 ms before = %+v, %v", got, err)
	}
	if _, err := ts.SettleTicket(t.Context(), late.ID, user.TicketRevoked, "", late.ExpireAt); err != nil {
		t.Errorf("revoking an expired one: %v", err)
	}
}

// C-04, C-10: of fifty who use a ticket, or revoke it, at once, one succeeds.
func parallelSettlings(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	token := newToken(u)
	ts := ticketStore(t, s, token)
	n := count(50, func(i int) error {
		to := user.TicketAccepted
		if i%10 == 9 {
			to = user.TicketRevoked
		}
		_, err := ts.SettleTicket(t.Context(), token.ID, to, "", noon)
		return err
	}, func(err error) {
		if !errors.Is(err, user.ErrTicketSpent) {
			t.Errorf("SettleTicket = %v, want ErrTicketSpent", err)
		}
	})
	if n != 1 {
		t.Errorf("%d of 50 succeeded, want 1", n)
	}
}

func tokensGoWithTheirUser(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	token, accepted, other := newToken(u), newInvitation("ada@example.com"), newInvitation("bob@example.com")
	ts := ticketStore(t, s, token, accepted, other)
	if _, err := ts.SettleTicket(t.Context(), accepted.ID, user.TicketAccepted, u.ID, noon); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []*user.Ticket{token, accepted} {
		if _, err := ts.TicketByHash(t.Context(), gone.Hash); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("the deleted user's %s: %v, want ErrNotFound", gone.Kind, err)
		}
	}
	wantTicket(t, ts, other)
}

func tokensPurged(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	old, oldActor, young, invitation := newToken(u), newActorToken(u), newToken(u), newInvitation("bob@example.com")
	young.ExpireAt = old.ExpireAt.Add(time.Millisecond)
	ts := ticketStore(t, s, old, oldActor, young, invitation)
	if err := ts.PurgeTokens(t.Context(), young.ExpireAt); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []*user.Ticket{old, oldActor} {
		if _, err := ts.TicketByHash(t.Context(), gone.Hash); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("the old %s: %v, want ErrNotFound", gone.Kind, err)
		}
	}
	wantTicket(t, ts, young)
	wantTicket(t, ts, invitation)
}

// Tickets are part of a caller's transaction, as users are.
func ticketsInTx(t *testing.T, s user.Store) {
	tx, inside := begin(t, s)
	u := newUser("ada@example.com")
	create(t, inside, u)
	token := newToken(u)
	wantTicket(t, ticketStore(t, inside, token), token)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := ticketStore(t, s).TicketByHash(t.Context(), token.Hash); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("after the rollback: %v, want ErrNotFound", err)
	}
}
