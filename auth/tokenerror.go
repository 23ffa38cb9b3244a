package auth

// TokenError is the error of a refused token; errors.AsType finds it.
type TokenError struct {
	Reason Reason // the one rule that refused the token
	Err    error  // what else is known, for the log; nil if nothing
	// Expired holds the claims of a token that is good but for its age, so that a
	// new one can be asked for. It is nil otherwise.
	Expired *Claims
	// Pending is the Auth of a token that is good but for the status of its
	// session, for apps that let pending sessions in. It is nil otherwise.
	Pending *Auth
}

// Error implements error.
func (e *TokenError) Error() string {
	if e.Err == nil {
		return "auth: " + string(e.Reason)
	}
	return "auth: " + string(e.Reason) + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *TokenError) Unwrap() error { return e.Err }

func refuse(reason Reason, err error) *TokenError {
	return &TokenError{Reason: reason, Err: err}
}
