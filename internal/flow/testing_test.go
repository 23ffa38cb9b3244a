package flow_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

const testAddress = "jane+clerk_test@example.com"

func development(c *flow.Config) { c.TestCode = testCode }

func TestTestingTokens(t *testing.T) {
	w := newWorld(t, development)
	token, expireAt, err := w.NewTestingToken()
	must(t, err)
	if !regexp.MustCompile(`^1800000000-c_[0-9A-Za-z]{27}$`).MatchString(token) || !expireAt.Equal(w.clock().Add(time.Hour)) {
		t.Errorf("token %s until %v", token, expireAt)
	}
	if !w.IsTestingToken(token) {
		t.Error("a new token is none")
	}
	for _, other := range []string{
		"", "-", "1800000000", "1800000000-c_", token + "x", token[:len(token)-1], strings.Replace(token, "1800000000", "1800000001", 1),
		"0" + token, "+" + token, strings.Replace(token, "-c_", "-", 1), strings.ToUpper(token), "99999999999999999999-c_x", token + "\x00",
	} {
		if w.IsTestingToken(other) {
			t.Errorf("%q is taken for a testing token", other)
		}
	}
	w.pass(time.Hour - time.Second)
	if !w.IsTestingToken(token) {
		t.Error("the token ends early")
	}
	w.pass(time.Second)
	if w.IsTestingToken(token) {
		t.Error("the token lives on")
	}
}

// C-13: where there is no test code, as in production, and where the test mode is off
// no testing token is made, and none that another server made is good.
func TestNoTestingTokensInProduction(t *testing.T) {
	dev := newWorld(t, development)
	token, _, err := dev.NewTestingToken()
	must(t, err)
	off := newWorld(t, development)
	off.set(func(s *flow.Settings) { s.TestMode = false })
	for name, w := range map[string]*world{"production": newWorld(t), "test mode off": off} {
		if w.IsTestingToken(token) {
			t.Errorf("%s: a token of a development server with the same secret is good", name)
		}
		if token, _, err := w.NewTestingToken(); token != "" || describe(err) != "request_invalid_for_environment" {
			t.Errorf("%s: NewTestingToken = %q, %v", name, token, err)
		}
	}
}

// C-13: with the test mode off a test address is one like any other.
func TestTestModeOff(t *testing.T) {
	w := newWorld(t, development)
	w.set(func(s *flow.Settings) { s.TestMode = false })
	b := w.browser()
	su := b.started(testAddress)
	_, err := b.verify(su.ID, testCode)
	wantCode(t, err, "form_code_incorrect")
	if len(w.outbox.Messages(testAddress)) != 1 {
		t.Error("no code was sent")
	}
	_, err = b.verify(su.ID, w.code(testAddress))
	must(t, err)
}

// Test addresses get nothing at all, be it a code or a notice; others do.
func TestNothingIsSentToTestAddresses(t *testing.T) {
	w := newWorld(t, development)
	u := w.person(testAddress, func(nu *user.NewUser) {
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{Value: jane, Strategy: "admin"})
	})
	password := "another horse entirely"
	_, err := w.users.Update(t.Context(), u.ID, user.Change{Password: &password})
	must(t, err)
	_, err = w.users.Drain(t.Context())
	must(t, err)
	w.Close() // waits for the post
	if n := len(w.outbox.Messages(testAddress)); n != 0 {
		t.Errorf("%d messages to the test address", n)
	}
	if n := len(w.outbox.Messages(jane)); n != 1 {
		t.Errorf("%d messages to the other address, want the notice", n)
	}
}

// Numbers of one fictional hundred are test numbers; their neighbours are not.
func TestTestNumbersOnly(t *testing.T) {
	w := withPhones(t, development)
	for number, test := range map[string]bool{
		"+12015550100": true, "+12015550199": true, "+19175550142": true,
		"+12015550200": false, "+12015550099": false, "+442015550100": false,
	} {
		b := w.browser()
		w.pass(24 * time.Hour)
		out, err := b.signUp(flow.SignUpFields{PhoneNumber: new(number), Strategy: "phone_code"})
		if err != nil {
			if test {
				t.Errorf("%s: %v", number, err)
			}
			continue // not a number at all
		}
		_, err = b.keep(b.AttemptVerification(t.Context(), b.caller(), out.SignUp.ID, flow.Proof{Strategy: "phone_code", Code: testCode}))
		if (err == nil) != test || (len(w.outbox.Messages(number)) == 0) != test {
			t.Errorf("%s: %v with the test code, %d texts", number, err, len(w.outbox.Messages(number)))
		}
	}
}
