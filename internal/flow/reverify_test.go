package flow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// A-11, M-06: deleting oneself takes a first factor proved in the last 10 minutes, and a
// reverification is such a proof.
func TestDeleteSelf(t *testing.T) {
	for _, strategy := range []string{"password", "email_code"} {
		t.Run(strategy, func(t *testing.T) {
			w := newWorld(t)
			u := w.person(jane)
			b, other := w.browser(), w.browser()
			ss, elsewhere := b.in(jane), other.in(jane)
			w.pass(10*time.Minute + time.Millisecond)
			wantCode(t, w.DeleteSelf(t.Context(), ss), "session_reverification_required")

			// A wrong proof, and a proof under way, count for nothing.
			rv, err := w.StartReverification(t.Context(), b.caller(), ss.ID, "second_factor")
			must(t, err)
			if rv.Status != "needs_first_factor" || rv.Level != "first_factor" || rv.Session.ID != ss.ID || len(rv.SupportedFirstFactors) != 2 {
				t.Fatalf("reverification = %+v", rv)
			}
			_, _, err = w.AttemptReverification(t.Context(), b.caller(), ss.ID, flow.Proof{Strategy: "password", Password: "wrong password"})
			wantCode(t, err, "form_password_incorrect")
			wantCode(t, w.DeleteSelf(t.Context(), b.session(ss.ID)), "session_reverification_required")

			proof := flow.Proof{Strategy: strategy, Password: secret}
			if strategy == "email_code" {
				_, err := w.PrepareReverification(t.Context(), b.caller(), ss.ID, flow.Prepare{
					Strategy: strategy, EmailAddressID: rv.SupportedFirstFactors[1].EmailAddressID,
				})
				must(t, err)
				proof.Code = w.code(jane)
			}
			rv, cookie, err := w.AttemptReverification(t.Context(), b.caller(), ss.ID, proof)
			must(t, err)
			if rv.Status != "complete" || rv.FirstFactor.Status != "verified" || !rv.Session.FirstFactorAt.Equal(w.clock()) {
				t.Errorf("reverification = %+v", rv)
			}
			if cookie == nil || string(cookie.Value) == b.cookie { // S-04
				t.Error("the cookie was not rotated")
			}
			b.cookie = string(cookie.Value)
			// The other session has proved nothing.
			wantCode(t, w.DeleteSelf(t.Context(), other.session(elsewhere.ID)), "session_reverification_required")

			must(t, w.DeleteSelf(t.Context(), b.session(ss.ID)))
			if _, err := w.users.ByID(t.Context(), u.ID); !errors.Is(err, user.ErrNotFound) {
				t.Errorf("ByID = %v", err)
			}
			for _, id := range []session.ID{ss.ID, elsewhere.ID} {
				if got := b.session(id); got.Status != session.StatusRevoked || got.Cause != "user deleted" {
					t.Errorf("session = %s, %q", got.Status, got.Cause)
				}
			}
			// A later user of the same address is somebody else.
			again := w.person(jane)
			if again.ID == u.ID || len(must2(w.sessions.OfUser(t.Context(), string(again.ID)))) != 0 {
				t.Error("something of the deleted user is attached to the new one")
			}
		})
	}
}

func TestDeleteSelfRefusals(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.DeleteSelfEnabled = new(false) })
	b := w.browser()
	ss := b.in(jane)
	wantCode(t, w.DeleteSelf(t.Context(), ss), "user_delete_self_not_enabled")
	_, err := w.users.Update(t.Context(), u.ID, user.Change{DeleteSelfEnabled: new(true)})
	must(t, err)
	w.set(func(s *flow.Settings) { s.DeleteSelf = false })
	wantCode(t, w.DeleteSelf(t.Context(), ss), "user_delete_self_not_enabled")
	w.set(func(s *flow.Settings) { s.DeleteSelf = true })

	// M-06: what a ticket or an impersonation starts is no proof, however young.
	ticket := ss
	ticket.FirstFactorAt = time.Time{}
	wantCode(t, w.DeleteSelf(t.Context(), ticket), "session_reverification_required")
	acted := ss
	acted.Actor = []byte(`{"sub":"admin"}`)
	wantCode(t, w.DeleteSelf(t.Context(), acted), "invalid_action_for_session")

	w.pass(time.Hour)
	w.set(func(s *flow.Settings) { s.Reverification = false })
	must(t, w.DeleteSelf(t.Context(), ss))
}

func TestReverificationRefusals(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.person(joe)
	b, eve := w.browser(), w.browser()
	ss, hers := b.in(jane), eve.in(joe)
	start := func(b *browser, id session.ID, level string) error {
		return second(w.StartReverification(t.Context(), b.caller(), id, level))
	}
	attempt := func(b *browser, id session.ID) error {
		_, cookie, err := w.AttemptReverification(t.Context(), b.caller(), id, flow.Proof{Strategy: "password", Password: secret})
		if cookie != nil {
			b.cookie = string(cookie.Value)
		}
		return err
	}
	wantCode(t, attempt(b, ss.ID), "session_reverification_missing")
	wantCode(t, start(b, ss.ID, "third_factor"), "form_param_value_invalid")
	wantCode(t, start(b, hers.ID, ""), "resource_not_found")
	wantCode(t, start(w.browser(), ss.ID, ""), "resource_not_found")
	wantCode(t, start(b, "sess_nothing", ""), "resource_not_found")
	must(t, start(b, ss.ID, ""))
	wantCode(t, attempt(eve, ss.ID), "resource_not_found")
	wantCode(t, second(w.PrepareReverification(t.Context(), b.caller(), ss.ID, flow.Prepare{Strategy: "password"})), "form_param_value_invalid")
	must(t, attempt(b, ss.ID))
	wantCode(t, attempt(b, ss.ID), "verification_already_verified")
	must(t, start(b, ss.ID, "")) // and again from the start
	w.pass(10 * time.Minute)
	wantCode(t, attempt(b, ss.ID), "session_reverification_missing")
	must(t, start(b, ss.ID, ""))
	if _, err := w.sessions.End(t.Context(), ss.ClientID, ss.ID, session.StatusEnded); err != nil {
		t.Fatal(err)
	}
	wantCode(t, attempt(b, ss.ID), "authentication_invalid")
}

// A first factor alone completes no reverification of a user with a second one.
func TestReverificationWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: "+15555550100", Strategy: "admin"}}
	})
	b := w.browser()
	ss := b.in(jane)
	w.enableSecondFactor(u.ID)
	for level, status := range map[string]string{"first_factor": "complete", "second_factor": "needs_second_factor", "multi_factor": "needs_second_factor", "": "needs_second_factor"} {
		_, err := w.StartReverification(t.Context(), b.caller(), ss.ID, level)
		must(t, err)
		rv, cookie, err := w.AttemptReverification(t.Context(), b.caller(), ss.ID, flow.Proof{Strategy: "password", Password: secret})
		must(t, err)
		b.cookie = string(cookie.Value)
		if rv.Status != status {
			t.Errorf("level %q: status = %s, want %s", level, rv.Status, status)
		}
	}
}
