package flow

import (
	"context"

	"github.com/gatehouse-dev/gatehouse/user"
)

const strategyEmailLink = "email_link"

// emailLink proves an e-mail address by a link sent there, which is followed in the
// browser that asked for it.
type emailLink struct{ addressCode }

func newEmailLink(e *Engine) emailLink {
	return emailLink{addressCode{codeTo{e, strategyEmailLink, user.KindEmailAddress}}}
}

// entersOnly: a step-up is proved in the page that asks for it.
func (emailLink) entersOnly() {}

func (emailLink) object() string { return "verification_email_link" }
func (emailLink) wrong() *Error  { return errFailed }

func (s emailLink) prepare(ctx context.Context, r *round, to destination) error {
	return s.e.sendLink(ctx, r, s.strategy, to)
}

func (s emailLink) judge(_ context.Context, r *round, p Proof) (bool, error) {
	return s.e.judgeLink(r, s.strategy, p.token)
}
