package flow_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const landingPage = "https://app.example.com/verified"

func linkWorld(t *testing.T) *world {
	w := newWorld(t)
	w.settings.Strategies = append(w.settings.Strategies, "email_link")
	w.settings.VerifyURL = "https://clerk.example.com/v1/verify"
	w.settings.HomeURL = "https://app.example.com/"
	return w
}

// links reads the tokens of the links that were sent to an address, oldest first.
func (w *world) links(to string) []string {
	w.t.Helper()
	w.Close()
	var tokens []string
	for _, m := range slices.Backward(w.outbox.Messages(to)) {
		if m.Link == "" {
			continue
		}
		u, err := url.Parse(m.Link)
		must(w.t, err)
		if !strings.Contains(m.Text, m.Link) {
			w.t.Errorf("the mail does not show its link: %s", m.Text)
		}
		tokens = append(tokens, u.Query().Get("token"))
	}
	return tokens
}

func (w *world) link(to string) string {
	w.t.Helper()
	all := w.links(to)
	if len(all) == 0 {
		w.t.Fatalf("no link was sent to %s", to)
	}
	return all[len(all)-1]
}

var askLink = flow.Prepare{Strategy: "email_link", RedirectURL: landingPage}

func (b *browser) follow(token string) flow.Landing {
	b.t.Helper()
	to, err := b.FollowLink(b.t.Context(), b.caller(), token)
	must(b.t, err)
	if to.Cookie != nil {
		b.cookie = string(to.Cookie.Value)
	}
	return to
}

func (b *browser) byLink(email string) string {
	b.t.Helper()
	out, err := b.signIn(flow.SignInFields{Identifier: email, Strategy: "email_link", RedirectURL: landingPage})
	must(b.t, err)
	return out.SignIn.ID
}

func TestLinkSignsIn(t *testing.T) {
	w := linkWorld(t)
	u := w.person(jane)
	b := w.browser()
	id := b.byLink(jane)
	si, err := b.SignIn(t.Context(), b.caller(), id)
	must(t, err)
	if v := si.FirstFactorVerification; v.Status != "unverified" || v.Object != "verification_email_link" || v.ClientID != "" {
		t.Fatalf("verification = %+v", v)
	}
	to := b.follow(w.link(jane))
	if to.Status != "verified" || to.RedirectURL != landingPage || to.SessionID == "" || to.Cookie == nil {
		t.Fatalf("landing = %+v", to)
	}
	if ss := b.session(to.SessionID); ss.UserID != string(u.ID) || ss.ClientID != to.Client.ID {
		t.Errorf("session = %+v", ss)
	}
	// The page that waits reads it, with the cookie of after.
	si, err = b.SignIn(t.Context(), b.caller(), id)
	must(t, err)
	if si.Status != "complete" || si.CreatedSessionID != to.SessionID || si.FirstFactorVerification.Status != "verified" ||
		si.FirstFactorVerification.ClientID != to.Client.ID {
		t.Errorf("sign-in = %s", shape(t, si))
	}
}

// C-08: another browser gets nothing, gives nothing, and takes nothing away.
func TestLinkInAnotherBrowser(t *testing.T) {
	w := linkWorld(t)
	w.person(jane)
	w.person(joe)
	b, stranger, signedIn := w.browser(), w.browser(), w.browser()
	signedIn.in(joe)
	id := b.byLink(jane)
	token := w.link(jane)
	for name, other := range map[string]*browser{"no_client": stranger, "signed_in": signedIn} {
		to := other.follow(token)
		if to.Status != "client_mismatch" || to.SessionID != "" || to.Cookie != nil {
			t.Errorf("%s: landing = %+v", name, to)
		}
		si, err := b.SignIn(t.Context(), b.caller(), id)
		must(t, err)
		if si.Status != "needs_first_factor" || si.FirstFactorVerification.Status != "unverified" {
			t.Errorf("%s: sign-in = %s", name, shape(t, si))
		}
	}
	if to := b.follow(token); to.Status != "verified" {
		t.Errorf("its own browser afterwards: %+v", to)
	}
}

