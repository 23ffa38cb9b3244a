package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

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
