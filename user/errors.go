package user

import "errors"

// Errors that Service and every Store return, wrapped or bare; test with errors.Is.
var (
	ErrNotFound        = errors.New("user: not found")
	ErrIdentifierTaken = errors.New("user: identifier already taken") // comes as *TakenError
	ErrExternalIDTaken = errors.New("user: external id already taken")
	ErrIDTaken         = errors.New("user: id already taken") // of a user or an identification
	ErrPasswordWrong   = errors.New("user: password incorrect")
	ErrNoPassword      = errors.New("user: no password set")
	ErrBusy            = errors.New("user: too many passwords or pictures at once") // retry later
	ErrDeleteSelfOff   = errors.New("user: may not delete themselves")
	ErrNoSecondFactor  = errors.New("user: no authenticator app and no backup codes")
	ErrCodeWrong       = errors.New("user: code incorrect, or used before")
	ErrInvalid         = errors.New("user: invalid")             // comes as *FieldError
	ErrInvited         = errors.New("user: already invited")     // comes as *InvitedError
	ErrTicketSpent     = errors.New("user: ticket good no more") // comes as *TicketError

	ErrImageUnsupported = errors.New("user: no PNG, JPEG, WebP or GIF that can be read")
	ErrImageTooLarge    = errors.New("user: picture beyond its bytes or pixels")

	// ErrHashInTx is a plain password given to a Service of WithTx: hashing takes long,
	// and the transaction holds locks. Call HashPassword before it.
	ErrHashInTx = errors.New("user: hash the password before the transaction")
)

// TakenError says which kind of identifier another user already holds.
type TakenError struct{ Kind Kind }

func (e *TakenError) Error() string { return "user: " + string(e.Kind) + " already taken" }

// Is makes errors.Is(err, ErrIdentifierTaken) true.
func (e *TakenError) Is(target error) bool { return target == ErrIdentifierTaken }

// FieldError is a broken rule about one field. It never holds the value.
type FieldError struct {
	Field string // snake_case, as on the wire: "email_address", "password"
	Rule  Rule
	Limit int // the bound that was broken, 0 if there is none
}

func (e *FieldError) Error() string { return "user: " + e.Field + ": " + string(e.Rule) }

// Is makes errors.Is(err, ErrInvalid) true.
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Rule names what a value broke.
type Rule string

// The rules.
const (
	RuleMissing            Rule = "missing"
	RuleFormat             Rule = "format"    // malformed, control characters, invalid UTF-8
	RuleTooLong            Rule = "too_long"  // Limit is in code points
	RuleTooShort           Rule = "too_short" // Limit is in code points
	RuleTooLarge           Rule = "too_large" // metadata beyond its bytes (Limit) or depth
	RuleValue              Rule = "value"     // well-formed but not allowed
	RuleUnverified         Rule = "unverified"
	RuleNotOwned           Rule = "not_owned"
	RulePasswordTooShort   Rule = "password_too_short"      // Limit is in code points
	RulePasswordTooLong    Rule = "password_too_long"       // Limit is in code points
	RulePasswordBytes      Rule = "password_too_many_bytes" // Limit is in bytes
	RulePasswordPwned      Rule = "password_pwned"
	RulePasswordIdentifier Rule = "password_matches_identifier"
	RulePasswordSame       Rule = "password_unchanged"
	RuleDigest             Rule = "digest" // not one of its hasher, or too costly to verify
	RuleTOTPSecret         Rule = "totp_secret"
	RuleUsernameLength     Rule = "username_length"
	RuleUsernameCharacter  Rule = "username_character"
	RuleUsernameDigits     Rule = "username_digits"
	RuleLastIdentification Rule = "last_identification"
)
