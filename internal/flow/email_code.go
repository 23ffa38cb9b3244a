package flow

import (
	"context"
	"strings"

	"github.com/gatehouse-dev/gatehouse/user"
)

// emailCode proves an e-mail address, and with it who one is, by a code sent there.
type emailCode struct{ e *Engine }

const strategyEmailCode = "email_code"

func (emailCode) name() string        { return strategyEmailCode }
func (emailCode) object() string      { return "verification_otp" }
func (emailCode) verifies() user.Kind { return user.KindEmailAddress }
func (emailCode) wrong() *Error       { return &Error{Code: "form_code_incorrect", Param: "code"} }

// factors offers each usable address. Where identifiers are hidden it offers one
// made-up address id to everybody.
func (s emailCode) factors(p *person, st Settings) []Factor {
	if !st.EmailAddress.Enabled {
		return nil
	}
	if p.hidden {
		safe := "***@***"
		if strings.Contains(p.identifier, "@") {
			safe = p.identifier
		}
		return []Factor{{
			Strategy: strategyEmailCode, EmailAddressID: s.e.fakeID(p), SafeIdentifier: safe, Primary: true,
		}}
	}
	var out []Factor
	for _, i := range p.usable(user.KindEmailAddress) {
		out = append(out, Factor{
			Strategy: strategyEmailCode, EmailAddressID: i.ID, SafeIdentifier: p.safe(i),
			Primary: i.ID == p.user.PrimaryEmailAddressID,
		})
	}
	return out
}

// target finds the address that was asked for; without an id the one typed, else
// the primary one.
func (s emailCode) target(p *person, st Settings, ask Prepare) (destination, error) {
	if p.hidden {
		if ask.EmailAddressID != "" && ask.EmailAddressID != s.e.fakeID(p) {
			return destination{}, errStrategyForUser
		}
		if i, ok := p.preferred(user.KindEmailAddress, ""); ok {
			return p.destination(i), nil
		}
		return destination{key: "nobody " + p.key}, nil
	}
	i, ok := p.preferred(user.KindEmailAddress, ask.EmailAddressID)
	if !ok {
		return destination{}, errStrategyForUser
	}
	return p.destination(i), nil
}

func (s emailCode) prepare(ctx context.Context, r *round, to destination) error {
	return s.e.sendCode(ctx, r, strategyEmailCode, to, s.isTest(to), mailOut)
}

func (s emailCode) judge(ctx context.Context, r *round, p Proof) (bool, error) {
	return s.e.judgeCode(ctx, r, strategyEmailCode, p.Code)
}

// isTest reports whether to is a test address: one that gets no mail and accepts
// the test code. There are none unless a test code is configured (C-13).
func (s emailCode) isTest(to destination) bool {
	if s.e.testCode == "" {
		return false
	}
	local, _, ok := strings.Cut(to.key, "@")
	return ok && strings.Contains(local, "+clerk_test")
}
