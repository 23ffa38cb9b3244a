package client

import (
	"context"
	"errors"
	"net/http"
)

// VerifyPassword reports whether a password is the user's. Wrong ones count as they do at a
// sign-in, and may lock the user. *Error with the code no_password_set for a user without
// one.
func (s Users) VerifyPassword(ctx context.Context, id string, password Secret) (bool, error) {
	return s.verify(ctx, id, "/verify_password", "password", password, "incorrect_password")
}

// VerifyTOTP reports whether a code is one of the user's authenticator app, or a backup
// code, which is used up then. *Error with the code totp_disabled for a user without one.
func (s Users) VerifyTOTP(ctx context.Context, id string, code Secret) (bool, error) {
	return s.verify(ctx, id, "/verify_totp", "code", code, "totp_incorrect_code")
}

// verify asks whether a secret is right; wrong is the code of an answer that it is not.
func (s Users) verify(ctx context.Context, id, below, member string, secret Secret, wrong string) (bool, error) {
	if err := checkID("user", id); err != nil {
		return false, err
	}
	err := s.c.send(ctx, http.MethodPost, "/users/"+id+below, map[string]string{member: string(secret)}, nil)
	if e, ok := errors.AsType[*Error](err); ok && e.Has(wrong) {
		return false, nil
	}
	return err == nil, err
}

// RemovePassword takes the password away; with endSessions the user is signed out
// everywhere.
func (s Users) RemovePassword(ctx context.Context, id string, endSessions bool) (*User, error) {
	return s.one(ctx, http.MethodPost, id, "/remove_password", struct {
		EndSessions bool `json:"sign_out_of_other_sessions,omitzero"`
	}{endSessions})
}

// DisableMFA takes every second factor away.
func (s Users) DisableMFA(ctx context.Context, id string) error {
	if err := checkID("user", id); err != nil {
		return err
	}
	return s.c.send(ctx, http.MethodDelete, "/users/"+id+"/mfa", nil, nil)
}
