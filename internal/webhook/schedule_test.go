package webhook

import (
	"testing"
	"time"
)

// Now and then a failure starts no clock: four within a day do, as of the fourth.
func TestHealth(t *testing.T) {
	now := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	var h Health
	for range 40 { // one each 10 hours, for 400 hours
		h = h.after(false, now)
		now = now.Add(10 * time.Hour)
	}
	if h.dead(now) {
		t.Errorf("an endpoint that fails now and then is dead: %+v", h)
	}
	h = Health{}
	for range several {
		h = h.after(false, now)
		now = now.Add(time.Hour)
	}
	clock := now.Add(-time.Hour)
	if h.dead(clock.Add(disableAfter-time.Millisecond)) || !h.dead(clock.Add(disableAfter)) {
		t.Errorf("%+v is not dead exactly 5 days after the fourth failure at %v", h, clock)
	}
	if h = h.after(true, now); h != (Health{}) {
		t.Errorf("after a success: %+v", h)
	}
}
