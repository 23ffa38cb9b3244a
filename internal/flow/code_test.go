package flow_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// C-02: exactly six ASCII digits. C-05: each of these was a try.
func TestCodesAreTakenAsTheyAre(t *testing.T) {
	w := newWorld(t)
	for _, mangle := range []struct {
		name string
		make func(code string) string
	}{
		{"blank_before", func(c string) string { return " " + c }},
		{"blank_after", func(c string) string { return c + " " }},
		{"newline", func(c string) string { return c + "\n" }},
		{"sign", func(c string) string { return "+" + c }},
		{"fraction", func(c string) string { return c + ".0" }},
		{"leading_zero", func(c string) string { return "0" + c }},
		{"fullwidth", func(c string) string {
			return strings.Map(func(r rune) rune { return r - '0' + '０' }, c)
		}},
		{"arabic_digits", func(c string) string {
			return strings.Map(func(r rune) rune { return r - '0' + '٠' }, c)
		}},
	} {
		t.Run(mangle.name, func(t *testing.T) {
			w.pass(24 * time.Hour)
			b := w.browser()
			su := b.started(jane)
			code := w.code(jane)
			for range 5 {
				_, err := b.verify(su.ID, mangle.make(code))
				wantCode(t, err, "form_code_incorrect")
			}
			_, err := b.verify(su.ID, code)
			wantCode(t, err, "verification_failed")
		})
	}
}

// C-01, C-07: five tries, then even the right code fails; ten minutes, then it is expired.
func TestTriesAndLifeOfACode(t *testing.T) {
	w := newWorld(t)
	w.person(joe)
	flows := map[string]func() (b *browser, id, to string, attempt func(code string) (string, error)){
		"sign_up": func() (*browser, string, string, func(string) (string, error)) {
			b := w.browser()
			su := b.started(jane)
			return b, su.ID, jane, func(code string) (string, error) {
				_, err := b.verify(su.ID, code)
				got, _ := w.Engine.SignUp(t.Context(), b.caller(), su.ID)
				return got.EmailVerification.Status, err
			}
		},
		"sign_in": func() (*browser, string, string, func(string) (string, error)) {
			b := w.browser()
			id := b.identify(joe).ID
			_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
			must(t, err)
			return b, id, joe, func(code string) (string, error) {
				_, err := b.emailCode(id, code)
				got, _ := w.Engine.SignIn(t.Context(), b.caller(), id)
				return got.FirstFactorVerification.Status, err
			}
		},
	}
	for name, start := range flows {
		t.Run(name, func(t *testing.T) {
			w.pass(24 * time.Hour)
			_, _, to, attempt := start()
			code := w.code(to)
			for i := range 5 {
				status, err := attempt(wrong(code))
				if e := wantCode(t, err, "form_code_incorrect"); e.Param != "code" {
					t.Errorf("param = %q", e.Param)
				}
				if want := map[bool]string{true: "failed", false: "unverified"}[i == 4]; status != want {
					t.Errorf("status after try %d = %s, want %s", i+1, status, want)
				}
			}
			_, err := attempt(code)
			wantCode(t, err, "verification_failed")

			w.pass(24 * time.Hour)
			_, _, to, attempt = start()
			code = w.code(to)
			w.pass(10*time.Minute - time.Millisecond)
			_, err = attempt("")
			wantCode(t, err, "form_param_missing")
			w.pass(time.Millisecond)
			status, err := attempt(code)
			wantCode(t, err, "verification_expired")
			if status != "expired" {
				t.Errorf("status = %s", status)
			}
		})
	}
}

