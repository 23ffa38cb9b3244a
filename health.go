package gatehouse

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// readyTimeout bounds one look at a store: probes have little patience.
const readyTimeout = 2 * time.Second

// check is one thing that a server needs to answer requests.
type check struct {
	name string
	run  func(context.Context) error
}

// health is the body of /healthz and /readyz. Causes are in the log, not here (E-06).
type health struct {
	Status string            `json:"status"`           // "ok" or "unavailable"
	Checks map[string]string `json:"checks,omitempty"` // by name: "ok" or "unavailable"
}

// serveLive answers /healthz: the process runs.
func serveLive(w http.ResponseWriter, _ *http.Request) {
	_ = httpjson.Write(w, http.StatusOK, health{Status: "ok"})
}

// serveReady answers /readyz: 200 if every store answers, else 503.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	out := health{Status: "ok", Checks: map[string]string{}}
	status := http.StatusOK
	for _, c := range s.checks {
		group.Go(func() {
			err := c.run(ctx)
			mu.Lock()
			defer mu.Unlock()
			out.Checks[c.name] = "ok"
			if err != nil {
				out.Checks[c.name], out.Status, status = "unavailable", "unavailable", http.StatusServiceUnavailable
				s.log.WarnContext(r.Context(), "not ready", "check", c.name, "err", err)
			}
		})
	}
	group.Wait()
	_ = httpjson.Write(w, status, out)
}
