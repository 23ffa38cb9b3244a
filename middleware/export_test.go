package middleware

import "time"

// NewClock returns a clock and what makes it wrong, as setting the system's clock does.
func NewClock() (now func() time.Time, step func(time.Duration)) {
	c := newClock()
	return c.now, func(d time.Duration) { c.offset.Add(int64(d)) }
}

// LockCache takes every lock that keeping a token takes.
func (m *Middleware) LockCache() (unlock func()) {
	for i := range m.cache.puts {
		m.cache.puts[i].Lock()
	}
	return func() {
		for i := range m.cache.puts {
			m.cache.puts[i].Unlock()
		}
	}
}
