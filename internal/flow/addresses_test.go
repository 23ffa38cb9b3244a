package flow_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const spare = "jane@example.org"

func (b *browser) add(ss session.Session, kind user.Kind, value string) user.Identification {
	b.t.Helper()
	i, err := b.AddAddress(b.t.Context(), ss, kind, value)
	must(b.t, err)
	return i
}

func (b *browser) prepareAddress(ss session.Session, id user.IdentificationID, strategy string) (user.Identification, error) {
	return b.PrepareAddress(b.t.Context(), b.caller(), ss, id, flow.Prepare{Strategy: strategy})
}

func (b *browser) proveAddress(ss session.Session, id user.IdentificationID, strategy, code string) (user.Identification, error) {
	i, cookie, err := b.AttemptAddress(b.t.Context(), b.caller(), ss, id, flow.Proof{Strategy: strategy, Code: code})
	if cookie != nil {
		b.cookie = string(cookie.Value)
	}
	return i, err
}

func TestAddAddress(t *testing.T) {
	w := withPhones(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.FirstName = "Jane" })
	b := w.browser()
	ss := b.in(jane)
	for _, tt := range []struct {
		kind            user.Kind
		value, strategy string
	}{
		{user.KindEmailAddress, spare, "email_code"},
		{user.KindPhoneNumber, phone, "phone_code"},
	} {
		added := b.add(ss, tt.kind, tt.value)
		shown, err := b.prepareAddress(ss, added.ID, tt.strategy)
		must(t, err)
		if v := shown.Verification; v == nil || v.Status != "unverified" || v.Strategy != tt.strategy || !v.ExpireAt.Equal(w.clock().Add(10*time.Minute)) {
			t.Errorf("verification = %+v", v)
		}
		before := b.cookie
		proved, err := b.proveAddress(ss, added.ID, tt.strategy, w.code(tt.value))
		must(t, err)
		if !proved.Verified() || !proved.Claimed {
			t.Errorf("proved = %+v", proved)
		}
		if b.cookie == before {
			t.Error("S-04: the cookie was not rotated")
		}
		w.pass(time.Second)
	}
	stored, err := w.users.ByID(t.Context(), u.ID)
	must(t, err)
	if stored.PrimaryEmailAddressID != u.PrimaryEmailAddressID || stored.PrimaryPhoneNumberID == "" {
		t.Errorf("primaries = %q, %q", stored.PrimaryEmailAddressID, stored.PrimaryPhoneNumberID)
	}
	// L-05, L-06: the addresses from before are told, with the new one masked.
	w.Close()
	told := 0
	for _, m := range w.outbox.Messages(jane) {
		if m.Kind == "address_added" {
			told++
			if strings.Contains(m.Text, spare) || strings.Contains(m.Text, phone) || !strings.Contains(m.Text, "***") {
				t.Errorf("notice:\n%s", m.Text)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d notices to the address from before, want 2", told)
	}
	for _, m := range w.outbox.Messages(spare) {
		if m.Kind == "address_added" && strings.Contains(m.Text, "j***@e***.org") {
			t.Error("an address is told of itself")
		}
	}
	_, err = b.prepareAddress(ss, stored.PrimaryEmailAddressID, "email_code")
	wantCode(t, err, "verification_already_verified")
}

func TestAddAddressRefusals(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.person(joe)
	b := w.browser()
	ss := b.in(jane)
	ctx := t.Context()
	_, err := b.AddAddress(ctx, ss, user.KindPhoneNumber, phone)
	wantCode(t, err, "form_param_unknown")
	_, err = b.AddAddress(ctx, ss, user.KindEmailAddress, "")
	wantCode(t, err, "form_param_missing")
	if _, err = b.AddAddress(ctx, ss, user.KindEmailAddress, joe); describe(err) != "taken email_address" {
		t.Errorf("a stranger's address: %v", err)
	}
	if _, err = b.AddAddress(ctx, ss, user.KindEmailAddress, "jane@"); describe(err) != "email_address format" {
		t.Errorf("a malformed address: %v", err)
	}
	acting := ss
	acting.Actor = []byte(`{"sub":"user_1"}`)
	_, err = b.AddAddress(ctx, acting, user.KindEmailAddress, spare)
	wantCode(t, err, "invalid_action_for_session")
	added := b.add(ss, user.KindEmailAddress, spare)
	_, err = b.PrepareAddress(ctx, b.caller(), acting, added.ID, flow.Prepare{Strategy: "email_code"})
	wantCode(t, err, "invalid_action_for_session")
	for strategy, code := range map[string]string{
		"": "form_param_missing", "phone_code": "form_param_value_invalid",
		"password": "verification_strategy_invalid", "reset_password_email_code": "verification_strategy_invalid",
	} {
		_, err = b.prepareAddress(ss, added.ID, strategy)
		wantCode(t, err, code)
	}
	_, err = b.proveAddress(ss, added.ID, "email_code", "123456")
	wantCode(t, err, "verification_missing")
	w.pass(11 * time.Minute)
	_, err = b.AddAddress(ctx, ss, user.KindEmailAddress, "jane@example.net")
	wantCode(t, err, "session_reverification_required")
}

// A-01, C-03: an address belongs to one user, and its code to one browser.
func TestAddressesOfOthers(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.person(joe)
	b, stranger := w.browser(), w.browser()
	ss, theirs := b.in(jane), stranger.in(joe)
	added := b.add(ss, user.KindEmailAddress, spare)
	_, err := b.prepareAddress(ss, added.ID, "email_code")
	must(t, err)
	code := w.code(spare)
	_, err = stranger.prepareAddress(theirs, added.ID, "email_code")
	wantCode(t, err, "resource_not_found")
	_, err = stranger.proveAddress(theirs, added.ID, "email_code", code)
	wantCode(t, err, "resource_not_found")
	_, err = stranger.RemoveAddress(t.Context(), stranger.caller(), theirs, user.KindEmailAddress, added.ID)
	wantCode(t, err, "resource_not_found")
	_, err = b.RemoveAddress(t.Context(), b.caller(), ss, user.KindPhoneNumber, added.ID)
	wantCode(t, err, "resource_not_found")
	// Another browser of the same person has to ask for its own.
	second := w.browser()
	_, err = second.proveAddress(second.in(jane), added.ID, "email_code", code)
	wantCode(t, err, "verification_missing")
}

// E-01: a stranger's address looks like a free one, its owner is told, and no code is
// right.
func TestAddressesLookAlike(t *testing.T) {
	w := protected(t)
	w.person(jane)
	w.person(joe)
	b := w.browser()
	ss := b.in(jane)
	var seen []string
	for _, value := range []string{joe, "free@example.com"} {
		added := b.add(ss, user.KindEmailAddress, value)
		shown, err := b.prepareAddress(ss, added.ID, "email_code")
		must(t, err)
		_, err = b.proveAddress(ss, added.ID, "email_code", "000000")
		seen = append(seen, shown.Verification.Status+" "+describe(err))
		w.pass(time.Minute)
	}
	if seen[0] != seen[1] {
		t.Errorf("taken %q, free %q", seen[0], seen[1])
	}
	w.Close()
	if mails := w.outbox.Messages(joe); len(mails) != 1 || mails[0].Kind != "account_exists" {
		t.Errorf("mails to the owner = %+v", mails)
	}
}

func TestRemoveAddress(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.Username = "janedoe"
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{Value: spare, Strategy: "admin"})
	})
	b := w.browser()
	ss := b.in(jane)
	remove := func(id user.IdentificationID) error {
		cookie, err := b.RemoveAddress(t.Context(), b.caller(), ss, user.KindEmailAddress, id)
		if cookie != nil {
			b.cookie = string(cookie.Value)
		}
		return err
	}
	before := b.cookie
	must(t, remove(u.PrimaryEmailAddressID))
	if b.cookie == before {
		t.Error("S-04: the cookie was not rotated")
	}
	w.Close()
	for _, to := range []string{jane, spare} { // L-05
		if mails := w.outbox.Messages(to); len(mails) != 1 || mails[0].Kind != "address_removed" {
			t.Errorf("mails to %s = %+v", to, mails)
		}
	}
	left, err := w.users.ByID(t.Context(), u.ID)
	must(t, err)
	wantCode(t, remove(left.PrimaryEmailAddressID), "last_required_identification_deletion_failed")
	w.pass(11 * time.Minute)
	wantCode(t, remove(left.PrimaryEmailAddressID), "session_reverification_required")
}

// C-04: of parallel uses of one code exactly one succeeds.
func TestParallelProofsOfAnAddress(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	ss := b.in(jane)
	added := b.add(ss, user.KindEmailAddress, spare)
	_, err := b.prepareAddress(ss, added.ID, "email_code")
	must(t, err)
	code, caller := w.code(spare), b.caller()
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 50 {
		group.Go(func() {
			_, _, err := b.AttemptAddress(t.Context(), caller, ss, added.ID, flow.Proof{Strategy: "email_code", Code: code})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if refused, ok := errors.AsType[*flow.Error](err); !ok {
				t.Errorf("another answer: %v", err)
			} else if refused.Code == "form_code_incorrect" {
				t.Errorf("the right code: %v", err)
			}
		})
	}
	group.Wait()
	if done != 1 {
		t.Errorf("%d proofs, want 1", done)
	}
}
