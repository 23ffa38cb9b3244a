package audit

// Type names what happened, as the reference's application log does where it has a name
// for it.
type Type string

// What is written by the flows. Changes of users have the names of package user's
// changes, those of sessions the names of package session's events.
const (
	SignInFailed          Type = "sign_in.failed"          // an identifier of nobody, or a proof for nobody
	SignInPasswordFailed  Type = "sign_in.password.failed" // a wrong password
	SignInFirstFailed     Type = "sign_in.attempt_first_factor.failed"
	SignInUserLocked      Type = "sign_in.user_locked" // the account is locked, or was by this failure
	SignUpFailed          Type = "sign_up.failed"      // a wrong proof
	ReverificationFailed  Type = "session.reverification.failed"
	ReverificationPassed  Type = "session.reverification.passed"
	PasswordChangeFailed  Type = "user.password.change_failed"
	PasswordReset         Type = "user.password.reset"
	IdentifierProofFailed Type = "identifier.verification.failed"
)

// What operators do.
const (
	// SecretKeyUsed is a request that changes something through the Backend API; its
	// details name the route.
	SecretKeyUsed        Type = "secret_key.used"
	SecretKeyRefused     Type = "secret_key.refused" // an unknown secret key
	SignInTokenCreated   Type = "sign_in_token.created"
	SignInTokenRevoked   Type = "sign_in_token.revoked"
	ActorTokenCreated    Type = "actor_token.created"
	ActorTokenRevoked    Type = "actor_token.revoked"
	InvitationCreated    Type = "invitation.created"
	InvitationRevoked    Type = "invitation.revoked"
	WebhookDisabled      Type = "webhook_endpoint.disabled" // for its failures, by the server itself
	ImpersonationStarted Type = "session.impersonated"      // a session began with an actor
)
