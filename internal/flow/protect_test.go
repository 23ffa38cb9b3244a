package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

func protected(t testing.TB) *world {
	w := newWorld(t)
	w.set(func(s *flow.Settings) {
		s.EnumerationProtect = true
		s.Username = flow.Attribute{Enabled: true, FirstFactor: true}
	})
	return w
}

// E-01: step by step, a known identifier and one of nobody get the same answers.
func TestSignInsLookAlike(t *testing.T) {
	w := protected(t)
	w.person(jane, func(nu *user.NewUser) { nu.Username, nu.FirstName = "janedoe", "Jane" })
	w.person("bare@example.com", func(nu *user.NewUser) { nu.Password = "" })
	steps := map[string]func(b *browser, identifier string) []string{
		"identify": func(b *browser, identifier string) []string {
			out, err := b.signIn(flow.SignInFields{Identifier: identifier})
			return []string{describe(err), b.shape(out.SignIn)}
		},
		"one_shot": func(b *browser, identifier string) []string {
			out, err := b.signIn(flow.SignInFields{Identifier: identifier, Password: "wrong password"})
			return []string{describe(err), b.shape(out.SignIn)}
		},
		"password": func(b *browser, identifier string) []string {
			out, err := b.password(b.identify(identifier).ID, "wrong password")
			return []string{describe(err), b.shape(out.SignIn)}
		},
		"email_code": func(b *browser, identifier string) []string {
			si := b.identify(identifier)
			ask := flow.Prepare{Strategy: "email_code", EmailAddressID: si.SupportedFirstFactors[1].EmailAddressID}
			out, err := b.prepare(si.ID, ask)
			seen := []string{describe(err), b.shape(out.SignIn)}
			_, err = b.prepare(si.ID, ask)
			seen = append(seen, describe(err))
			for range 6 {
				_, err = b.emailCode(si.ID, "000000")
				seen = append(seen, describe(err))
			}
			return seen
		},
		"foreign_address_id": func(b *browser, identifier string) []string {
			_, err := b.prepare(b.identify(identifier).ID, flow.Prepare{Strategy: "email_code", EmailAddressID: "idn_1"})
			return []string{describe(err)}
		},
		"lock": func(b *browser, identifier string) []string {
			var seen []string
			for range 12 {
				_, err := b.signIn(flow.SignInFields{Identifier: identifier, Password: "wrong password"})
				seen = append(seen, describe(err))
			}
			_, err := b.signIn(flow.SignInFields{Identifier: strings.ToUpper(identifier), Password: "wrong password"})
			seen = append(seen, describe(err))
			_, err = b.prepare(b.identify(identifier).ID, flow.Prepare{Strategy: "email_code"})
			seen = append(seen, describe(err))
			for i, code := range seen {
				if (code == "user_locked") != (i >= 9) {
					t.Errorf("step %d of %s = %q", i+1, identifier, code)
				}
			}
			return seen
		},
	}
	for name, take := range steps {
		for known, unknown := range map[string]string{jane: joe, "janedoe": "johndoe", "bare@example.com": "none@example.com"} {
			t.Run(name+"/"+known, func(t *testing.T) {
				w.pass(24 * time.Hour)
				got, want := take(w.browser(), unknown), take(w.browser(), known)
				a, b := strings.ReplaceAll(strings.Join(got, "\n"), unknown, "X"), strings.ReplaceAll(strings.Join(want, "\n"), known, "X")
				if a != b {
					t.Errorf("unknown:\n%s\nknown:\n%s", a, b)
				}
			})
		}
	}
	w.Close()
	for _, to := range []string{joe, "none@example.com"} {
		if n := len(w.outbox.Messages(to)); n != 0 {
			t.Errorf("%d mails to %s, who has no account", n, to)
		}
	}
}

// shape shows a sign-in without what differs by nature: its id and made-up ids.
func (b *browser) shape(si *flow.SignIn) string {
	if si == nil {
		return ""
	}
	v := *si
	v.ID, v.AbandonAt = "", time.Time{}
	v.SupportedFirstFactors = append([]flow.Factor(nil), v.SupportedFirstFactors...)
	for i := range v.SupportedFirstFactors {
		f := &v.SupportedFirstFactors[i]
		if n := len(f.EmailAddressID); n > 0 && n != 31 {
			b.t.Errorf("email address id %q has the wrong form", f.EmailAddressID)
		}
		f.EmailAddressID = f.EmailAddressID[:min(4, len(f.EmailAddressID))]
	}
	return shape(b.t, v)
}

// A protected sign-in of somebody who exists works all the same, by both strategies,
// and the mail goes to the address as stored.
func TestProtectedSignInWorks(t *testing.T) {
	w := protected(t)
	w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
	w.browser().in(jane)
	b := w.browser()
	si := b.identify("JaneDoe")
	_, err := b.prepare(si.ID, flow.Prepare{Strategy: "email_code", EmailAddressID: si.SupportedFirstFactors[1].EmailAddressID})
	must(t, err)
	out, err := b.emailCode(si.ID, w.code(jane))
	must(t, err)
	if out.SignIn.Status != "complete" {
		t.Errorf("status = %s", out.SignIn.Status)
	}
}

