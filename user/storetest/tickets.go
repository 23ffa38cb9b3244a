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
	token, invitation := newToken(u), newInvitation("bob@example.com")
	ts := ticketStore(t, s, token, invitation)
	wantTicket(t, ts, token)
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
	old, young, invitation := newToken(u), newToken(u), newInvitation("bob@example.com")
	young.ExpireAt = old.ExpireAt.Add(time.Millisecond)
	ts := ticketStore(t, s, old, young, invitation)
	if err := ts.PurgeTokens(t.Context(), young.ExpireAt); err != nil {
		t.Fatal(err)
	}
	if _, err := ts.TicketByHash(t.Context(), old.Hash); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("the old token: %v, want ErrNotFound", err)
	}
	wantTicket(t, ts, young)
	wantTicket(t, ts, invitation)
}

func soleInvitation(t *testing.T, s user.Store) {
	first := newInvitation("bob@example.com")
	ts := ticketStore(t, s, first)
	invite := func(sole bool, now time.Time) (*user.Ticket, error) {
		next := newInvitation("bob@example.com")
		next.Sole, next.ExpireAt = sole, now.Add(time.Hour)
		return next, ts.CreateTickets(t.Context(), now, newInvitation(random.Base62(9)+"@example.com"), next)
	}
	_, err := invite(true, noon)
	if e, ok := errors.AsType[*user.InvitedError](err); !ok || e.EmailAddress != "bob@example.com" {
		t.Errorf("a second one = %v, want InvitedError", err)
	}
	if n, _ := ts.CountInvitations(t.Context(), user.InvitationQuery{Statuses: []user.TicketStatus{user.TicketPending}}, noon); n != 1 {
		t.Errorf("%d are pending, want 1: one that fails takes the others along", n)
	}
	beside, err := invite(false, noon)
	if err != nil {
		t.Errorf("one beside it: %v", err)
	}
	if _, err := ts.SettleTicket(t.Context(), first.ID, user.TicketRevoked, "", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := invite(true, noon); !errors.Is(err, user.ErrInvited) {
		t.Errorf("with one beside it pending: %v, want ErrInvited", err)
	}
	if _, err := invite(true, beside.ExpireAt); err != nil {
		t.Errorf("when it has expired: %v", err)
	}
	if _, err := invite(true, beside.ExpireAt.Add(time.Hour)); err != nil {
		t.Errorf("when a sole one has expired: %v", err)
	}
}

// D-05: of those who invite one address at once, one succeeds.
func parallelSoleInvitations(t *testing.T, s user.Store) {
	ts := ticketStore(t, s)
	n := count(20, func(int) error {
		return ts.CreateTickets(t.Context(), noon, newInvitation("bob@example.com"))
	}, func(err error) {
		if !errors.Is(err, user.ErrInvited) {
			t.Errorf("CreateTickets = %v, want ErrInvited", err)
		}
	})
	if n != 1 {
		t.Errorf("%d of 20 succeeded, want 1", n)
	}
}

func createInvited(t *testing.T, s user.Store) {
	invitation := newInvitation("bob@example.com")
	ts := ticketStore(t, s, invitation)
	u := newUser("bob@example.com")
	at := noon.Add(time.Minute)
	e := newEvent(user.EventCreated, u.ID)
	if err := ts.CreateInvited(t.Context(), u, invitation.ID, at, e); err != nil {
		t.Fatalf("CreateInvited: %v", err)
	}
	want := *invitation
	want.Status, want.UserID, want.UpdatedAt = user.TicketAccepted, u.ID, at
	wantTicket(t, ts, &want)
	if got := byID(t, s, u.ID); got.Version != 1 {
		t.Errorf("version %d, want 1", got.Version)
	}
	if got := pending(t, s); len(got) != 1 || got[0] != e {
		t.Errorf("events = %v, want %v", got, e)
	}
}

func createInvitedFailsWhole(t *testing.T, s user.Store) {
	taken := newUser("taken@example.com")
	create(t, s, taken)
	used, revoked, foreign, ofTaken := newInvitation("a@example.com"), newInvitation("b@example.com"), newInvitation("c@example.com"), newInvitation("taken@example.com")
	ts := ticketStore(t, s, used, revoked, foreign, ofTaken)
	for id, to := range map[user.TicketID]user.TicketStatus{used.ID: user.TicketAccepted, revoked.ID: user.TicketRevoked} {
		if _, err := ts.SettleTicket(t.Context(), id, to, "", noon); err != nil {
			t.Fatal(err)
		}
	}
	invited := func(address string, id user.TicketID, now time.Time) error {
		u := newUser(address)
		err := ts.CreateInvited(t.Context(), u, id, now, newEvent(user.EventCreated, u.ID))
		if _, found := s.ByID(t.Context(), u.ID); !errors.Is(found, user.ErrNotFound) {
			t.Errorf("%s: the user is there: %v", address, found)
		}
		return err
	}
	wantStatus(t, "a used one", invited("a@example.com", used.ID, noon), user.TicketAccepted)
	wantStatus(t, "a revoked one", invited("b@example.com", revoked.ID, noon), user.TicketRevoked)
	wantStatus(t, "an expired one", invited("c@example.com", foreign.ID, foreign.ExpireAt), user.TicketExpired)
	if err := invited("other@example.com", foreign.ID, noon); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("somebody else's = %v, want ErrNotFound", err)
	}
	if err := invited("c@example.com", user.TicketID(random.ID("inv", noon)), noon); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown one = %v, want ErrNotFound", err)
	}
	if err := invited("taken@example.com", ofTaken.ID, noon); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Errorf("a taken address = %v, want ErrIdentifierTaken", err)
	}
	wantTicket(t, ts, foreign)
	wantTicket(t, ts, ofTaken)
	if got := pending(t, s); len(got) != 0 {
		t.Errorf("events = %v", got)
	}
}

