package gatehouse

import (
	"log/slog"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

// logRefused returns what writes one line for each request that was refused, with
// the reason that the answer does not tell:
//
//	401 GET /api/me  session_revoked (user deleted 0.2 s ago)
func logRefused(log *slog.Logger) func(*http.Request, int, auth.Auth) {
	return func(r *http.Request, status int, a auth.Auth) {
		attrs := []slog.Attr{
			slog.Int(logging.KeyStatus, status),
			slog.String(logging.KeyMethod, r.Method),
			slog.String(logging.KeyPath, r.URL.Path),
			slog.String(logging.KeyReason, string(a.Reason)),
		}
		if a.Detail != "" {
			attrs = append(attrs, slog.String(logging.KeyDetail, a.Detail))
		}
		log.LogAttrs(r.Context(), slog.LevelInfo, "request refused", attrs...)
	}
}