// E-01: a sign-up for an address that has an account looks like any other to whoever
// makes it, and never completes; the owner gets a notice.
func TestSignUpsLookAlike(t *testing.T) {
	w := protected(t)
	w.person(jane, func(nu *user.NewUser) { nu.FirstName = "Jane" })
	var seen []string
	for _, email := range []string{"JANE@example.com", "New@example.com"} {
		b := w.browser()
		f := fields(email)
		f.FirstName = new("http://evil.example")
		out, err := b.signUp(f)
		must(t, err)
		id := out.SignUp.ID
		line := b.signUpShape(out.SignUp)
		out, err = b.prepareSignUp(id)
		must(t, err)
		line += b.signUpShape(out.SignUp)
		for range 6 {
			_, err = b.verify(id, "000000")
			line += " " + describe(err)
		}
		seen = append(seen, strings.ReplaceAll(line, email[:4]+"@example.com", "X@example.com"))
		w.pass(time.Second)
	}
	seen[0], seen[1] = strings.ReplaceAll(seen[0], "JANE@", "@"), strings.ReplaceAll(seen[1], "New@", "@")
	if seen[0] != seen[1] {
		t.Errorf("taken:\n%s\nfree:\n%s", seen[0], seen[1])
	}
	w.Close()
	mails := w.outbox.Messages(jane)
	if len(mails) != 1 || mails[0].Kind != "account_exists" || mails[0].Code != "" {
		t.Fatalf("mails to the owner = %+v", mails)
	}
	// C-12: to the address as stored, in the name of its owner, with nothing of the stranger's.
	if mails[0].To != jane || strings.Contains(mails[0].Text+mails[0].HTML, "evil") || !strings.Contains(mails[0].Text, "Hello Jane,") {
		t.Errorf("mail = %+v", mails[0])
	}
}

// E-01: of an address that has an account no code is right, that of test addresses included.
func TestTestCodeOfATakenAddress(t *testing.T) {
	const address = "jane+clerk_test@example.com"
	w := newWorld(t, func(c *flow.Config) { c.TestCode = testCode })
	w.set(func(s *flow.Settings) { s.EnumerationProtect = true })
	w.person(address)
	b := w.browser()
	su := b.started(address)
	_, err := b.verify(su.ID, testCode)
	wantCode(t, err, "form_code_incorrect")
}

func (b *browser) signUpShape(su *flow.SignUp) string {
	v := *su
	v.ID, v.AbandonAt, v.EmailAddress = "", time.Time{}, ""
	if e := v.EmailVerification; e != nil {
		e.ExpireAt = time.Time{}
	}
	return shape(b.t, v)
}

// E-01, E-03, C-06: a lock holds for the person and is told for the identifier that the
// failures came with: by another one nobody gets in either, nothing is sent, and nobody
// learns why.
func TestLockHoldsForOtherIdentifiers(t *testing.T) {
	w := protected(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
	try := func(identifier, password, want string) {
		t.Helper()
		_, err := w.browser().signIn(flow.SignInFields{Identifier: identifier, Password: password})
		if got := describe(err); got != want {
			t.Fatalf("%s with %q: %q, want %q", identifier, password, got, want)
		}
	}
	fail := func(identifier string, n int) {
		t.Helper()
		for range n {
			try(identifier, "wrong password", "form_password_incorrect")
		}
	}
	fail(jane, 9)
	try(jane, "wrong password", "user_locked")
	try(jane, secret, "user_locked")
	try("janedoe", "wrong password", "form_password_incorrect")
	try("janedoe", secret, "form_password_incorrect")
	b := w.browser()
	_, err := b.prepare(b.identify("janedoe").ID, flow.Prepare{Strategy: "email_code"})
	must(t, err)
	w.Close()
	if n := len(w.outbox.Messages(jane)); n != 0 {
		t.Errorf("%d mails to somebody who is locked", n)
	}
	// The lock is not made longer by that.
	w.pass(time.Hour)
	w.browser().in("janedoe")
	w.browser().in(jane)

	// An operator's unlocking counts; whoever fails after it fails as before.
	fail(jane, 9)
	try(jane, "wrong password", "user_locked")
	_, err = w.users.Unlock(t.Context(), u.ID)
	must(t, err)
	w.browser().in(jane)
	w.browser().in("janedoe")
	for range 10 {
		try(jane, "wrong password", "user_locked")
	}
	try("janedoe", secret, "form_password_incorrect")
}

// E-02: a destination that had enough by one identifier gets no more by another, and
// nobody is told.
func TestSendLimitHoldsForOtherIdentifiers(t *testing.T) {
	w := protected(t)
	w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
	for i := range 10 {
		identifier := []string{jane, "janedoe"}[i%2]
		b := w.browser()
		_, err := b.prepare(b.identify(identifier).ID, flow.Prepare{Strategy: "email_code"})
		must(t, err)
	}
	w.Close()
	if n := len(w.outbox.Messages(jane)); n != 5 {
		t.Errorf("%d mails in an hour, want 5", n)
	}
}

// E-01: what looks for somebody takes its time, found or not; where nothing is hidden
// nobody waits.
func TestFloor(t *testing.T) {
	for _, protect := range []bool{true, false} {
		w := protected(t)
		w.set(func(s *flow.Settings) { s.EnumerationProtect = protect })
		w.person(jane)
		waited := flow.Pauses(w.Engine)
		for i, step := range []func() error{
			func() error { _, err := w.browser().signIn(flow.SignInFields{Identifier: joe}); return err },
			func() error { _, err := w.browser().signIn(flow.SignInFields{Identifier: jane}); return err },
			func() error { _, err := w.browser().prepare("sia_1", flow.Prepare{}); return err },
			func() error { _, err := w.browser().password("sia_1", "wrong password"); return err },
			func() error { _, err := w.browser().prepareSignUp("sua_1"); return err },
			func() error {
				_, err := w.PrepareAddress(t.Context(), flow.Caller{}, session.Session{}, "idn_1", flow.Prepare{})
				return err
			},
		} {
			before := waited()
			_ = step()
			if got := waited()-before == 1; got != protect {
				t.Errorf("step %d, protected %v: waited %v", i, protect, got)
			}
		}
	}
}
