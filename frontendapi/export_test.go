package frontendapi

import "fmt"

// Routes lists the table, one route a line, with what it needs and counts against.
func (h *Handler) Routes() []string {
	patterns := h.routes.Patterns()
	out := make([]string, len(patterns))
	for i, p := range patterns {
		rt := h.routes.At(i)
		limit := "none"
		if b, ok := budgets[rt.limit]; ok {
			limit = b.name
		}
		out[i] = fmt.Sprintf("%-70s %-8s %-9s %v", p, rt.need, limit, rt.params)
	}
	return out
}

// PathID is what a route does with an {id} of its path.
func PathID(prefix, value string) error {
	c := &call{values: map[string]string{"id": value}}
	_, err := c.pathID("id", prefix)
	return err
}

// ParseTarget reads the address that a handshake leads back to.
var ParseTarget = parseTarget
