package backendapi

import (
	"context"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/user"
)

// verifiedJSON is the answer to a password or a code that was right.
type verifiedJSON struct {
	Verified bool              `json:"verified"`
	CodeType user.SecondFactor `json:"code_type,omitempty"`
}

// verifyPassword serves POST /v1/users/{id}/verify_password.
func (c *call) verifyPassword() error {
	id, password, err := c.proof("password")
	if err != nil {
		return err
	}
	if err := c.h.cfg.Flow.VerifyPassword(c.r.Context(), id, password); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, verifiedJSON{Verified: true})
}

// verifyTOTP serves POST /v1/users/{id}/verify_totp, whose code may be a backup code.
func (c *call) verifyTOTP() error {
	id, code, err := c.proof("code")
	if err != nil {
		return err
	}
	kind, err := c.h.cfg.Flow.VerifySecondFactor(c.r.Context(), id, code)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, verifiedJSON{Verified: true, CodeType: kind})
}

// proof reads the user and the one member that proves something about them.
func (c *call) proof(name string) (id user.ID, value string, err error) {
	if id, err = c.userID(); err != nil {
		return "", "", err
	}
	f := c.fields(name)
	if value = f.text(name); value == "" {
		f.fail(apierr.ParamMissing.At(name))
	}
	return id, value, f.err
}

// removePassword serves POST /v1/users/{id}/remove_password.
func (c *call) removePassword() error {
	return c.endingSessions("sign_out_of_other_sessions", c.h.cfg.Flow.RemoveUserPassword)
}

// setCompromised serves POST /v1/users/{id}/password/set_compromised.
func (c *call) setCompromised() error {
	return c.endingSessions("revoke_all_sessions", c.h.cfg.Flow.SetPasswordCompromised)
}

// unsetCompromised serves POST /v1/users/{id}/password/unset_compromised.
func (c *call) unsetCompromised() error {
	return c.act(func(id user.ID) (*user.User, error) {
		return c.h.cfg.Users.UnsetPasswordCompromised(c.r.Context(), id)
	})
}

// endingSessions answers with the user that do returns. flag is the member that asks for
// the end of the user's sessions.
func (c *call) endingSessions(flag string, do func(ctx context.Context, id user.ID, endSessions bool) (*user.User, error)) error {
	f := c.fields(flag)
	end := f.isTrue(flag)
	if f.err != nil {
		return f.err
	}
	return c.withUser(func(id user.ID) (*user.User, error) { return do(c.r.Context(), id, end) })
}

// disableMFA serves DELETE /v1/users/{id}/mfa.
func (c *call) disableMFA() error { return c.dropFactor(c.h.cfg.Users.DisableMFA) }

// deleteTOTP serves DELETE /v1/users/{id}/totp.
func (c *call) deleteTOTP() error { return c.dropFactor(c.h.cfg.Users.RemoveTOTP) }

// deleteBackupCodes serves DELETE /v1/users/{id}/backup_code.
func (c *call) deleteBackupCodes() error { return c.dropFactor(c.h.cfg.Users.RemoveBackupCodes) }

// userIDJSON names a user who has a factor less.
type userIDJSON struct {
	UserID user.ID `json:"user_id"`
}

// dropFactor takes a factor away. That there was none changes nothing.
func (c *call) dropFactor(do func(context.Context, user.ID) (*user.User, error)) error {
	id, err := c.userID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	if _, err := do(c.r.Context(), id); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, userIDJSON{UserID: id})
}

// deletePasskey serves DELETE /v1/users/{id}/passkeys/{identification}.
func (c *call) deletePasskey() error { return c.noneThere() }

// deleteWallet serves DELETE /v1/users/{id}/web3_wallets/{identification}.
func (c *call) deleteWallet() error { return c.noneThere() }

// noneThere answers that a user has no such thing: nobody has a passkey or a wallet.
func (c *call) noneThere() error {
	if err := c.fields().err; err != nil {
		return err
	}
	return apierr.NotFound
}
