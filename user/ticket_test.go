package user_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestSignInToken(t *testing.T) {
	f := newFixture(t)
	u, err := f.Create(t.Context(), user.NewUser{Username: "ada_l"})
	if err != nil {
		t.Fatal(err)
	}
	for life, want := range map[time.Duration]time.Duration{0: 30 * 24 * time.Hour, time.Second: time.Second, time.Hour: time.Hour} {
		issued, err := f.CreateSignInToken(t.Context(), u.ID, life)
		if err != nil || !issued.ExpireAt.Equal(noon.Add(want)) || issued.Kind != user.TicketSignIn || issued.UserID != u.ID {
			t.Errorf("life %v: %+v, %v", life, issued, err)
		}
	}
	for _, life := range []time.Duration{-1, time.Second - 1} {
		_, err := f.CreateSignInToken(t.Context(), u.ID, life)
		wantRule(t, err, "expires_in_seconds", user.RuleValue)
	}
	for _, id := range []user.ID{"", "user_", "user_nobody", "' or 1=1"} {
		if _, err := f.CreateSignInToken(t.Context(), id, 0); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("CreateSignInToken(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

// C-10: the whole secret finds a ticket, and nothing else does.
func TestTicketBySecret(t *testing.T) {
	f := newFixture(t)
	all, err := f.Invite(t.Context(), user.NewInvitation{EmailAddress: "Bob@Example.com", PublicMetadata: json.RawMessage(`{ "a": 1 }`)})
	if err != nil {
		t.Fatal(err)
	}
	secret := string(all[0].Secret)
	got, err := f.TicketBySecret(t.Context(), secret)
	if err != nil || got.ID != all[0].ID || got.EmailAddress != "Bob@example.com" || got.EmailKey != "bob@example.com" || string(got.PublicMetadata) != `{"a":1}` {
		t.Errorf("TicketBySecret = %+v, %v", got, err)
	}
	last := "A"
	if strings.HasSuffix(secret, last) {
		last = "B"
	}
	for _, bad := range []string{"", secret[:42] + last, secret[:41], secret + "A", secret[1:] + "A", got.Hash, string(got.ID), strings.Repeat("A", 1<<20)} {
		if _, err := f.TicketBySecret(t.Context(), bad); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("TicketBySecret(%.50q) = %v, want ErrNotFound", bad, err)
		}
	}
}

func TestTicketIDs(t *testing.T) {
	for id, want := range map[user.TicketID]user.TicketKind{
		"sit_1": user.TicketSignIn, "inv_1": user.TicketInvitation,
		"": "", "sit_": "", "inv_*": "", "idn_1": "", "sit_a'b": "",
	} {
		if got := id.Kind(); got != want {
			t.Errorf("Kind of %q = %q, want %q", id, got, want)
		}
	}
	f := newFixture(t)
	u, err := f.Create(t.Context(), user.NewUser{Username: "ada_l"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []user.TicketID{"", "idn_1", "inv_*"} {
		if _, err := f.AcceptTicket(t.Context(), id, u.ID); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("AcceptTicket(%q) = %v", id, err)
		}
		if _, err := f.RevokeTicket(t.Context(), id); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("RevokeTicket(%q) = %v", id, err)
		}
	}
}

// L-02: however it is printed, a ticket's secret does not show.
func TestTicketSecretIsRedacted(t *testing.T) {
	f := newFixture(t)
	all, err := f.Invite(t.Context(), user.NewInvitation{EmailAddress: "bob@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(all[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		string(raw), fmt.Sprint(all[0]), fmt.Sprintf("%+v", *all[0]), fmt.Sprintf("%#v %d %q %x", all[0].Secret, all[0].Secret, all[0].Secret, all[0].Secret),
		all[0].Secret.String(), all[0].Secret.LogValue().String(),
	} {
		if strings.Contains(text, string(all[0].Secret)) || !strings.Contains(text, "[redacted]") {
			t.Errorf("printed as %s", text)
		}
	}
}

func TestInviteRules(t *testing.T) {
	f := newFixture(t)
	if _, err := f.Create(t.Context(), user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "admin"}}}); err != nil {
		t.Fatal(err)
	}
	for field, ni := range map[string]user.NewInvitation{
		"email_address":   {EmailAddress: "bob"},
		"public_metadata": {EmailAddress: "bob@example.com", PublicMetadata: json.RawMessage(`[]`)},
		"expires_in_days": {EmailAddress: "bob@example.com", Life: 366 * 24 * time.Hour},
	} {
		_, err := f.Invite(t.Context(), user.NewInvitation{EmailAddress: "fine@example.com"}, ni)
		if e, ok := errors.AsType[*user.FieldError](err); !ok || e.Field != field {
			t.Errorf("Invite = %v, want one about %s", err, field)
		}
	}
	if _, err := f.Invite(t.Context(), user.NewInvitation{EmailAddress: "ADA@example.com"}); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Errorf("Invite of a user = %v, want ErrIdentifierTaken", err)
	}
	if _, total, err := f.Invitations(t.Context(), user.InvitationQuery{}); total != 0 || err != nil {
		t.Errorf("%d invitations, %v; want none", total, err)
	}
	statuses := []user.TicketStatus{user.TicketRevoked, user.TicketAccepted}
	for field, q := range map[string]user.InvitationQuery{
		"status":   {Statuses: []user.TicketStatus{"odd"}},
		"order_by": {OrderBy: "+-created_at"},
		"limit":    {Limit: 501},
		"offset":   {Offset: -1},
		"query":    {Text: "\x00"},
	} {
		_, _, err := f.Invitations(t.Context(), q)
		if e, ok := errors.AsType[*user.FieldError](err); !ok || e.Field != field {
			t.Errorf("Invitations = %v, want one about %s", err, field)
		}
	}
	if _, _, err := f.Invitations(t.Context(), user.InvitationQuery{Statuses: statuses}); err != nil || statuses[0] != user.TicketRevoked {
		t.Errorf("Invitations = %v, and the caller's list is %v", err, statuses)
	}
}

