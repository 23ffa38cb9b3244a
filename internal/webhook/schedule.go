package webhook

import "time"

// pauses come before the tries of a delivery, each after the failure before.
var pauses = []time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

// next says when a delivery is tried again that failed at now for the nth time of its
// round; ok is false if that was the last.
func next(now time.Time, n int) (at time.Time, ok bool) {
	if n >= len(pauses) {
		return time.Time{}, false
	}
	return now.Add(pauses[n]), true
}

// nextCall is next for a subscription, which is tried until it succeeds: after a second,
// then twice as long each time up to 5 minutes.
func nextCall(now time.Time, n int) time.Time {
	const most = 5 * time.Minute
	pause := time.Second << min(n-1, 9)
	return now.Add(min(pause, most))
}

const (
	// several failures within a day start the clock of an endpoint's disabling.
	several   = 4
	withinDay = 24 * time.Hour
	// disableAfter is how long an endpoint may do nothing but fail.
	disableAfter = 5 * 24 * time.Hour
)

// Health is how an endpoint has done of late.
type Health struct {
	Failures int64 // in a row
	// Since is when the row began: its fourth failure if there were as many within a day of
	// the first, which starts the clock of the disabling. Zero means that the last try succeeded.
	Since time.Time
}

// after is the health after a try.
func (h Health) after(success bool, now time.Time) Health {
	switch {
	case success:
		return Health{}
	case h.Since.IsZero(), h.Failures < several && now.Sub(h.Since) > withinDay:
		return Health{Failures: 1, Since: now}
	}
	h.Failures++
	if h.Failures == several {
		h.Since = now // as of several failures, not of the first
	}
	return h
}

// dead reports whether the endpoint has failed for too long.
func (h Health) dead(now time.Time) bool {
	return h.Failures >= several && now.Sub(h.Since) >= disableAfter
}
