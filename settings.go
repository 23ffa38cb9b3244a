package gatehouse

import (
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// Settings are what an instance asks of people and lets them do. Start from
// [DefaultSettings]: the zero value switches everything off. The toml names are
// those of the table [settings] in the configuration file.
type Settings struct {
	// AppName is how pages and mails call the app.
	AppName string `toml:"app_name"`

	EmailAddress Attribute `toml:"email_address"`
	PhoneNumber  Attribute `toml:"phone_number"`
	Username     Attribute `toml:"username"`
	FirstName    Attribute `toml:"first_name"`
	LastName     Attribute `toml:"last_name"`
	Password     Attribute `toml:"password"`

	// Strategies are the ways to prove who one is: "password", "email_code",
	// "email_link" and "phone_code", which needs a sender of texts. Where there are passwords they can
	// be reset by a code.
	Strategies []string `toml:"strategies"`
	// SignUpMode is "public" or "restricted"; restricted leaves sign-up to the
	// Backend API.
	SignUpMode string `toml:"sign_up_mode"`
	// MinPasswordLength is in code points, 8 or more. Where the password is the
	// only factor, 15 is recommended.
	MinPasswordLength int `toml:"min_password_length"`
	// SingleSession allows one session per browser; else people may be signed in
	// with several accounts side by side.
	SingleSession bool `toml:"single_session"`
	// DeleteSelf lets people delete their own account.
	DeleteSelf bool `toml:"delete_self"`
	// Reverification asks for a factor that is not older than 10 minutes before an
	// account is deleted or changed in a sensitive way.
	Reverification bool `toml:"reverification"`
	// EnumerationProtection answers alike whether an account exists or not.
	EnumerationProtection bool `toml:"enumeration_protection"`
	// MailsPerHour, TextsPerHour and TextsPerHourAndCountry bound what codes and links the
	// instance sends, whoever asks; 0 means 2000, 500 and 100, a negative number no bound.
	// A spent one is an error in the log, and 429 for who asks next.
	MailsPerHour           int `toml:"mails_per_hour"`
	TextsPerHour           int `toml:"texts_per_hour"`
	TextsPerHourAndCountry int `toml:"texts_per_hour_and_country"`
	// LockoutAttempts is how many failed attempts lock an account; 0 means 10.
	LockoutAttempts int `toml:"lockout_attempts"`
	// LockoutDuration is how long it stays locked, "1h" in the file; 0 means 1 hour.
	LockoutDuration Duration `toml:"lockout_duration"`
}

// Attribute says what is done with one piece of a user.
type Attribute struct {
	Enabled bool `toml:"enabled"`
	// Required at sign-up.
	Required bool `toml:"required"`
	// SignIn: it identifies people who sign in.
	SignIn bool `toml:"sign_in"`
	// VerifyAtSignUp: sign-up is complete only when it is proved.
	VerifyAtSignUp bool `toml:"verify_at_sign_up"`
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
	}
	if development { // in production texts need a sender of their own
		s.PhoneNumber = Attribute{Enabled: true, SignIn: true, VerifyAtSignUp: true}
		s.Strategies = append(s.Strategies, "phone_code", "email_link")
	}
	return s
}

// validate names the first setting that cannot be met.
func (s Settings) validate() error {
	switch {
	case s.AppName == "":
		return configError("Settings.AppName", "is empty")
	case s.SignUpMode != "public" && s.SignUpMode != "restricted":
		return configError("Settings.SignUpMode", `is neither "public" nor "restricted"`)
	case s.MinPasswordLength < 8 || s.MinPasswordLength > 256:
		return configError("Settings.MinPasswordLength", "is not between 8 and 256")
	case !s.EmailAddress.SignIn && !s.PhoneNumber.SignIn && !s.Username.SignIn:
		return configError("Settings", "name nothing to sign in with: set SignIn of EmailAddress, PhoneNumber or Username")
	case s.LockoutAttempts < 0 || s.LockoutDuration < 0:
		return configError("Settings", "have a negative lockout")
	}
	for _, strategy := range s.Strategies {
		if !slices.Contains(flow.Strategies(), strategy) {
			return configError("Settings.Strategies", "has an unknown strategy: "+strategy)
		}
	}
	if len(s.Strategies) == 0 {
		return configError("Settings.Strategies", "is empty")
	}
	return nil
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
		LockoutAttempts:    s.LockoutAttempts,
		LockoutDuration:    time.Duration(s.LockoutDuration),
		Budgets:            flow.Budgets{Mails: s.MailsPerHour, Texts: s.TextsPerHour, TextsPerCountry: s.TextsPerHourAndCountry},
		TestMode:           c.Development,
		HomeURL:            urls.page(c.HomeURL, "/"),
		SignInURL:          urls.page(c.SignInURL, "/sign-in"),
		SignUpURL:          urls.page(c.SignUpURL, "/sign-up"),
		VerifyURL:          urls.page("/v1/verify", ""),
		UserURL:            urls.page(c.UserURL, "/user"),
	}
}