// An invitation makes a user of its own address, once.
func TestCreateByInvitation(t *testing.T) {
	f := newFixture(t)
	all, err := f.Invite(t.Context(), user.NewInvitation{EmailAddress: "bob@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	bob := func(address string, id user.TicketID) (*user.User, error) {
		return f.Create(t.Context(), user.NewUser{
			EmailAddresses: []user.NewIdentifier{{Value: address, Strategy: "ticket"}}, Invitation: id,
		})
	}
	if _, err := bob("bob@example.com", "sit_1"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("by a sign-in token: %v, want ErrNotFound", err)
	}
	if _, err := bob("eve@example.com", all[0].ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("with another address: %v, want ErrNotFound", err)
	}
	u, err := bob("BOB@example.com", all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.TicketBySecret(t.Context(), string(all[0].Secret))
	if err != nil || got.Status != user.TicketAccepted || got.UserID != u.ID || u.Version != 1 {
		t.Errorf("invitation %+v, %v; user %+v", got, err, u)
	}
	if _, err := bob("bob@example.com", all[0].ID); !errors.Is(err, user.ErrTicketSpent) {
		t.Errorf("a second time: %v, want ErrTicketSpent", err)
	}
}

// Drain forgets sign-in tokens a month after their end.
func TestDrainPurgesTokens(t *testing.T) {
	f := newFixture(t)
	u, err := f.Create(t.Context(), user.NewUser{Username: "ada_l"})
	if err != nil {
		t.Fatal(err)
	}
	issued, err := f.CreateSignInToken(t.Context(), u.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		pass time.Duration
		kept bool
	}{{30 * 24 * time.Hour, true}, {2 * time.Hour, false}} {
		f.now = f.now.Add(step.pass)
		if _, err := f.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.TicketBySecret(t.Context(), string(issued.Secret)); errors.Is(err, user.ErrNotFound) == step.kept {
			t.Errorf("after %v more: %v, kept should be %v", step.pass, err, step.kept)
		}
	}
}
