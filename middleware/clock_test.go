package middleware_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/middleware"
)

// Without Config.Now tokens expire by the system's clock, also after it was set.
func TestClockFollowsTheSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now, step := middleware.NewClock()
		for range 3 {
			if got, want := now(), time.Now(); !got.Equal(want) {
				t.Errorf("now = %s, want %s", got, want)
			}
			time.Sleep(70 * time.Millisecond)
		}
		now()
		step(time.Hour)
		time.Sleep(100 * time.Millisecond)
		if got, want := now(), time.Now(); !got.Equal(want) {
			t.Errorf("100 ms after the clock was set: now = %s, want %s", got, want)
		}
	})
}