// C-03: a code is good for the attempt it was sent for, for its address, and until the
// next one is sent.
func TestWhatACodeIsBoundTo(t *testing.T) {
	w := newWorld(t)
	t.Run("newer_code_kills_older", func(t *testing.T) {
		b := w.browser()
		su := b.started(jane)
		old := w.code(jane)
		_, err := b.prepareSignUp(su.ID)
		if e := wantCode(t, err, "verification_code_too_many_requests"); e.RetryAfter != 30*time.Second {
			t.Errorf("RetryAfter = %v", e.RetryAfter)
		}
		w.pass(30 * time.Second)
		_, err = b.prepareSignUp(su.ID)
		must(t, err)
		_, err = b.verify(su.ID, old)
		wantCode(t, err, "form_code_incorrect")
		_, err = b.verify(su.ID, w.code(jane))
		must(t, err)
	})
	t.Run("attempt", func(t *testing.T) {
		w.pass(24 * time.Hour)
		one, two := w.browser(), w.browser()
		one.started(joe)
		code := w.code(joe)
		w.pass(time.Second)
		su := two.started("other@example.com")
		_, err := two.verify(su.ID, code)
		wantCode(t, err, "form_code_incorrect")
	})
	t.Run("purpose", func(t *testing.T) {
		w.pass(24 * time.Hour)
		b := w.browser()
		ss := b.in(jane)
		_, err := w.StartReverification(t.Context(), b.caller(), ss.ID, "")
		must(t, err)
		_, err = w.PrepareReverification(t.Context(), b.caller(), ss.ID, flow.Prepare{Strategy: "email_code"})
		must(t, err)
		code := w.code(jane)
		c := w.browser()
		id := c.identify(jane).ID
		_, err = c.prepare(id, flow.Prepare{Strategy: "email_code"})
		must(t, err)
		_, err = c.emailCode(id, code)
		wantCode(t, err, "form_code_incorrect")
	})
	t.Run("address_changed_in_the_sign_up", func(t *testing.T) {
		w.pass(24 * time.Hour)
		b := w.browser()
		su := b.started(joe)
		code := w.code(joe)
		out, err := b.update(su.ID, flow.SignUpFields{EmailAddress: new("eve@example.com")})
		must(t, err)
		if v := out.SignUp.EmailVerification; v.NextAction != "needs_prepare" || v.Status != "" {
			t.Errorf("verification = %+v", v)
		}
		_, err = b.verify(su.ID, code)
		wantCode(t, err, "sign_up_outdated_verification")
	})
	t.Run("address_removed_from_the_user", func(t *testing.T) {
		w.pass(24 * time.Hour)
		u := w.person(joe)
		b := w.browser()
		id := b.identify(joe).ID
		_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
		must(t, err)
		code := w.code(joe)
		w.dropIdentifications(u.ID)
		_, err = b.emailCode(id, code)
		wantCode(t, err, "verification_failed")
	})
}

// C-04: of fifty parallel uses of the right code exactly one succeeds.
func TestParallelUsesOfACode(t *testing.T) {
	w := newWorld(t)
	w.person(joe)
	race := func(use func() error) (won int) {
		var group sync.WaitGroup
		var mu sync.Mutex
		for range 50 {
			group.Go(func() {
				err := use()
				mu.Lock()
				defer mu.Unlock()
				switch describe(err) {
				case "":
					won++
				case "verification_already_verified", "verification_failed", "identifier_already_signed_in":
				default:
					t.Errorf("error = %v", err)
				}
			})
		}
		group.Wait()
		return won
	}
	t.Run("sign_up", func(t *testing.T) {
		b := w.browser()
		su := b.started(jane)
		c, proof := b.caller(), flow.Proof{Strategy: "email_code", Code: w.code(jane)}
		if won := race(func() error { return second(w.AttemptVerification(t.Context(), c, su.ID, proof)) }); won != 1 {
			t.Errorf("%d of 50 succeeded, want 1", won)
		}
	})
	t.Run("sign_in", func(t *testing.T) {
		b := w.browser()
		id := b.identify(joe).ID
		_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
		must(t, err)
		c, proof := b.caller(), flow.Proof{Strategy: "email_code", Code: w.code(joe)}
		if won := race(func() error { return second(w.AttemptFirstFactor(t.Context(), c, id, proof)) }); won != 1 {
			t.Errorf("%d of 50 succeeded, want 1", won)
		}
		live, err := w.sessions.OfClient(t.Context(), must2(w.sessions.Client(t.Context(), c.Client.ID)))
		if err != nil || len(live) != 1 {
			t.Errorf("%d sessions, want 1 (%v)", len(live), err)
		}
	})
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// C-05: a try counts even if what follows it fails.
func TestTriesSurviveErrors(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	su := b.started(jane)
	code := w.code(jane)
	for range 5 {
		w.fuse.arm(1) // the try, and no more
		_, err := b.verify(su.ID, wrong(code))
		w.fuse.mend()
		wantCode(t, err, "form_code_incorrect")
	}
	_, err := b.verify(su.ID, code)
	wantCode(t, err, "verification_failed")
	w.fuse.arm(0)
	if _, err := b.verify(su.ID, code); describe(err) == "verification_failed" {
		t.Error("a try that could not be counted was judged")
	}
}

// The pending-means-sent rule: what could not be handed over shows nothing under way.
func TestCodeThatWasNotSent(t *testing.T) {
	w := newWorld(t)
	w.person(joe)
	b := w.browser()
	id := b.identify(joe).ID
	w.fuse.reset()
	w.failSends(true)
	_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
	w.failSends(false)
	if describe(err) == "" {
		t.Fatal("prepare succeeded without a mail")
	}
	got, err := w.Engine.SignIn(t.Context(), b.caller(), id)
	must(t, err)
	if got.FirstFactorVerification != nil {
		t.Errorf("verification = %+v, want none", got.FirstFactorVerification)
	}
	_, err = b.prepare(id, flow.Prepare{Strategy: "email_code"}) // at once, no 30 s to wait
	must(t, err)
}

// C-13: test addresses exist only where a test code is configured.
func TestTestAddresses(t *testing.T) {
	const address = "jane+clerk_test@example.com"
	dev := newWorld(t, func(c *flow.Config) { c.TestCode = testCode })
	prod := newWorld(t)
	for name, w := range map[string]*world{"dev": dev, "prod": prod} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			su := b.started(address)
			_, err := b.verify(su.ID, testCode)
			sent := len(w.outbox.Messages(address))
			if w == dev && (err != nil || sent != 0) {
				t.Errorf("development: %v, %d mails", err, sent)
			}
			if w == prod && (describe(err) != "form_code_incorrect" || sent != 1) {
				t.Errorf("production: %v, %d mails", err, sent)
			}
		})
	}
	// Other addresses never accept it.
	b := dev.browser()
	for _, other := range []string{joe, "clerk_test@example.com", "joe+test@example.com"} {
		dev.pass(24 * time.Hour)
		su := b.started(other)
		_, err := b.verify(su.ID, testCode)
		wantCode(t, err, "form_code_incorrect")
	}
	// Sign-ins of test addresses, too.
	dev.pass(24 * time.Hour)
	c := dev.browser()
	id := c.identify(address).ID
	_, err := c.prepare(id, flow.Prepare{Strategy: "email_code"})
	must(t, err)
	_, err = c.emailCode(id, testCode)
	must(t, err)
}

