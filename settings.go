package gatehouse

import (
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// Settings are what an instance asks of people and lets them do. Start from
// [DefaultSettings]: the zero value switches everything off. The toml names are those of
// the table [settings] in the configuration file, the json names those of the Backend
// API. Operators change them while servers run, see [Server.UpdateSettings].
type Settings struct {
	// AppName is how pages and mails call the app, in 64 characters or fewer.
	AppName string `toml:"app_name" json:"app_name"`
	// SupportEmail is where people may ask for help. "" shows none.
	SupportEmail string `toml:"support_email" json:"support_email"`

	EmailAddress Attribute `toml:"email_address" json:"email_address"`
	PhoneNumber  Attribute `toml:"phone_number" json:"phone_number"`
	Username     Attribute `toml:"username" json:"username"`
	FirstName    Attribute `toml:"first_name" json:"first_name"`
	LastName     Attribute `toml:"last_name" json:"last_name"`
	Password     Attribute `toml:"password" json:"password"`

	// Strategies are the ways to prove who one is: "password", "email_code",
	// "email_link" and "phone_code", which needs a sender of texts. Where there are passwords they can
	// be reset by a code.
	Strategies []string `toml:"strategies" json:"strategies"`
	// PreferredSignIn is what people who sign in are asked for first: "password", "otp"
	// (a code), or "", which is the password where there are any.
	PreferredSignIn string `toml:"preferred_sign_in" json:"preferred_sign_in"`
	// SignUpMode is "public" or "restricted"; restricted leaves sign-up to those who
	// were invited, and to the Backend API.
	SignUpMode string `toml:"sign_up_mode" json:"sign_up_mode"`
	// LegalConsent asks whoever signs up to accept the terms and the privacy policy that
	// the next two lead to: http or https URLs, "" for none.
	LegalConsent     bool   `toml:"legal_consent" json:"legal_consent"`
	TermsURL         string `toml:"terms_url" json:"terms_url"`
	PrivacyPolicyURL string `toml:"privacy_policy_url" json:"privacy_policy_url"`
	// MinPasswordLength is in code points, 8 to 256. Where the password is the
	// only factor, 15 is recommended.
	MinPasswordLength int `toml:"min_password_length" json:"min_password_length"`
	// SingleSession allows one session per browser; else people may be signed in
	// with several accounts side by side.
	SingleSession bool `toml:"single_session" json:"single_session"`
	// DeleteSelf lets people delete their own account.
	DeleteSelf bool `toml:"delete_self" json:"delete_self"`
	// Reverification asks for a factor that is not older than 10 minutes before an
	// account is deleted or changed in a sensitive way.
	Reverification bool `toml:"reverification" json:"reverification"`
	// EnumerationProtection answers alike whether an account exists or not. Whoever
	// chooses a username is still told that it is taken, and so is whoever signs up
	// with an address that is not to be verified.
	EnumerationProtection bool `toml:"enumeration_protection" json:"enumeration_protection"`
	// MailsPerHour, TextsPerHour and TextsPerHourAndCountry bound what codes and links the
	// instance sends, whoever asks; 0 means 2000, 500 and 100, a negative number no bound.
	// A spent one is an error in the log, and 429 for who asks next.
	MailsPerHour           int `toml:"mails_per_hour" json:"mails_per_hour"`
	TextsPerHour           int `toml:"texts_per_hour" json:"texts_per_hour"`
	TextsPerHourAndCountry int `toml:"texts_per_hour_and_country" json:"texts_per_hour_and_country"`
	// LockoutAttempts is how many failed attempts lock an account, 100 at most; 0 means 10.
	LockoutAttempts int `toml:"lockout_attempts" json:"lockout_attempts"`
	// LockoutDuration is how long it stays locked, "1h" in the file, 30 days at most; 0
	// means 1 hour.
	LockoutDuration Duration `toml:"lockout_duration" json:"lockout_duration"`
	// LockoutExceptions are what a lock by failed attempts does not keep out: "known_browser",
	// one on which the user has signed in before, and "mail", a code or link that was
	// mailed. Each bears five failures of its own. Without them whoever knows an address can
	// keep its owner out.
	LockoutExceptions []string `toml:"lockout_exceptions" json:"lockout_exceptions"`
	// TestMode lets test addresses accept the test code and takes testing tokens. A
	// development server may switch it off; production cannot switch it on (C-13).
	TestMode bool `toml:"test_mode" json:"test_mode"`
}

// Attribute says what is done with one piece of a user.
type Attribute struct {
	Enabled bool `toml:"enabled" json:"enabled"`
	// Required at sign-up.
	Required bool `toml:"required" json:"required"`
	// SignIn: it identifies people who sign in.
	SignIn bool `toml:"sign_in" json:"sign_in"`
	// VerifyAtSignUp: sign-up is complete only when it is proved.
	VerifyAtSignUp bool `toml:"verify_at_sign_up" json:"verify_at_sign_up"`
}

// Duration is a time.Duration that configuration files write as "90s" or "1h".
type Duration time.Duration

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// DefaultSettings are an e-mail address, proved by a code, and a password; names
// and a username if people like; accounts that their owners may delete. In production
// known and unknown identifiers are answered alike. In development, which shows what it
// would send, phone numbers and links by e-mail are on, too.
func DefaultSettings(development bool) Settings {
	s := Settings{
		AppName:               "Gatehouse",
		EmailAddress:          Attribute{Enabled: true, Required: true, SignIn: true, VerifyAtSignUp: true},
		Username:              Attribute{Enabled: true, SignIn: true},
		FirstName:             Attribute{Enabled: true},
		LastName:              Attribute{Enabled: true},
		Password:              Attribute{Enabled: true, Required: true},
		Strategies:            []string{"password", "email_code"},
		SignUpMode:            "public",
		MinPasswordLength:     8,
		DeleteSelf:            true,
		Reverification:        true,
		EnumerationProtection: !development,
		LockoutExceptions:     flow.LockoutExceptions(),
		TestMode:              development,
	}
	if development { // in production texts need a sender of their own
		s.PhoneNumber = Attribute{Enabled: true, SignIn: true, VerifyAtSignUp: true}
		s.Strategies = append(s.Strategies, "phone_code", "email_link")
	}
	return s
}

// flow returns the settings in the form that flows and the environment answer use.
func (s Settings) flow(c *Config, urls publicURLs) flow.Settings {
	attribute := func(a Attribute) flow.Attribute {
		return flow.Attribute{Enabled: a.Enabled, Required: a.Required, FirstFactor: a.SignIn, VerifyAtSignUp: a.VerifyAtSignUp}
	}
	return flow.Settings{
		AppName:            s.AppName,
		EmailAddress:       attribute(s.EmailAddress),
		PhoneNumber:        attribute(s.PhoneNumber),
		Username:           attribute(s.Username),
		FirstName:          attribute(s.FirstName),
		LastName:           attribute(s.LastName),
		Password:           attribute(s.Password),
		Strategies:         s.Strategies,
		MinPasswordLength:  s.MinPasswordLength,
		SingleSession:      s.SingleSession,
		Reverification:     s.Reverification,
		DeleteSelf:         s.DeleteSelf,
		EnumerationProtect: s.EnumerationProtection,
		SignUpMode:         s.SignUpMode,
		LegalConsent:       s.LegalConsent,
		TermsURL:           s.TermsURL,
		PrivacyPolicyURL:   s.PrivacyPolicyURL,
		SupportEmail:       s.SupportEmail,
		PreferredSignIn:    s.PreferredSignIn,
		LockoutAttempts:    s.LockoutAttempts,
		LockoutDuration:    time.Duration(s.LockoutDuration),
		LockoutExceptions:  s.LockoutExceptions,
		Budgets:            flow.Budgets{Mails: s.MailsPerHour, Texts: s.TextsPerHour, TextsPerCountry: s.TextsPerHourAndCountry},
		TestMode:           c.Development && s.TestMode,
		HomeURL:            urls.page(c.HomeURL, "/"),
		SignInURL:          urls.page(c.SignInURL, "/sign-in"),
		SignUpURL:          urls.page(c.SignUpURL, "/sign-up"),
		VerifyURL:          urls.page("/v1/verify", ""),
		TicketURL:          urls.page("/v1/tickets/accept", ""),
		ImagesURL:          urls.page("/v1/images/", ""),
		UserURL:            urls.page(c.UserURL, "/user"),
	}
}
