package middleware

import (
	"io"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// The answers to signed-in requests that lack something, the same for every reason.
const (
	forbiddenBody = `{"errors":[{"message":"You may not do this.",` +
		`"long_message":"You are signed in, but your session does not meet what this request requires.",` +
		`"code":"authorization_invalid"}]}` + "\n"
	forbiddenText = "You may not do this.\n"
	stepUpText    = "Confirm that it is you before you do this.\n"
)

// forbid answers a request that is signed in but may not go on. What asks the
// official SDKs for a proof is part of the protocol and left to no ErrorHandler; a
// browser that navigates has no use for it.
func (m *Middleware) forbid(w http.ResponseWriter, r *http.Request, a auth.Auth, missing unmet) {
	a.Reason, a.Detail = missing.reason, missing.detail
	m.tell(w, r, http.StatusForbidden, a)
	page := navigates(r)
	switch {
	case missing.stepUp != "" && !page:
		writeJSON(w, http.StatusForbidden, missing.stepUp)
	case m.cfg.ErrorHandler != nil:
		m.cfg.ErrorHandler(w, r, a)
	case missing.stepUp != "":
		writeText(w, http.StatusForbidden, stepUpText)
	case page:
		writeText(w, http.StatusForbidden, forbiddenText)
	default:
		writeJSON(w, http.StatusForbidden, forbiddenBody)
	}
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