// C-03, C-04: what makes a link good for nothing.
func TestLinkRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status string
		spoil  func(w *world, b *browser, id string) (token string)
	}{
		"used": {"failed", func(w *world, b *browser, _ string) string {
			b.follow(w.link(jane))
			return w.link(jane)
		}},
		"expired": {"expired", func(w *world, _ *browser, _ string) string {
			w.pass(10 * time.Minute)
			return w.link(jane)
		}},
		"replaced": {"failed", func(w *world, b *browser, id string) string {
			w.pass(time.Minute)
			_, err := b.prepare(id, askLink)
			must(w.t, err)
			return w.links(jane)[0]
		}},
		"replaced_by_a_code": {"failed", func(w *world, b *browser, id string) string {
			w.pass(time.Minute)
			_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
			must(w.t, err)
			return w.link(jane)
		}},
		"another_sign_in": {"failed", func(w *world, b *browser, _ string) string {
			b.identify(jane)
			return w.link(jane)
		}},
		"address_removed": {"failed", func(w *world, b *browser, _ string) string {
			u, _, err := w.users.ByIdentifier(w.t.Context(), jane)
			must(w.t, err)
			must(w.t, w.users.Delete(w.t.Context(), u.ID))
			return w.link(jane)
		}},
		"banned": {"failed", func(w *world, b *browser, _ string) string {
			_, err := w.users.Ban(w.t.Context(), w.userID(jane))
			must(w.t, err)
			return w.link(jane)
		}},
		"switched_off": {"failed", func(w *world, b *browser, _ string) string {
			w.set(func(s *flow.Settings) { s.Strategies = []string{"password"} })
			return w.link(jane)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := linkWorld(t)
			w.person(jane)
			b := w.browser()
			token := c.spoil(w, b, b.byLink(jane))
			if to := b.follow(token); to.Status != c.status || to.SessionID != "" || to.RedirectURL != landingPage {
				t.Errorf("landing = %+v, want %s", to, c.status)
			}
		})
	}
}

// Only the whole token finds a link, and the API takes none.
func TestLinkTokenIsWhole(t *testing.T) {
	w := linkWorld(t)
	w.person(jane)
	b := w.browser()
	id := b.byLink(jane)
	token := w.link(jane)
	for _, bad := range []string{"", token[:41], token[:42] + "?", token + "A", strings.ToUpper(token)} {
		_, err := b.FollowLink(t.Context(), b.caller(), bad)
		wantCode(t, err, "resource_not_found")
	}
	_, err := b.attempt(id, flow.Proof{Strategy: "email_link", Code: token})
	wantCode(t, err, "verification_strategy_invalid")
	if strings.Contains(w.log.String(), token) {
		t.Error("the log holds the token")
	}
}

// C-04: fifty at once, one session.
func TestLinkRedeemedOnce(t *testing.T) {
	w := linkWorld(t)
	u := w.person(jane)
	b := w.browser()
	b.byLink(jane)
	token, caller := w.link(jane), b.caller()
	var verified atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			to, err := w.FollowLink(context.WithoutCancel(t.Context()), caller, token)
			if err == nil && to.Status == "verified" {
				verified.Add(1)
			}
		})
	}
	all.Wait()
	if n := verified.Load(); n != 1 {
		t.Errorf("%d of 50 were verified, want 1", n)
	}
	sessions, err := w.sessions.OfUser(t.Context(), string(u.ID))
	must(t, err)
	if len(sessions) != 1 {
		t.Errorf("%d sessions, want 1", len(sessions))
	}
}

// S-10: a second factor is asked for after a link, too.
func TestLinkThenSecondFactor(t *testing.T) {
	w := linkWorld(t)
	w.enableSecondFactor(w.person(jane, phoned).ID)
	b := w.browser()
	id := b.byLink(jane)
	to := b.follow(w.link(jane))
	if to.Status != "verified" || to.SessionID != "" {
		t.Errorf("landing = %+v", to)
	}
	si, err := b.SignIn(t.Context(), b.caller(), id)
	must(t, err)
	if si.Status != "needs_second_factor" || si.CreatedSessionID != "" {
		t.Errorf("sign-in = %s", shape(t, si))
	}
}

func TestLinkSignsUp(t *testing.T) {
	w := linkWorld(t)
	b := w.browser()
	out, err := b.signUp(fields(jane))
	must(t, err)
	id := out.SignUp.ID
	_, err = b.keep(b.PrepareVerification(t.Context(), b.caller(), id, askLink))
	must(t, err)
	old := w.link(jane)
	_, err = b.update(id, flow.SignUpFields{EmailAddress: new(joe)})
	must(t, err)
	if to := b.follow(old); to.Status != "failed" { // C-03: the address is another
		t.Fatalf("landing after a change = %+v", to)
	}
	w.pass(time.Minute)
	_, err = b.keep(b.PrepareVerification(t.Context(), b.caller(), id, askLink))
	must(t, err)
	to := b.follow(w.link(joe))
	if to.Status != "verified" || to.SessionID == "" {
		t.Fatalf("landing = %+v", to)
	}
	su, err := b.SignUp(t.Context(), b.caller(), id)
	must(t, err)
	if su.Status != "complete" || su.CreatedSessionID != to.SessionID || su.CreatedUserID != w.userID(joe) {
		t.Errorf("sign-up = %s", shape(t, su))
	}
}

