package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// noted keeps what is written to the audit log.
type noted struct {
	entries []audit.Entry
	fail    error
}

func (n *noted) Write(_ context.Context, entries ...audit.Entry) error {
	n.entries = append(n.entries, entries...)
	return n.fail
}

// take returns the types noted since the last call, each with whom it is about.
func (n *noted) take() (out []string) {
	for _, e := range n.entries {
		about := "nobody"
		if e.Subject != "" {
			about = "somebody"
		}
		out = append(out, string(e.Type)+" "+about)
	}
	n.entries = nil
	return out
}

// L-04: what a flow comes to is noted where no change of a user or a session tells of it.
// The table is of flows; users' and sessions' own changes are held by their packages.
func TestFlowsAreAudited(t *testing.T) {
	const wrongPassword = "wrong password"
	for _, tc := range []struct {
		name string
		want []string
		run  func(t *testing.T, w *world, b *browser)
	}{
		{"unknown identifier", []string{"sign_in.failed nobody"}, func(t *testing.T, _ *world, b *browser) {
			_, err := b.signIn(flow.SignInFields{Identifier: joe, Password: secret})
			wantCode(t, err, "form_identifier_not_found")
		}},
		{"wrong password", []string{"sign_in.password.failed somebody"}, func(t *testing.T, _ *world, b *browser) {
			_, err := b.signIn(flow.SignInFields{Identifier: jane, Password: wrongPassword})
			wantCode(t, err, "form_password_incorrect")
		}},
		{"wrong code", []string{"sign_in.attempt_first_factor.failed somebody"}, func(t *testing.T, w *world, b *browser) {
			out, err := b.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
			must(t, err)
			_, err = b.emailCode(out.SignIn.ID, wrong(w.code(jane)))
			wantCode(t, err, "form_code_incorrect")
		}},
		{"banned", []string{"sign_in.attempt_first_factor.failed somebody"}, func(t *testing.T, w *world, b *browser) {
			_, err := w.users.Ban(t.Context(), w.userID(jane))
			must(t, err)
			_, err = b.signIn(flow.SignInFields{Identifier: jane, Password: secret})
			wantCode(t, err, "user_banned")
		}},
		{"right password", nil, func(t *testing.T, _ *world, b *browser) { b.in(jane) }}, // the session says so
		{"lock", []string{"sign_in.user_locked somebody"}, func(t *testing.T, w *world, b *browser) {
			w.set(func(s *flow.Settings) { s.LockoutAttempts = 1 })
			_, err := b.signIn(flow.SignInFields{Identifier: jane, Password: wrongPassword})
			wantCode(t, err, "user_locked")
		}},
		{"reverification", []string{"session.reverification.failed somebody", "session.reverification.passed somebody"}, func(t *testing.T, w *world, b *browser) {
			ss := b.in(jane)
			_, err := w.StartReverification(t.Context(), b.caller(), ss.ID, "")
			must(t, err)
			_, _, err = w.AttemptReverification(t.Context(), b.caller(), ss.ID, flow.Proof{Strategy: "password", Password: wrongPassword})
			wantCode(t, err, "form_password_incorrect")
			_, _, err = w.AttemptReverification(t.Context(), b.caller(), ss.ID, flow.Proof{Strategy: "password", Password: secret})
			must(t, err)
		}},
		{"change of the password", []string{"user.password.change_failed somebody"}, func(t *testing.T, w *world, b *browser) {
			ss := b.in(jane)
			_, err := w.ChangePassword(t.Context(), b.caller(), ss, wrongPassword, another, false)
			wantCode(t, err, "form_password_incorrect")
		}},
		{"reset", []string{"user.password.reset somebody"}, func(t *testing.T, _ *world, b *browser) {
			_, err := b.reset(b.forgot(jane).ID, renewed, false)
			must(t, err)
		}},
		{"wrong code at sign-up", []string{"sign_up.failed nobody"}, func(t *testing.T, w *world, b *browser) {
			_, err := b.verify(b.started(joe).ID, wrong(w.code(joe)))
			wantCode(t, err, "form_code_incorrect")
		}},
		{"sign-in token", []string{"sign_in_token.created somebody", "sign_in_token.revoked somebody"}, func(t *testing.T, w *world, _ *browser) {
			issued, err := w.IssueSignInToken(t.Context(), w.userID(jane), 0)
			must(t, err)
			_, err = w.RevokeTicket(t.Context(), issued.ID)
			must(t, err)
		}},
		{"invitation", []string{"invitation.created nobody", "invitation.revoked nobody"}, func(t *testing.T, w *world, _ *browser) {
			issued, err := w.Invite(t.Context(), flow.NewInvitation{NewInvitation: user.NewInvitation{EmailAddress: joe}})
			must(t, err)
			_, err = w.RevokeTicket(t.Context(), issued[0].ID)
			must(t, err)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := &noted{}
			w := newWorld(t, func(c *flow.Config) { c.Audit = n })
			w.person(jane)
			tc.run(t, w, w.browser())
			text := fmt.Sprint(n.entries)
			if got := n.take(); !slices.Equal(got, tc.want) {
				t.Errorf("noted %q, want %q", got, tc.want)
			}
			// L-01: neither what was typed nor whose address it was.
			for _, canary := range []string{wrongPassword, secret, jane, joe} {
				if strings.Contains(text, canary) {
					t.Errorf("the log holds %q: %s", canary, text)
				}
			}
		})
	}
}

// E-01: where identifiers are hidden, a proof for nobody is noted as one for somebody is.
func TestHiddenProofsAreAudited(t *testing.T) {
	n := &noted{}
	w := newWorld(t, func(c *flow.Config) { c.Audit = n })
	w.set(func(s *flow.Settings) { s.EnumerationProtect = true })
	w.person(jane)
	var seen []string
	for _, identifier := range []string{jane, joe} {
		_, err := w.browser().signIn(flow.SignInFields{Identifier: identifier, Password: "wrong password"})
		if err == nil {
			t.Fatal("signed in")
		}
		details, err := json.Marshal(n.entries[0].Details)
		must(t, err)
		seen = append(seen, fmt.Sprint(len(n.entries), n.entries[0].Type, string(details)))
		n.entries = nil
	}
	if seen[0] != seen[1] {
		t.Errorf("noted %s for somebody and %s for nobody", seen[0], seen[1])
	}
}

// A log that is away changes no answer.
func TestAuditLogIsAway(t *testing.T) {
	n := &noted{fail: errors.New("away")}
	w := newWorld(t, func(c *flow.Config) { c.Audit = n })
	w.person(jane)
	_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong password"})
	wantCode(t, err, "form_password_incorrect")
	if !strings.Contains(w.log.String(), "audit entry lost") {
		t.Error("nothing says that an entry was lost")
	}
}
