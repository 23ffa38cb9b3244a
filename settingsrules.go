package gatehouse

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
)

const (
	maxAppName         = 64 // characters
	maxSettingText     = 2048
	maxLockoutAttempts = 100
	maxLockoutDuration = Duration(30 * 24 * time.Hour)
)

// badSetting blames a setting by its name in the configuration file.
func badSetting(name, problem string) error {
	return &settings.ValueError{Name: name, Problem: problem}
}

// check names the first setting that cannot be met, by itself or beside the others.
func (s Settings) check(development bool) error {
	switch {
	case s.AppName == "":
		return badSetting("app_name", "is empty")
	case utf8.RuneCountInString(s.AppName) > maxAppName, strings.ContainsFunc(s.AppName, unicode.IsControl), !utf8.ValidString(s.AppName):
		return badSetting("app_name", "is longer than 64 characters, or has some that cannot be shown")
	case s.SignUpMode != "public" && s.SignUpMode != "restricted":
		return badSetting("sign_up_mode", `is neither "public" nor "restricted"`)
	case s.MinPasswordLength < 8 || s.MinPasswordLength > 256:
		return badSetting("min_password_length", "is not between 8 and 256")
	case s.LockoutAttempts < 0 || s.LockoutAttempts > maxLockoutAttempts:
		return badSetting("lockout_attempts", "is not between 0 and 100")
	case s.LockoutDuration < 0 || s.LockoutDuration > maxLockoutDuration:
		return badSetting("lockout_duration", "is not between 0 and 30 days")
	case s.PreferredSignIn != "" && s.PreferredSignIn != "password" && s.PreferredSignIn != "otp":
		return badSetting("preferred_sign_in", `is none of "password", "otp" and ""`)
	case s.TestMode && !development:
		return badSetting("test_mode", "is for development only")
	case !isMailAddress(s.SupportEmail):
		return badSetting("support_email", "is no e-mail address")
	case !isWebPage(s.TermsURL):
		return badSetting("terms_url", "is neither empty nor an http or https URL")
	case !isWebPage(s.PrivacyPolicyURL):
		return badSetting("privacy_policy_url", "is neither empty nor an http or https URL")
	}
	if err := checkNames("lockout_exceptions", s.LockoutExceptions, flow.LockoutExceptions()); err != nil {
		return err
	}
	if err := checkNames("strategies", s.Strategies, flow.Strategies()); err != nil {
		return err
	}
	if len(s.Strategies) == 0 {
		return badSetting("strategies", "is empty")
	}
	return s.checkSignIn()
}

// checkNames looks at a list by itself.
func checkNames(setting string, names, known []string) error {
	for n, name := range names {
		if !slices.Contains(known, name) {
			return badSetting(setting, "has one that is none of "+strings.Join(known, ", "))
		}
		if slices.Contains(names[:n], name) {
			return badSetting(setting, "has one twice")
		}
	}
	return nil
}

// checkSignIn refuses settings under which nobody could sign in, or finish signing up.
func (s Settings) checkSignIn() error {
	on := func(strategy string) bool { return slices.Contains(s.Strategies, strategy) }
	mail, text := on("email_code") || on("email_link"), on("phone_code")
	named := func(a Attribute) bool { return a.Enabled && a.SignIn }
	switch {
	case !named(s.EmailAddress) && !named(s.PhoneNumber) && !named(s.Username):
		return badSetting("email_address.sign_in", "leaves nothing to sign in with: let the e-mail address, the phone number or the username be enabled and sign_in")
	case !(s.Password.Enabled && on("password")) && !(s.EmailAddress.Enabled && mail) && !(s.PhoneNumber.Enabled && text):
		return badSetting("strategies", "has none that an enabled attribute goes with, so nobody could prove who they are")
	case s.Password.Enabled && s.Password.Required && !on("password"):
		return badSetting("password.required", `asks for a password that nobody can sign in with: add "password" to the strategies`)
	case s.EmailAddress.Enabled && s.EmailAddress.VerifyAtSignUp && !mail:
		return badSetting("email_address.verify_at_sign_up", `needs "email_code" or "email_link" among the strategies`)
	case s.PhoneNumber.Enabled && s.PhoneNumber.VerifyAtSignUp && !text:
		return badSetting("phone_number.verify_at_sign_up", `needs "phone_code" among the strategies`)
	}
	return nil
}

// isMailAddress takes bare addresses and "".
func isMailAddress(text string) bool {
	if text == "" {
		return true
	}
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && len(text) <= maxSettingText
}

// isWebPage takes absolute http and https URLs and "".
func isWebPage(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && len(text) <= maxSettingText
}
