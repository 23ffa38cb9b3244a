package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// The parameters that each kind of step takes.
var (
	signUpParams = []string{
		"email_address", "phone_number", "username", "first_name", "last_name", "password",
		"unsafe_metadata", "legal_accepted", "strategy", "ticket", "transfer",
		"redirect_url", "action_complete_redirect_url",
	}
	signInParams = []string{
		"identifier", "strategy", "password", "ticket", "transfer", "redirect_url", "action_complete_redirect_url",
		"sign_up_if_missing",
	}
	prepareParams = []string{
		"strategy", "email_address_id", "phone_number_id", "default",
		"redirect_url", "action_complete_redirect_url",
	}
	proofParams = []string{"strategy", "code", "password"}
)

// createSignUp serves POST /v1/client/sign_ups.
func (c *call) createSignUp() error {
	fields, err := c.signUpFields()
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.CreateSignUp(c.r.Context(), c.caller(), fields)
	return c.replyOutcome(out, err)
}

// updateSignUp serves PATCH /v1/client/sign_ups/{id}.
func (c *call) updateSignUp() error {
	id, err := c.pathID("id", "sua")
	if err != nil {
		return err
	}
	fields, err := c.signUpFields()
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.UpdateSignUp(c.r.Context(), c.caller(), id, fields)
	return c.replyOutcome(out, err)
}

// getSignUp serves GET /v1/client/sign_ups/{id}.
func (c *call) getSignUp() error {
	id, err := c.pathID("id", "sua")
	if err != nil {
		return err
	}
	su, err := c.h.cfg.Flow.SignUp(c.r.Context(), c.caller(), id)
	if err != nil {
		return err
	}
	return c.reply(newSignUpJSON(su))
}

// prepareSignUp serves POST /v1/client/sign_ups/{id}/prepare_verification.
func (c *call) prepareSignUp() error {
	id, err := c.pathID("id", "sua")
	if err != nil {
		return err
	}
	ask, err := c.prepareParams()
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.PrepareVerification(c.r.Context(), c.caller(), id, ask)
	return c.replyOutcome(out, err)
}

// attemptSignUp serves POST /v1/client/sign_ups/{id}/attempt_verification.
func (c *call) attemptSignUp() error {
	id, err := c.pathID("id", "sua")
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.AttemptVerification(c.r.Context(), c.caller(), id, c.proofParams())
	return c.replyOutcome(out, err)
}

// createSignIn serves POST /v1/client/sign_ins.
func (c *call) createSignIn() error {
	transfer, err := c.params.flag("transfer")
	if err != nil {
		return err
	}
	join, err := c.params.flag("sign_up_if_missing")
	if err != nil {
		return err
	}
	redirect, err := c.redirectURL()
	if err != nil {
		return err
	}
	v := c.params.values
	out, err := c.h.cfg.Flow.CreateSignIn(c.r.Context(), c.caller(), flow.SignInFields{
		Identifier: v["identifier"], Strategy: v["strategy"], Password: v["password"],
		Ticket: v["ticket"], Locale: v["locale"], Transfer: transfer != nil && *transfer,
		SignUpIfMissing: join != nil && *join, RedirectURL: redirect,
	})
	return c.replyOutcome(out, err)
}

// getSignIn serves GET /v1/client/sign_ins/{id}.
func (c *call) getSignIn() error {
	id, err := c.pathID("id", "sia")
	if err != nil {
		return err
	}
	si, err := c.h.cfg.Flow.SignIn(c.r.Context(), c.caller(), id)
	if err != nil {
		return err
	}
	return c.reply(c.renderSignIn(si))
}

// prepareSignIn serves POST /v1/client/sign_ins/{id}/prepare_first_factor.
func (c *call) prepareSignIn() error {
	id, err := c.pathID("id", "sia")
	if err != nil {
		return err
	}
	ask, err := c.prepareParams()
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.PrepareFirstFactor(c.r.Context(), c.caller(), id, ask)
	return c.replyOutcome(out, err)
}

// attemptSignIn serves POST /v1/client/sign_ins/{id}/attempt_first_factor.
func (c *call) attemptSignIn() error {
	id, err := c.pathID("id", "sia")
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.AttemptFirstFactor(c.r.Context(), c.caller(), id, c.proofParams())
	return c.replyOutcome(out, err)
}

// resetPassword serves POST /v1/client/sign_ins/{id}/reset_password. Other sessions end
// unless the caller says otherwise (S-09).
func (c *call) resetPassword() error {
	id, err := c.pathID("id", "sia")
	if err != nil {
		return err
	}
	signOut, err := c.params.flag("sign_out_of_other_sessions")
	if err != nil {
		return err
	}
	out, err := c.h.cfg.Flow.ResetPassword(c.r.Context(), c.caller(), id, c.params.values["password"], signOut == nil || *signOut)
	return c.replyOutcome(out, err)
}

// replyOutcome answers with the attempt that a step led to.
func (c *call) replyOutcome(out flow.Outcome, err error) error {
	c.took(out.Client, out.Cookie)
	if err != nil {
		return err
	}
	if out.SignIn != nil {
		return c.reply(c.renderSignIn(out.SignIn))
	}
	return c.reply(newSignUpJSON(out.SignUp))
}

// signUpFields reads what a sign-up takes. Empty text means not given: forms post every
// optional field.
func (c *call) signUpFields() (flow.SignUpFields, error) {
	p := c.params
	f := flow.SignUpFields{
		EmailAddress: p.text("email_address"),
		PhoneNumber:  p.text("phone_number"),
		Username:     p.text("username"),
		FirstName:    p.text("first_name"),
		LastName:     p.text("last_name"),
		Password:     p.text("password"),
		Locale:       p.text("locale"),
		Strategy:     p.values["strategy"],
		Ticket:       p.values["ticket"],
	}
	var err error
	if f.UnsafeMetadata, err = p.object("unsafe_metadata"); err != nil {
		return f, err
	}
	if f.LegalAccepted, err = p.flag("legal_accepted"); err != nil {
		return f, err
	}
	transfer, err := p.flag("transfer")
	if err != nil {
		return f, err
	}
	f.Transfer = transfer != nil && *transfer
	f.RedirectURL, err = c.redirectURL()
	return f, err
}

func (c *call) prepareParams() (flow.Prepare, error) {
	redirect, err := c.redirectURL()
	v := c.params.values
	return flow.Prepare{
		Strategy:       v["strategy"],
		EmailAddressID: user.IdentificationID(v["email_address_id"]),
		PhoneNumberID:  user.IdentificationID(v["phone_number_id"]),
		Channel:        v["channel"],
		RedirectURL:    redirect,
	}, err
}

func (c *call) proofParams() flow.Proof {
	v := c.params.values
	return flow.Proof{Strategy: v["strategy"], Code: v["code"], Password: v["password"]}
}