// E-02: five codes an hour and fifteen a day to an address, whoever asks; five a minute
// for a client.
func TestSendLimits(t *testing.T) {
	w := newWorld(t)
	w.person(jane, func(nu *user.NewUser) { nu.FirstName = "Jane" })
	send := func() error {
		b := w.browser()
		_, err := b.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
		return err
	}
	sent := 0
	for range 3 {
		for range 5 {
			must(t, send())
			sent++
		}
		e := wantCode(t, send(), "too_many_requests")
		if e.RetryAfter <= 0 || e.RetryAfter > time.Hour {
			t.Errorf("RetryAfter = %v", e.RetryAfter)
		}
		w.pass(time.Hour)
	}
	wantCode(t, send(), "too_many_requests")
	if n := len(w.outbox.Messages(jane)); n != sent || sent != 15 {
		t.Errorf("%d mails, want 15", n)
	}
	b := w.browser()
	for i := range 6 {
		f := fields(string(rune('a'+i)) + "@example.com")
		f.Strategy = "email_code"
		_, err := b.signUp(f)
		if i < 5 {
			must(t, err)
			continue
		}
		if e := wantCode(t, err, "too_many_requests"); e.RetryAfter > time.Minute {
			t.Errorf("RetryAfter = %v", e.RetryAfter)
		}
	}
}

// C-02: what is stored of a code does not tell it, nor that two codes are one.
func TestCodesAreStoredAsMACs(t *testing.T) {
	w := newWorld(t, func(c *flow.Config) { c.TestCode = testCode })
	var macs []string
	for _, to := range []string{"jane+clerk_test@example.com", "joe+clerk_test@example.com"} {
		su := w.browser().started(to)
		a, err := w.store.Attempt(t.Context(), su.ID, w.clock())
		must(t, err)
		if strings.Contains(string(a.Data), testCode) || strings.Contains(string(a.Data), secret) {
			t.Errorf("stored: %s", a.Data)
		}
		var state struct {
			Email struct {
				Proof struct {
					MAC []byte `json:"mac"`
				} `json:"proof"`
			} `json:"email"`
		}
		must(t, json.Unmarshal(a.Data, &state))
		plain := sha256.Sum256([]byte(testCode))
		if mac := state.Email.Proof.MAC; len(mac) != 32 || bytes.Equal(mac, plain[:]) {
			t.Errorf("MAC = %x", mac)
		}
		macs = append(macs, string(state.Email.Proof.MAC))
	}
	if macs[0] == macs[1] {
		t.Error("one code has the same MAC in two attempts")
	}
}
