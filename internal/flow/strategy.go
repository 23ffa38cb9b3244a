package flow

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// strategies is the table: every strategy there is, in the order in which factors
// are offered. A new one is a file and a line here.
func strategies(e *Engine) []strategy {
	return []strategy{
		password{e},
		addressCode{codeTo{e, strategyEmailCode, user.KindEmailAddress}},
		addressCode{codeTo{e, strategyPhoneCode, user.KindPhoneNumber}},
		newEmailLink(e),
		resetCode{codeTo{e, strategyResetEmailCode, user.KindEmailAddress}},
		resetCode{codeTo{e, strategyResetPhoneCode, user.KindPhoneNumber}},
		ticket{e},
	}
}

// Strategies lists the names that Settings.Strategies may hold. Those that reset a
// password are on wherever there are passwords, tickets everywhere; they have no name there.
func Strategies() []string {
	return []string{strategyPassword, strategyEmailCode, strategyPhoneCode, strategyEmailLink}
}

// strategy is one way to prove who one is. Those that must be prepared also are
// preparers; those that prove an identification at sign-up also are verifiers.
type strategy interface {
	name() string   // on the wire
	object() string // of its verification on the wire
	// factors lists what p can prove with it, best first; none if it does not apply.
	factors(p *person, s Settings) []Factor
	// judge reports whether the proof is right. An error says why there was nothing
	// to judge, or that judging failed; only a false without error counts as a
	// wrong proof.
	judge(ctx context.Context, r *round, p Proof) (bool, error)
	// wrong is what a wrong proof is answered with.
	wrong() *Error
}

// preparer is a strategy whose proof has to be started: something must be sent
// or made first.
type preparer interface {
	// target finds what a person asks to be sent to, or *Error.
	target(p *person, s Settings, ask Prepare) (destination, error)
	// prepare makes the challenge, stores it through r and sends it.
	prepare(ctx context.Context, r *round, to destination) error
}

// verifier is a preparer that proves an identification of some kind to be the
// person's own.
type verifier interface {
	preparer
	verifies() user.Kind
}

// destination is where a proof goes: always a stored address, never a typed one (C-12).
type destination struct {
	id    user.IdentificationID // "" at sign-up
	value string                // the address; "" reaches nobody and looks as if it did
	key   string                // canonical form: what limits count and codes are bound to
	typed string                // keyed hash of what was typed where identifiers are hidden, else ""
	owner bool                  // somebody else's address: tell them instead of sending a proof
	name  string                // first name for the greeting
	place string                // the phone number whose country's budget a text is of; "" or no number: none's
}

// round is one step of an attempt as a strategy sees it.
type round struct {
	settings Settings
	now      time.Time
	purpose  string // purposeSignIn and so on
	attempt  string // id of the attempt
	client   session.ClientID
	known    []string   // users who signed in on the client before
	session  session.ID // of an added address
	redirect string     // the page to go on with after a link, "" if none was named
	person   *person    // nil at sign-up

	challenge *challenge // under way; nil if none
	// begin stores a challenge in place of the one under way; nil puts none there.
	begin func(ctx context.Context, old, ch *challenge) error
	// use marks a challenge as proved; nil where the machine does that with its next state.
	use func(ctx context.Context, ch *challenge) error
	// tried notes how often the challenge was tried.
	tried func(ctx context.Context, n int)
}

// The purposes of rounds.
const (
	purposeSignIn         = "sign_in"
	purposeSignUp         = "sign_up"
	purposeReverification = "reverification"
	purposeChangePassword = "change_password"
	purposeAddress        = "address"
)

// strategyNamed returns an enabled strategy: form_param_missing or
// form_param_value_invalid if there is none of that name.
func (e *Engine) strategyNamed(name string, s Settings) (strategy, error) {
	if name == "" {
		return nil, missing("strategy")
	}
	for _, st := range e.table {
		if st.name() == name && s.enables(name) {
			return st, nil
		}
	}
	return nil, badValue("strategy")
}

// objectOf returns the wire object of a strategy's verification.
func (e *Engine) objectOf(name string) string {
	for _, st := range e.table {
		if st.name() == name {
			return st.object()
		}
	}
	return "verification"
}

// factorsOf lists what a person can prove, in the order of the table.
func (e *Engine) factorsOf(p *person, s Settings) []Factor {
	out := []Factor{}
	for _, st := range e.table {
		if s.enables(st.name()) {
			out = append(out, st.factors(p, s)...)
		}
	}
	return out
}

// enterer is a strategy that is good for signing in and for nothing that somebody
// signed in does.
type enterer interface{ entersOnly() }

// stepsUp reports whether a strategy may prove a factor again.
func stepsUp(st strategy) bool {
	_, resets := st.(resetter)
	_, enters := st.(enterer)
	return !resets && !enters
}

// provingFactorsOf leaves out the factors that cannot be proved again for a step-up.
func (e *Engine) provingFactorsOf(p *person, s Settings) []Factor {
	return slices.DeleteFunc(e.factorsOf(p, s), func(f Factor) bool {
		return slices.ContainsFunc(e.table, func(st strategy) bool {
			return st.name() == f.Strategy && !stepsUp(st)
		})
	})
}

// Prepare asks for a proof to be started.
type Prepare struct {
	Strategy       string
	EmailAddressID user.IdentificationID
	PhoneNumberID  user.IdentificationID
	Channel        string
	RedirectURL    string // where a link leads in the end, checked by the caller; "" is HomeURL
}

// Proof is what a browser sends to prove a factor.
type Proof struct {
	Strategy string
	Code     string
	Password string
	Ticket   string // the secret of one

	token string // of a link
}

// Factor is one way to prove who one is, offered for an attempt.
type Factor struct {
	Strategy       string                `json:"strategy"`
	EmailAddressID user.IdentificationID `json:"email_address_id,omitempty"`
	PhoneNumberID  user.IdentificationID `json:"phone_number_id,omitempty"`
	SafeIdentifier string                `json:"safe_identifier,omitempty"` // masked unless the caller typed it
	Primary        bool                  `json:"primary,omitempty"`
	Default        bool                  `json:"default,omitempty"`
}
