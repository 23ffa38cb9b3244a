package gatehousetest

import (
	"sync"
	"time"
)

// Clock runs like the real one until a test moves it. It is safe for concurrent
// use.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
	frozen time.Time // zero while running
}

func newClock() *Clock { return &Clock{} }

// Now returns the server's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return time.Now().Add(c.offset)
}

// Advance moves the clock by d. The server sees the change at once.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	if !c.frozen.IsZero() {
		c.frozen = c.frozen.Add(d)
	}
}

// Set makes it t; the clock runs on from there.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen = time.Until(t), time.Time{}
}

// Freeze makes it t and stops the clock, for tests that compare times.
func (c *Clock) Freeze(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen = time.Until(t), t
}
