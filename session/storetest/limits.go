package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// RunLimits checks the stores that open returns against session.LimitStore. A key
// is used with one window; CountIn may ask for a shorter one.
func RunLimits(t *testing.T, open func(*testing.T) session.LimitStore) {
	for name, check := range map[string]func(*testing.T, session.LimitStore){
		"takes up to the limit":               limitTake,
		"slides at the exact millisecond":     limitSlides,
		"retry after is when the next passes": limitRetryAfter,
		"a refused event is not counted":      limitRefusedIsFree,
		"exact among parallel callers":        limitParallel,
		"a limit that was lowered":            limitLowered,
		"no limit at all":                     limitZero,
		"count":                               limitCount,
		"reset":                               limitReset,
		"keys are apart, whatever is in them": limitKeys,
		"clocks that differ or are far away":  limitClock,
		"many events in a window":             limitMany,
		"cancelled contexts":                  limitCancelled,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

const window = 10 * second

// take takes one event at base + after and checks the answer.
func take(t *testing.T, s session.LimitStore, key string, limit int, after time.Duration, ok bool, retryAfter time.Duration) {
	t.Helper()
	gotOK, gotRetry, err := s.Take(t.Context(), key, limit, window, base.Add(after))
	must(t, err)
	if gotOK != ok || gotRetry != retryAfter {
		t.Errorf("Take(%s, limit %d) after %s = %v, %s; want %v, %s", short(key), limit, after, gotOK, gotRetry, ok, retryAfter)
	}
}

func count(t *testing.T, s session.LimitStore, key string, window, after time.Duration, want int) {
	t.Helper()
	got, err := s.CountIn(t.Context(), key, window, base.Add(after))
	must(t, err)
	if got != want {
		t.Errorf("CountIn(%s, %s) after %s = %d, want %d", short(key), window, after, got, want)
	}
}

func limitTake(t *testing.T, s session.LimitStore) {
	for range 3 {
		take(t, s, "k", 3, 0, true, 0)
	}
	take(t, s, "k", 3, 0, false, window)
}

func limitSlides(t *testing.T, s session.LimitStore) {
	take(t, s, "k", 2, 0, true, 0)
	take(t, s, "k", 2, 3*second, true, 0)
	take(t, s, "k", 2, window-time.Millisecond, false, time.Millisecond)
	take(t, s, "k", 2, window, true, 0) // the first has just left
	take(t, s, "k", 2, window, false, 3*second)
	take(t, s, "k", 2, window+3*second-time.Millisecond, false, time.Millisecond)
	take(t, s, "k", 2, window+3*second, true, 0)
}

func limitRetryAfter(t *testing.T, s session.LimitStore) {
	for _, after := range []time.Duration{0, 17 * time.Millisecond, 4 * second} {
		take(t, s, "k", 3, after, true, 0)
	}
	now := 5 * second
	_, retryAfter, err := s.Take(t.Context(), "k", 3, window, base.Add(now))
	must(t, err)
	take(t, s, "k", 3, now+retryAfter-time.Millisecond, false, time.Millisecond)
	take(t, s, "k", 3, now+retryAfter, true, 0)
}

func limitRefusedIsFree(t *testing.T, s session.LimitStore) {
	take(t, s, "k", 1, 0, true, 0)
	for i := range 9 {
		after := time.Duration(i+1) * second
		take(t, s, "k", 1, after, false, window-after)
	}
	count(t, s, "k", window, 9*second, 1)
	take(t, s, "k", 1, window, true, 0)
}

// E-02: of many at once as many pass as the limit says.
func limitParallel(t *testing.T, s session.LimitStore) {
	const limit, callers = 7, 40
	passed := make([]bool, callers)
	for _, err := range parallel(callers, func(i int) (err error) {
		passed[i], _, err = s.Take(t.Context(), "k", limit, window, base.Add(time.Duration(i)*time.Millisecond))
		return err
	}) {
		must(t, err)
	}
	n := 0
	for _, ok := range passed {
		if ok {
			n++
		}
	}
	if n != limit {
		t.Errorf("%d of %d passed, want %d", n, callers, limit)
	}
	count(t, s, "k", window, second, limit)
}

func limitLowered(t *testing.T, s session.LimitStore) {
	for i := range 5 {
		take(t, s, "k", 5, time.Duration(i)*second, true, 0)
	}
	// Two pass again when all but one have left: the fourth leaves at 3 s + window.
	take(t, s, "k", 2, 5*second, false, 8*second)
	take(t, s, "k", 2, 3*second+window, true, 0)
}

func limitZero(t *testing.T, s session.LimitStore) {
	take(t, s, "k", 0, 0, false, window)
	take(t, s, "k", -1, 0, false, window)
	count(t, s, "k", window, 0, 0)
	take(t, s, "k", 1, 0, true, 0)
	take(t, s, "k", 0, 0, false, window)
}

func limitCount(t *testing.T, s session.LimitStore) {
	count(t, s, "k", window, 0, 0)
	for i := range 4 {
		take(t, s, "k", 9, time.Duration(i)*second, true, 0)
	}
	count(t, s, "k", window, 3*second, 4)
	count(t, s, "k", 2*second, 3*second, 2)
	count(t, s, "k", window, window-time.Millisecond, 4)
	count(t, s, "k", window, window, 3)
	count(t, s, "k", window, window+3*second, 0)
}

func limitReset(t *testing.T, s session.LimitStore) {
	take(t, s, "a", 1, 0, true, 0)
	take(t, s, "b", 1, 0, true, 0)
	must(t, s.Reset(t.Context(), "a"))
	must(t, s.Reset(t.Context(), "unknown"))
	count(t, s, "a", window, 0, 0)
	take(t, s, "a", 1, 0, true, 0)
	take(t, s, "b", 1, 0, false, window)
}

// D-02: keys hold what clients typed.
func limitKeys(t *testing.T, s session.LimitStore) {
	keys := append(hostile, strings.Repeat("a", 7000)+"b", "sign_in:ip:203.0.113.7", "sign_in:ip:203.0.113.70", "sign_in:ip:203.0.113")
	for _, key := range keys {
		take(t, s, key, 1, 0, true, 0)
	}
	for _, key := range keys {
		take(t, s, key, 1, second, false, window-second)
		count(t, s, key, window, second, 1)
	}
}

func limitClock(t *testing.T, s session.LimitStore) {
	for name, now := range farAway {
		for i := range 3 {
			ok, _, err := s.Take(t.Context(), name, 2, window, now)
			must(t, err)
			if ok != (i < 2) {
				t.Errorf("%s: Take %d = %v", name, i+1, ok)
			}
		}
	}
	// Events of a node whose clock is ahead count, and do not push out earlier ones.
	take(t, s, "k", 3, 2*second, true, 0)
	take(t, s, "k", 3, 0, true, 0)
	take(t, s, "k", 3, second, true, 0)
	take(t, s, "k", 3, second, false, 9*second)
	count(t, s, "k", window, window, 2)
}

func limitMany(t *testing.T, s session.LimitStore) {
	const limit = 300
	for i := range limit {
		take(t, s, "k", limit, time.Duration(i)*time.Millisecond, true, 0)
	}
	take(t, s, "k", limit, second, false, window-second)
	count(t, s, "k", window, second, limit)
	count(t, s, "k", window, window+99*time.Millisecond, limit-100)
}

func limitCancelled(t *testing.T, s session.LimitStore) {
	take(t, s, "k", 5, 0, true, 0)
	ctx := cancelled(t)
	_, _, takeErr := s.Take(ctx, "k", 5, window, base)
	_, countErr := s.CountIn(ctx, "k", window, base)
	gaveUp(t, map[string]error{"Take": takeErr, "CountIn": countErr, "Reset": s.Reset(ctx, "k")})
	count(t, s, "k", window, 0, 1)
}