// an added address is proved by its link, in the browser and session that added it.
func TestLinkProvesAnAddedAddress(t *testing.T) {
	w := linkWorld(t)
	w.person(jane)
	b := w.browser()
	ss := b.in(jane)
	i, err := b.AddAddress(t.Context(), ss, user.KindEmailAddress, joe)
	must(t, err)
	_, err = b.PrepareAddress(t.Context(), b.caller(), ss, i.ID, askLink)
	must(t, err)
	token := w.link(joe)
	if to := w.browser().follow(token); to.Status != "client_mismatch" {
		t.Errorf("elsewhere: %+v", to)
	}
	if to := b.follow(token); to.Status != "verified" || to.SessionID != "" || to.Cookie == nil {
		t.Errorf("landing = %+v", to)
	}
	i, err = b.Address(t.Context(), ss, user.KindEmailAddress, i.ID)
	must(t, err)
	if !i.Verified() || i.Verification.Strategy != "email_link" {
		t.Errorf("address = %+v", i)
	}
}

func TestLinkOfAnEndedSession(t *testing.T) {
	w := linkWorld(t)
	w.person(jane)
	b := w.browser()
	ss := b.in(jane)
	i, err := b.AddAddress(t.Context(), ss, user.KindEmailAddress, joe)
	must(t, err)
	_, err = b.PrepareAddress(t.Context(), b.caller(), ss, i.ID, askLink)
	must(t, err)
	_, err = w.sessions.End(t.Context(), b.caller().Client.ID, ss.ID, session.StatusEnded)
	must(t, err)
	if to := b.follow(w.link(joe)); to.Status != "failed" {
		t.Errorf("landing = %+v", to)
	}
}

// A step-up is proved where it is asked for.
func TestLinkIsNoStepUp(t *testing.T) {
	w := linkWorld(t)
	w.person(jane)
	b := w.browser()
	ss := b.in(jane)
	rv, err := b.StartReverification(t.Context(), b.caller(), ss.ID, "")
	must(t, err)
	for _, f := range rv.SupportedFirstFactors {
		if f.Strategy == "email_link" {
			t.Errorf("offered: %+v", f)
		}
	}
	_, err = b.PrepareReverification(t.Context(), b.caller(), ss.ID, askLink)
	wantCode(t, err, "form_param_value_invalid")
}

// E-01: asking for a link looks alike for somebody and nobody, and reaches the right ones.
func TestLinkHidesWhoThereIs(t *testing.T) {
	w := linkWorld(t)
	w.set(func(s *flow.Settings) { s.EnumerationProtect = true })
	w.person(jane)
	looks := map[string]string{}
	for _, who := range []string{jane, "nob@example.com"} {
		b := w.browser()
		id := b.byLink(who)
		si, err := b.SignIn(t.Context(), b.caller(), id)
		must(t, err)
		looks[who] = shape(t, []any{si.Status, len(si.SupportedFirstFactors), si.FirstFactorVerification, si.UserData})
	}
	if looks[jane] != looks["nob@example.com"] {
		t.Errorf("known:   %s\nunknown: %s", looks[jane], looks["nob@example.com"])
	}
	if got := w.links("nob@example.com"); len(got) != 0 {
		t.Errorf("links to nobody: %v", got)
	}
	// At sign-up the owner is told, and no link goes out.
	b := w.browser()
	out, err := b.signUp(fields(jane))
	must(t, err)
	before := len(w.links(jane))
	_, err = b.keep(b.PrepareVerification(t.Context(), b.caller(), out.SignUp.ID, askLink))
	must(t, err)
	if len(w.links(jane)) != before || !told(w.outbox, jane, "account_exists") {
		t.Errorf("messages = %+v", w.outbox.Messages(jane))
	}
}

func told(o *notify.Outbox, to, kind string) bool {
	for _, m := range o.Messages(to) {
		if m.Kind == kind {
			return true
		}
	}
	return false
}
