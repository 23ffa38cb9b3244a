package middleware

import (
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Level says which factors [Reverified] wants a fresh proof of.
type Level uint8

// The levels.
const (
	FirstFactor  Level = 1 << iota // a password or a code, for example
	SecondFactor                   // an authenticator's code, for example
	MultiFactor        = FirstFactor | SecondFactor

	orFirstFactor Level = 1 << 7
)

// OrFirstFactor returns the level that is content with the first factor where the
// session has no second one, as the official SDKs are at every level. A token does
// not say whether the user has none or has only not used it in this session.
func (l Level) OrFirstFactor() Level { return l | orFirstFactor }

// String returns the level as the protocol names it, "multi_factor" for example, and
// "" for no level.
func (l Level) String() string {
	switch l &^ orFirstFactor {
	case FirstFactor:
		return "first_factor"
	case SecondFactor:
		return "second_factor"
	case MultiFactor:
		return "multi_factor"
	}
	return ""
}

// Reverified requires a step-up: that the user proved the factors of the level less
// than maxAge ago, in this session. Whoever has no second factor never passes
// SecondFactor or MultiFactor, unless Level.OrFirstFactor says so, and whoever
// impersonates somebody proves nothing.
//
// A request that lacks only the proof is answered 403 with what the official SDKs
// take as the call to confirm and try again:
//
//	{"clerk_error":{"type":"forbidden","reason":"reverification-error","metadata":
//	  {"reverification":{"level":"first_factor","afterMinutes":10}}}}
//
// Tokens carry ages in whole minutes, rounded down; what passed since the token was
// minted counts too. So maxAge is whole minutes, at least one, and a proof may be up
// to a minute older. Where Config.Renewer is set, a proof counts at once, before the
// browser has a new token. It panics for another maxAge and for another Level.
func Reverified(maxAge time.Duration, level Level) Requirement {
	if maxAge < time.Minute || maxAge%time.Minute != 0 {
		panic("middleware: Reverified: maxAge is not whole minutes, at least one")
	}
	if level.String() == "" {
		panic("middleware: Reverified: no such level")
	}
	stepUp := fmt.Sprintf(`{"clerk_error":{"type":"forbidden","reason":"reverification-error",`+
		`"metadata":{"reverification":{"level":%q,"afterMinutes":%d}}}}`+"\n", level.String(), maxAge/time.Minute)
	return Requirement{judge: func(a auth.Auth, now time.Time) unmet {
		if a.Actor != nil {
			return unmet{reason: auth.ReasonImpersonated, detail: "by " + a.Actor.Subject}
		}
		since := max(now.Sub(time.Unix(a.Claims.IssuedAt, 0)), 0)
		if level.fresh(a.Claims.FactorAges, maxAge-since) {
			return unmet{}
		}
		return unmet{reason: auth.ReasonReverification, detail: level.String() + " wanted", stepUp: stepUp}
	}}
}

// fresh reports whether the proofs were young enough when the token was minted.
func (l Level) fresh(ages auth.FactorAges, limit time.Duration) bool {
	young := func(age time.Duration) bool { return age >= 0 && age < limit } // negative: never
	if l&orFirstFactor != 0 && ages.Second < 0 {
		l = FirstFactor
	}
	return (l&FirstFactor == 0 || young(ages.First)) && (l&SecondFactor == 0 || young(ages.Second))
}
