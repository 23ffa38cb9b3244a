package flow

import (
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Settings are what an instance allows. One value serves the environment answer of
// the Frontend API and every flow.
type Settings struct {
	AppName      string
	EmailAddress Attribute
	PhoneNumber  Attribute
	Username     Attribute
	FirstName    Attribute
	LastName     Attribute
	Password     Attribute
	// Strategies are the enabled ones: "password", "email_code", "phone_code",
	// "email_link". A password
	// can be reset by a code wherever there are passwords.
	Strategies         []string
	MinPasswordLength  int  // in code points
	SingleSession      bool // one session a client
	Reverification     bool // step-up for deleting oneself and other sensitive acts
	DeleteSelf         bool
	EnumerationProtect bool          // known and unknown identifiers look alike (E-01)
	SignUpMode         string        // "public", "restricted"; "" means "public"
	LegalConsent       bool          // whoever signs up has to accept the terms
	LockoutAttempts    int           // 0 means 10
	LockoutDuration    time.Duration // 0 means 1 h
	LockoutExceptions  []string      // ExceptKnownBrowser, ExceptMail: what signs in all the same
	Budgets            Budgets
	TestMode           bool // test addresses and testing tokens, where there is a test code (C-13)

	TermsURL, PrivacyPolicyURL string // "" for none, like the next
	SupportEmail               string
	PreferredSignIn            string // "password", "otp"; "" is the password where there are any

	HomeURL, SignInURL, SignUpURL, UserURL string
	VerifyURL                              string // where links in mails lead to: GET /v1/verify
	ImagesURL                              string // what the names of pictures follow: GET /v1/images/{name}
	TicketURL                              string // where links of tickets lead to: GET /v1/tickets/accept
}

// Attribute is one piece of a user in the settings.
type Attribute struct {
	Enabled        bool
	Required       bool
	FirstFactor    bool // may be typed as the identifier of a sign-in
	VerifyAtSignUp bool
}

// signUpRestricted is the mode in which nobody signs up by themselves.
const signUpRestricted = "restricted"

// lockout returns how many wrong proofs lock a user, and for how long.
func (s Settings) lockout() (attempts int, d time.Duration) {
	attempts, d = s.LockoutAttempts, s.LockoutDuration
	if attempts <= 0 {
		attempts = 10
	}
	if d <= 0 {
		d = time.Hour
	}
	return attempts, d
}

// enables reports whether a strategy is on.
func (s Settings) enables(strategy string) bool {
	switch strategy {
	case strategyResetEmailCode:
		return s.EmailAddress.Enabled && slices.Contains(s.Strategies, strategyPassword)
	case strategyResetPhoneCode:
		return s.PhoneNumber.Enabled && slices.Contains(s.Strategies, strategyPassword)
	case strategyTicket:
		return true
	}
	return slices.Contains(s.Strategies, strategy)
}

// identifies reports whether a kind of identification may begin a sign-in.
func (s Settings) identifies(k user.Kind) bool {
	a := s.identification(k)
	return a.Enabled && a.FirstFactor
}

// identification returns the attribute of a kind, the zero value for kinds that
// nobody types.
func (s Settings) identification(k user.Kind) Attribute {
	switch k {
	case user.KindEmailAddress:
		return s.EmailAddress
	case user.KindPhoneNumber:
		return s.PhoneNumber
	case user.KindUsername:
		return s.Username
	}
	return Attribute{}
}

// typedKinds are the kinds that people type, in the order in which the sign-in form
// names them.
var typedKinds = []user.Kind{user.KindEmailAddress, user.KindPhoneNumber, user.KindUsername}

// identifiers names what may be typed to begin a sign-in.
func (s Settings) identifiers() []string {
	out := []string{}
	for _, k := range typedKinds {
		if s.identifies(k) {
			out = append(out, string(k))
		}
	}
	return out
}
