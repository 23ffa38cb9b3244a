package user

import (
	"github.com/alexedwards/argon2id"

	"github.com/gatehouse-dev/gatehouse/user/internal/digest"
)

// Work is one hash that a Hasher made or compared.
type Work struct{ MemoryKiB, Iterations uint32 }

// Observe calls seen for each hash that h computes.
func (h *Hasher) Observe(seen func(Work)) {
	create, compare := h.create, h.compare
	h.create = func(password string, p *argon2id.Params) (string, error) {
		seen(Work{p.Memory, p.Iterations})
		return create(password, p)
	}
	h.compare = func(password string, d digest.Digest) bool {
		if p := d.Argon2id(); p != nil {
			seen(Work{p.Memory, p.Iterations})
		} else {
			seen(Work{})
		}
		return compare(password, d)
	}
}

// The insides that tests look at.
var (
	IsBreached   = isBreached
	BreachedList = breachedList
	CleanText    = cleanText
)
