package middleware

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Requirement is a condition on a signed-in request, for [Middleware.RequireThat],
// [Middleware.Has], [Middleware.Protect] and [Mux.Protected]. Its zero value is no
// requirement: they refuse it.
type Requirement struct {
	judge      func(a auth.Auth, now time.Time) unmet
	mayPending bool
}

// unmet is what is missing; its zero value says that nothing is.
type unmet struct {
	reason auth.Reason
	detail string
	stepUp string // the answer that asks for a proof; "" where none would help
}

// AuthorizedParty requires that the page which asked for the token, the claim azp,
// is one of these origins: "https://admin.example.com". They are compared letter by
// letter; a token without azp is refused (T-13). It narrows, for one route, what
// auth.VerifierConfig admits. It panics without an origin, and for "".
func AuthorizedParty(origins ...string) Requirement {
	if len(origins) == 0 || slices.Contains(origins, "") {
		panic("middleware: AuthorizedParty without an origin")
	}
	origins = slices.Clone(origins)
	return Requirement{judge: func(a auth.Auth, _ time.Time) unmet {
		if !slices.Contains(origins, a.Claims.AuthorizedParty) {
			return unmet{reason: auth.ReasonTokenParty, detail: fmt.Sprintf("asked for by %q", a.Claims.AuthorizedParty)}
		}
		return unmet{}
	}}
}

// NotImpersonated requires that the user acts in person: the token has no actor.
func NotImpersonated() Requirement {
	return Requirement{judge: func(a auth.Auth, _ time.Time) unmet {
		if a.Actor != nil {
			return unmet{reason: auth.ReasonImpersonated, detail: "by " + a.Actor.Subject}
		}
		return unmet{}
	}}
}

// Impersonated requires that somebody acts in the user's name: the token has an
// actor. Who that is, is in auth.Auth.
func Impersonated() Requirement {
	return Requirement{judge: func(a auth.Auth, _ time.Time) unmet {
		if a.Actor == nil {
			return unmet{reason: auth.ReasonNoActor}
		}
		return unmet{}
	}}
}

// MayBePending lets, for one route, sessions in that have tasks left to do, which
// count as signed out elsewhere (T-18). auth.Auth.SessionStatus tells them apart.
func MayBePending() Requirement {
	return Requirement{mayPending: true, judge: func(auth.Auth, time.Time) unmet { return unmet{} }}
}

// Claims requires what the app makes of claims of its own: it decodes them as
// [auth.ClaimsAs] does, strictly, and passes if ok does. A token that does not have
// them, or has something else in their place, is refused. ok must be safe for
// concurrent use. It panics if ok is nil.
func Claims[T any](ok func(T) bool) Requirement {
	if ok == nil {
		panic("middleware: Claims without a rule")
	}
	return Requirement{judge: func(a auth.Auth, _ time.Time) unmet {
		claims, err := auth.ClaimsAs[T](a)
		switch {
		case err != nil:
			return unmet{reason: auth.ReasonClaims, detail: err.Error()}
		case !ok(claims):
			return unmet{reason: auth.ReasonClaims, detail: "refused by the rule on " + reflect.TypeFor[T]().String()}
		}
		return unmet{}
	}}
}

// requirements are several, all of which must be met.
type requirements []Requirement

// valid reports whether something is asked for, and nothing by mistake.
func (all requirements) valid() bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(q Requirement) bool { return q.judge == nil })
}

func (all requirements) mayPending() bool {
	return slices.ContainsFunc(all, func(q Requirement) bool { return q.mayPending })
}

// judge returns the first that a signed-in request does not meet. Nobody is asked for a proof that would
// not let them in, so what no proof mends comes first.
func (all requirements) judge(a auth.Auth, now time.Time) unmet {
	var proof unmet
	for _, q := range all {
		switch u := q.judge(a, now); {
		case u.reason == auth.ReasonNone:
		case u.stepUp == "":
			return u
		case proof.reason == auth.ReasonNone:
			proof = u
		}
	}
	return proof
}
