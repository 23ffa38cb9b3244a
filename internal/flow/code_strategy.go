package flow

import (
	"context"
	"strings"

	"github.com/gatehouse-dev/gatehouse/user"
)

// The strategies that prove an address by a code sent there.
const (
	strategyEmailCode      = "email_code"
	strategyPhoneCode      = "phone_code"
	strategyResetEmailCode = "reset_password_email_code"
	strategyResetPhoneCode = "reset_password_phone_code"
)

// codeTo proves who one is by a code sent to an address of some kind.
type codeTo struct {
	e        *Engine
	strategy string
	kind     user.Kind
}

// addressCode also proves the address itself.
type addressCode struct{ codeTo }

func (s addressCode) verifies() user.Kind { return s.kind }

// resetCode proves who one is for a new password, and nothing else.
type resetCode struct{ codeTo }

func (resetCode) resets() {}

// factors offers each usable address to users who have a password to forget, and
// only verified ones.
func (s resetCode) factors(p *person, st Settings) []Factor {
	if !p.hidden && (p.user == nil || p.user.PasswordDigest == "") {
		return nil
	}
	return s.factorsOf(p, st, p.verified(s.kind))
}

// target finds the verified address that was asked for.
func (s resetCode) target(p *person, _ Settings, ask Prepare) (destination, error) {
	return s.targetAmong(p, ask, p.verified(s.kind))
}

func (s codeTo) name() string { return s.strategy }
func (codeTo) object() string { return "verification_otp" }
func (codeTo) wrong() *Error  { return &Error{Code: "form_code_incorrect", Param: "code"} }

func (s codeTo) factors(p *person, st Settings) []Factor {
	return s.factorsOf(p, st, p.usable(s.kind))
}

// factorsOf offers each of the addresses. Where identifiers are hidden it offers one
// made-up address id to everybody.
func (s codeTo) factorsOf(p *person, st Settings, addresses []user.Identification) []Factor {
	if !st.identification(s.kind).Enabled {
		return nil
	}
	if p.hidden {
		safe := "***"
		if k, _, err := user.ParseIdentifier(p.identifier); err == nil && k == s.kind {
			safe = p.identifier
		} else if s.kind == user.KindEmailAddress {
			safe = "***@***"
		}
		return []Factor{s.factor(s.e.fakeID(p, s.kind), safe, true)}
	}
	var out []Factor
	for _, i := range addresses {
		primary := i.ID == p.user.PrimaryEmailAddressID || i.ID == p.user.PrimaryPhoneNumberID
		out = append(out, s.factor(i.ID, p.safe(i), primary))
	}
	return out
}

func (s codeTo) factor(id user.IdentificationID, safe string, primary bool) Factor {
	f := Factor{Strategy: s.strategy, SafeIdentifier: safe, Primary: primary}
	if s.kind == user.KindPhoneNumber {
		f.PhoneNumberID = id
	} else {
		f.EmailAddressID = id
	}
	return f
}

// target finds the address that was asked for; without an id the one typed, else the
// primary one.
func (s codeTo) target(p *person, _ Settings, ask Prepare) (destination, error) {
	to, err := s.targetAmong(p, ask, p.usable(s.kind))
	if typed, joins := p.typed(s.kind); err == nil && joins {
		return typed, nil
	}
	return to, err
}

func (s codeTo) targetAmong(p *person, ask Prepare, addresses []user.Identification) (destination, error) {
	id := ask.EmailAddressID
	if s.kind == user.KindPhoneNumber {
		id = ask.PhoneNumberID
	}
	if p.hidden {
		if id != "" && id != s.e.fakeID(p, s.kind) {
			return destination{}, errStrategyForUser
		}
		if i, ok := p.preferred(addresses, ""); ok {
			return p.destination(i), nil
		}
		return destination{key: "nobody " + p.key, place: p.typedKey()}, nil
	}
	i, ok := p.preferred(addresses, id)
	if !ok {
		return destination{}, errStrategyForUser
	}
	return p.destination(i), nil
}

func (s codeTo) prepare(ctx context.Context, r *round, to destination) error {
	out := mailOut
	if s.kind == user.KindPhoneNumber {
		out = textOut
	}
	return s.e.sendCode(ctx, r, s.strategy, to, s.isTest(to), out)
}

func (s codeTo) judge(ctx context.Context, r *round, p Proof) (bool, error) {
	return s.e.judgeCode(ctx, r, s.strategy, p.Code)
}

// isTest reports whether to is a test address: one that gets no message and accepts
// the test code. There are none unless a test code is configured (C-13).
func (s codeTo) isTest(to destination) bool {
	if s.e.testCode == "" {
		return false
	}
	if s.kind == user.KindPhoneNumber {
		return user.IsFictionalPhone(to.key)
	}
	local, _, ok := strings.Cut(to.key, "@")
	return ok && strings.Contains(local, "+clerk_test")
}
