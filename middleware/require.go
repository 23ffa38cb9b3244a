package middleware

import (
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// RequireThat is [Middleware.Require] with conditions, all of which must be met:
//
//	stepUp := m.RequireThat(middleware.Reverified(10*time.Minute, middleware.FirstFactor))
//	mux.Handle("DELETE /api/account", stepUp(deleteAccount))
//
// Signed-in requests that lack something are answered 403: as [Reverified] says where
// a fresh proof would help, else with the JSON envelope; a browser that navigates gets
// a sentence. It panics without a requirement and for a zero one.
func (m *Middleware) RequireThat(all ...Requirement) func(http.Handler) http.Handler {
	if !requirements(all).valid() {
		panic("middleware: RequireThat without a requirement, or with a zero one")
	}
	all = slices.Clone(all)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w, r, a, missing := m.examine(w, r, all)
			switch {
			case w == nil: // answered on the way
			case !a.IsAuthenticated:
				m.refuse(w, r, a)
			case missing.reason != auth.ReasonNone:
				m.forbid(w, r, a, missing)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

// Has reports whether r is signed in and meets every requirement. Without one, or
// with a zero one, it reports false. It asks Config.Renewer, if at all, only
// where nothing but a fresh proof is missing.
func (m *Middleware) Has(r *http.Request, all ...Requirement) bool {
	_, _, a, missing := m.examine(nil, r, all)
	return a.IsAuthenticated && missing.reason == auth.ReasonNone
}

// Protect is [Middleware.Has] for handlers that find out late what they require, from
// the body for instance. If it returns false it has answered r, as
// [Middleware.RequireThat] does, and the handler returns:
//
//	if transfer.Amount > 1000 && !m.Protect(w, r, stepUp) {
//		return
//	}
func (m *Middleware) Protect(w http.ResponseWriter, r *http.Request, all ...Requirement) bool {
	_, r, a, missing := m.examine(nil, r, all)
	switch {
	case !a.IsAuthenticated:
		m.refuse(w, r, a)
	case missing.reason != auth.ReasonNone:
		m.forbid(w, r, a, missing)
	default:
		return true
	}
	return false
}

// identify says who r is from: what m found out before, else what it finds out now.
func (m *Middleware) identify(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request, auth.Auth) {
	if auth.MarkedBy(r.Context()) == &m.marker { // nobody else's word counts
		return w, r, auth.FromContext(r.Context())
	}
	w, r, a := m.enter(w, r)
	return w, r, *a
}

// examine says who r is from and which of the requirements is not met. With a nil w
// nothing is put on an answer.
func (m *Middleware) examine(w http.ResponseWriter, r *http.Request, all requirements) (http.ResponseWriter, *http.Request, auth.Auth, unmet) {
	w, r, a := m.identify(w, r)
	if a.Reason == auth.ReasonSessionPending && m.pending != nil && all.mayPending() {
		m = m.pending
		w, r, a = m.identify(w, r)
	}
	if !a.IsAuthenticated {
		return w, r, a, unmet{}
	}
	if !all.valid() {
		return w, r, a, unmet{reason: auth.ReasonNoRequirement}
	}
	missing := all.judge(a, m.cfg.Now())
	if missing.stepUp == "" {
		return w, r, a, missing
	}
	fresh, token := m.afresh(r, a) // the proof may be younger than the token
	if fresh == nil {
		return w, r, a, missing
	}
	if missing = all.judge(*fresh, m.cfg.Now()); w == nil || missing.reason != auth.ReasonNone {
		return w, r, a, missing
	}
	return m.hand(w, token), r.WithContext(auth.NewContextBy(r.Context(), fresh, &m.marker)), *fresh, missing
}
