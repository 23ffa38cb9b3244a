package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// What the protocol has and this server does not offer. The environment says that these
// are off, so that the SDK's components do not show them; a program that calls one all
// the same learns why. What asks for one of several (a passkey, a connected account) has
// no route: there is none, so it is not found.

// featureOff serves what would begin with something that is not offered.
func (c *call) featureOff() error { return apierr.FeatureOff }

// nothingThere serves the removal of something that nobody can have.
func (c *call) nothingThere() error { return apierr.NotFound }

// signInSecondFactor serves prepare_second_factor and attempt_second_factor of a
// sign-in: a foreign one is unknown as ever.
func (c *call) signInSecondFactor() error {
	id, err := c.pathID("id", "sia")
	if err != nil {
		return err
	}
	if _, err := c.h.cfg.Flow.SignIn(c.r.Context(), c.caller(), id); err != nil {
		return err
	}
	return apierr.FeatureOff
}

// reverifySecondFactor serves the same steps of a reverification.
func (c *call) reverifySecondFactor() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	if _, err := c.h.cfg.Flow.Reverification(c.r.Context(), c.caller(), id); err != nil {
		return err
	}
	return apierr.FeatureOff
}

// updatePhoneNumber serves PATCH /v1/me/phone_numbers/{id}, which is about second
// factors alone.
func (c *call) updatePhoneNumber() error {
	id, err := c.identificationID()
	if err != nil {
		return err
	}
	if _, err := c.h.cfg.Flow.Address(c.r.Context(), c.session, phoneNumbers.kind, id); err != nil {
		return err
	}
	return apierr.FeatureOff
}

// verifyCaptcha serves POST /v1/client/verify. Nothing asks for a captcha.
func (c *call) verifyCaptcha() error { return apierr.CaptchaOff }
