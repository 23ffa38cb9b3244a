package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// RunAttempts checks the stores that open returns against session.AttemptStore.
func RunAttempts(t *testing.T, open func(*testing.T) session.AttemptStore) {
	for name, check := range map[string]func(*testing.T, session.AttemptStore){
		"returns what was created":                attemptRoundTrip,
		"unknown and malformed ids":               attemptNotFound,
		"an id is given once":                     attemptDuplicate,
		"expiry at the exact instant":             attemptExpiry,
		"only the caller's clock":                 attemptClock,
		"replace compares the version":            attemptReplace,
		"of 50 parallel replacements one wins":    attemptOneWinner,
		"delete":                                  attemptDelete,
		"tries are counted by name":               attemptTries,
		"50 parallel tries are all counted":       attemptParallelTries,
		"a try stays counted when the rest fails": attemptTrySurvives,
		"cancelled contexts":                      attemptCancelled,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func newAttempt(data string) session.Attempt {
	return session.Attempt{ID: newAttemptID(), Data: []byte(data), ExpireAt: ms(base.Add(time.Hour))}
}

func wantAttempt(t *testing.T, what string, got, want session.Attempt) {
	t.Helper()
	if len(got.Data) == 0 && len(want.Data) == 0 { // nil or not is the store's choice
		got.Data, want.Data = nil, nil
	}
	wantEqual(t, what, got, want)
}

func attemptRoundTrip(t *testing.T, s session.AttemptStore) {
	for _, data := range []string{"{}", "\x00\xff", ""} {
		want := newAttempt(data)
		want.Version = int64(len(data)) // the version it is created with is kept
		given := want
		given.ExpireAt = want.ExpireAt.Add(400 * time.Microsecond)
		must(t, s.CreateAttempt(t.Context(), given))
		got, err := s.Attempt(t.Context(), want.ID, base)
		must(t, err)
		wantAttempt(t, "Attempt", got, want)
	}
}

func attemptNotFound(t *testing.T, s session.AttemptStore) {
	for _, id := range append(malformed("sia"), newAttemptID()) {
		_, err := s.Attempt(t.Context(), id, base)
		wantErr(t, "Attempt("+short(id)+")", err, session.ErrNotFound)
		_, err = s.ReplaceAttempt(t.Context(), session.Attempt{ID: id, ExpireAt: base.Add(time.Hour)}, base)
		wantErr(t, "ReplaceAttempt("+short(id)+")", err, session.ErrNotFound)
		_, err = s.Try(t.Context(), id, "code", base)
		wantErr(t, "Try("+short(id)+")", err, session.ErrNotFound)
		must(t, s.DeleteAttempt(t.Context(), id))
	}
	// "othersia_1" is malformed for a sign-in and well-formed for an attempt.
	for _, id := range []string{"", "*", "sia", "sia_", "sia_*", "sia_a\r\n", "_1", "SIA_1", "é_1"} {
		wantErr(t, "CreateAttempt("+short(id)+")", s.CreateAttempt(t.Context(), session.Attempt{ID: id, ExpireAt: base.Add(time.Hour)}), session.ErrNotFound)
	}
}

func attemptDuplicate(t *testing.T, s session.AttemptStore) {
	a := newAttempt("first")
	must(t, s.CreateAttempt(t.Context(), a))
	other := a
	other.Data = []byte("second")
	wantErr(t, "second CreateAttempt", s.CreateAttempt(t.Context(), other), session.ErrConflict)
	got, err := s.Attempt(t.Context(), a.ID, base)
	must(t, err)
	wantAttempt(t, "Attempt", got, a)
}

func attemptExpiry(t *testing.T, s session.AttemptStore) {
	a := newAttempt("data")
	must(t, s.CreateAttempt(t.Context(), a))
	before := a.ExpireAt.Add(-time.Millisecond)
	if _, err := s.Attempt(t.Context(), a.ID, before); err != nil {
		t.Errorf("1 ms before its expiry: %v", err)
	}
	if n, err := s.Try(t.Context(), a.ID, "code", before); n != 1 || err != nil {
		t.Errorf("Try 1 ms before its expiry = %d, %v", n, err)
	}
	for _, late := range []time.Duration{0, time.Millisecond, time.Hour} {
		now := a.ExpireAt.Add(late)
		_, err := s.Attempt(t.Context(), a.ID, now)
		wantErr(t, "Attempt", err, session.ErrNotFound)
		_, err = s.Try(t.Context(), a.ID, "code", now)
		wantErr(t, "Try", err, session.ErrNotFound)
		extended := a
		extended.ExpireAt = now.Add(time.Hour)
		_, err = s.ReplaceAttempt(t.Context(), extended, now)
		wantErr(t, "ReplaceAttempt", err, session.ErrNotFound)
	}
	if _, err := s.ReplaceAttempt(t.Context(), a, before); err != nil {
		t.Errorf("ReplaceAttempt 1 ms before its expiry: %v", err)
	}
}

func attemptClock(t *testing.T, s session.AttemptStore) {
	for name, now := range farAway {
		a := newAttempt(name)
		a.ExpireAt = now.Add(time.Minute)
		must(t, s.CreateAttempt(t.Context(), a))
		if _, err := s.Attempt(t.Context(), a.ID, now); err != nil {
			t.Errorf("%s: Attempt: %v", name, err)
		}
		if n, err := s.Try(t.Context(), a.ID, "code", now); n != 1 || err != nil {
			t.Errorf("%s: Try = %d, %v", name, n, err)
		}
		a.ExpireAt = now.Add(2 * time.Minute)
		if _, err := s.ReplaceAttempt(t.Context(), a, now); err != nil {
			t.Errorf("%s: ReplaceAttempt: %v", name, err)
		}
		if _, err := s.Attempt(t.Context(), a.ID, now.Add(90*second)); err != nil {
			t.Errorf("%s: Attempt with its new deadline: %v", name, err)
		}
	}
}

func attemptReplace(t *testing.T, s session.AttemptStore) {
	a := newAttempt("0")
	must(t, s.CreateAttempt(t.Context(), a))
	for _, data := range []string{"1", "2", ""} {
		a.Data, a.ExpireAt = []byte(data), a.ExpireAt.Add(-time.Minute)
		version, err := s.ReplaceAttempt(t.Context(), a, base)
		must(t, err)
		if version != a.Version+1 {
			t.Errorf("version = %d after %d", version, a.Version)
		}
		stale := a
		stale.Data = []byte("stale")
		_, err = s.ReplaceAttempt(t.Context(), stale, base)
		wantErr(t, "ReplaceAttempt of an old version", err, session.ErrConflict)
		a.Version = version
		got, err := s.Attempt(t.Context(), a.ID, base)
		must(t, err)
		wantAttempt(t, "Attempt", got, a)
	}
	future := a
	future.Version += 5
	_, err := s.ReplaceAttempt(t.Context(), future, base)
	wantErr(t, "ReplaceAttempt of a version to come", err, session.ErrConflict)
}

// C-04: of parallel callers that read the same version exactly one goes on.
func attemptOneWinner(t *testing.T, s session.AttemptStore) {
	a := newAttempt("code unused")
	must(t, s.CreateAttempt(t.Context(), a))
	used := a
	used.Data = []byte("code used")
	wins := 0
	for _, err := range parallel(50, func(int) error {
		_, err := s.ReplaceAttempt(t.Context(), used, base)
		return err
	}) {
		if err == nil {
			wins++
		} else if !errors.Is(err, session.ErrConflict) {
			t.Errorf("ReplaceAttempt = %v, want ErrConflict", err)
		}
	}
	got, err := s.Attempt(t.Context(), a.ID, base)
	must(t, err)
	if wins != 1 || string(got.Data) != "code used" || got.Version != a.Version+1 {
		t.Errorf("%d of 50 won, version %d; want exactly one", wins, got.Version)
	}
}

func attemptDelete(t *testing.T, s session.AttemptStore) {
	a := newAttempt("data")
	must(t, s.CreateAttempt(t.Context(), a))
	_, err := s.Try(t.Context(), a.ID, "code", base)
	must(t, err)
	for range 2 {
		must(t, s.DeleteAttempt(t.Context(), a.ID))
		_, err = s.Attempt(t.Context(), a.ID, base)
		wantErr(t, "Attempt", err, session.ErrNotFound)
		_, err = s.ReplaceAttempt(t.Context(), a, base)
		wantErr(t, "ReplaceAttempt", err, session.ErrNotFound)
		_, err = s.Try(t.Context(), a.ID, "code", base)
		wantErr(t, "Try", err, session.ErrNotFound)
	}
	must(t, s.CreateAttempt(t.Context(), a))
	if n, err := s.Try(t.Context(), a.ID, "code", base); n != 1 || err != nil {
		t.Errorf("first try of a new attempt = %d, %v", n, err)
	}
}

func attemptTries(t *testing.T, s session.AttemptStore) {
	a, b := newAttempt("a"), newAttempt("b")
	must(t, s.CreateAttempt(t.Context(), a))
	must(t, s.CreateAttempt(t.Context(), b))
	names := append([]string{"data", "version", "expires", "code", "password"}, "a\r\nb", "{x}", "*")
	for want := 1; want <= 3; want++ {
		for _, name := range names {
			if n, err := s.Try(t.Context(), a.ID, name, base); n != want || err != nil {
				t.Errorf("Try(%q) = %d, %v; want %d", name, n, err, want)
			}
		}
	}
	if n, err := s.Try(t.Context(), b.ID, "code", base); n != 1 || err != nil {
		t.Errorf("Try of another attempt = %d, %v", n, err)
	}
	got, err := s.Attempt(t.Context(), a.ID, base)
	must(t, err)
	wantAttempt(t, "Attempt after tries", got, a)
}

func attemptParallelTries(t *testing.T, s session.AttemptStore) {
	a := newAttempt("data")
	must(t, s.CreateAttempt(t.Context(), a))
	counts := make([]int, 50)
	for _, err := range parallel(len(counts), func(i int) (err error) {
		counts[i], err = s.Try(t.Context(), a.ID, "code", base)
		return err
	}) {
		must(t, err)
	}
	slices.Sort(counts)
	for i, n := range counts {
		if n != i+1 {
			t.Fatalf("tries were counted as %v, want each number once", counts)
		}
	}
}

// C-05: what is decided after a try was counted cannot take it back.
func attemptTrySurvives(t *testing.T, s session.AttemptStore) {
	a := newAttempt("data")
	must(t, s.CreateAttempt(t.Context(), a))
	_, err := s.Try(t.Context(), a.ID, "code", base)
	must(t, err)
	stale := a
	stale.Version += 7
	_, err = s.ReplaceAttempt(t.Context(), stale, base)
	wantErr(t, "ReplaceAttempt", err, session.ErrConflict)
	if n, err := s.Try(t.Context(), a.ID, "code", base); n != 2 || err != nil {
		t.Errorf("Try after a replacement that failed = %d, %v; want 2", n, err)
	}
	_, err = s.ReplaceAttempt(t.Context(), a, base)
	must(t, err)
	if n, err := s.Try(t.Context(), a.ID, "code", base); n != 3 || err != nil {
		t.Errorf("Try after a replacement = %d, %v; want 3", n, err)
	}
}

func attemptCancelled(t *testing.T, s session.AttemptStore) {
	a, other := newAttempt("data"), newAttempt("other")
	must(t, s.CreateAttempt(t.Context(), a))
	ctx := cancelled(t)
	_, get := s.Attempt(ctx, a.ID, base)
	changed := a
	changed.Data = []byte("changed")
	_, replace := s.ReplaceAttempt(ctx, changed, base)
	_, try := s.Try(ctx, a.ID, "code", base)
	gaveUp(t, map[string]error{
		"Attempt": get, "ReplaceAttempt": replace, "Try": try,
		"CreateAttempt": s.CreateAttempt(ctx, other), "DeleteAttempt": s.DeleteAttempt(ctx, a.ID),
	})
	got, err := s.Attempt(t.Context(), a.ID, base)
	must(t, err)
	wantAttempt(t, "Attempt", got, a)
	if n, err := s.Try(t.Context(), a.ID, "code", base); n != 1 || err != nil {
		t.Errorf("Try = %d, %v; want 1", n, err)
	}
}
