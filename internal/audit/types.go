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
	SignInFirstPassed     Type = "sign_in.attempt_first_factor.passed"
	SignInSecondFailed    Type = "sign_in.attempt_second_factor.failed"
	SignInSecondPassed    Type = "sign_in.attempt_second_factor.passed"
	SignInUserLocked      Type = "sign_in.user_locked" // the failure that locked
	SignInCompleted       Type = "sign_in.completed"
	SignInCodeSent        Type = "sign_in.code_sent"
	SignUpCompleted       Type = "sign_up.completed"
	SignUpFailed          Type = "sign_up.failed" // a wrong proof
	ReverificationFailed  Type = "session.reverification.failed"
	ReverificationPassed  Type = "session.reverification.passed"
	PasswordChangeFailed  Type = "user.password.change_failed"
	PasswordReset         Type = "user.password.reset"
	IdentifierProofFailed Type = "identifier.verification.failed"
	TicketAccepted        Type = "ticket.accepted"
)

// What operators do.
const (
	// SecretKeyUsed is a request that changes something through the Backend API; its
	// details name the route and the status.
	SecretKeyUsed        Type = "secret_key.used"
	SecretKeyRefused     Type = "secret_key.refused" // an unknown secret key
	SecretKeyCreated     Type = "secret_key.created"
	SecretKeyRevoked     Type = "secret_key.revoked"
	SignInTokenCreated   Type = "sign_in_token.created"
	SignInTokenRevoked   Type = "sign_in_token.revoked"
	ActorTokenCreated    Type = "actor_token.created"
	ActorTokenRevoked    Type = "actor_token.revoked"
	InvitationCreated    Type = "invitation.created"
	InvitationRevoked    Type = "invitation.revoked"
	ImpersonationStarted Type = "session.impersonated" // a session began with an actor
)