// C-04, C-10: of fifty who sign up by one invitation at once, one has an account, and the
// others are told that it is used up.
func parallelInvited(t *testing.T, s user.Store) {
	invitation := newInvitation("bob@example.com")
	ts := ticketStore(t, s, invitation)
	n := count(50, func(int) error {
		return ts.CreateInvited(t.Context(), newUser("bob@example.com"), invitation.ID, noon)
	}, func(err error) { wantStatus(t, "CreateInvited", err, user.TicketAccepted) })
	if n != 1 {
		t.Errorf("%d of 50 succeeded, want 1", n)
	}
}

func findInvitations(t *testing.T, s user.Store) {
	ada := newUser("ada@example.com")
	create(t, s, ada)
	var all []*user.Ticket
	for n, address := range []string{"d@example.com", "c%x@example.com", "b@example.org", "a@example.com"} {
		i := newInvitation(address)
		i.CreatedAt = noon.Add(time.Duration(n/2) * time.Minute) // two pairs of ties
		i.ExpireAt = noon.Add(time.Duration(10-n) * time.Hour)
		all = append(all, i)
	}
	ts := ticketStore(t, s, append(all, newToken(ada))...)
	for n, to := range []user.TicketStatus{user.TicketAccepted, user.TicketRevoked} {
		if _, err := ts.SettleTicket(t.Context(), all[n].ID, to, "", noon); err != nil {
			t.Fatal(err)
		}
	}
	every := []user.TicketStatus{user.TicketAccepted, user.TicketExpired, user.TicketPending, user.TicketRevoked}
	late := all[3].ExpireAt // the last one has just expired
	for _, test := range []struct {
		name string
		q    user.InvitationQuery
		want string // first letters, in order
	}{
		{"pending", user.InvitationQuery{Statuses: every[2:3], OrderBy: "email_address"}, "b"},
		{"expired", user.InvitationQuery{Statuses: every[1:2], OrderBy: "email_address"}, "a"},
		{"accepted or revoked", user.InvitationQuery{Statuses: []user.TicketStatus{user.TicketAccepted, user.TicketRevoked}, OrderBy: "email_address"}, "cd"},
		{"none", user.InvitationQuery{Statuses: []user.TicketStatus{}, OrderBy: "email_address"}, ""},
		{"by address", user.InvitationQuery{Statuses: every, OrderBy: "+email_address"}, "abcd"},
		{"by address, down", user.InvitationQuery{Statuses: every, OrderBy: "-email_address"}, "dcba"},
		{"by expiry", user.InvitationQuery{Statuses: every, OrderBy: "expires_at"}, "abcd"},
		{"page", user.InvitationQuery{Statuses: every, OrderBy: "email_address", Limit: 2, Offset: 1}, "bc"},
		{"text", user.InvitationQuery{Statuses: every, OrderBy: "email_address", Text: "EXAMPLE.com"}, "acd"},
		{"text is literal", user.InvitationQuery{Statuses: every, OrderBy: "email_address", Text: "c%x"}, "c"},
		{"text of an id", user.InvitationQuery{Statuses: every, OrderBy: "email_address", Text: string(all[2].ID)}, "b"},
	} {
		whole := test.q
		if test.q.Limit == 0 {
			test.q.Limit = 10
		}
		got, err := ts.FindInvitations(t.Context(), test.q, late)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		letters := ""
		for _, i := range got {
			letters += i.EmailAddress[:1]
		}
		if letters != test.want {
			t.Errorf("%s: found %q, want %q", test.name, letters, test.want)
		}
		n, err := ts.CountInvitations(t.Context(), whole, late)
		if want := len(test.want); err != nil || test.q.Offset == 0 && n != want || test.q.Offset > 0 && n != len(all) {
			t.Errorf("%s: count = %d, %v", test.name, n, err)
		}
	}
	// Pages with ties neither repeat nor miss one.
	seen := map[user.TicketID]bool{}
	for offset := range all {
		page, err := ts.FindInvitations(t.Context(), user.InvitationQuery{Statuses: every, OrderBy: "-created_at", Limit: 1, Offset: offset}, late)
		if err != nil || len(page) != 1 || seen[page[0].ID] {
			t.Fatalf("page %d = %v, %v", offset, page, err)
		}
		seen[page[0].ID] = true
	}
	if _, err := ts.FindInvitations(t.Context(), user.InvitationQuery{Statuses: every, OrderBy: "hash", Limit: 1}, late); !errors.Is(err, user.ErrInvalid) {
		t.Errorf("an unknown order = %v, want ErrInvalid", err)
	}
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
