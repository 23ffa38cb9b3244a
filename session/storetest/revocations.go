package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// RunRevocations checks the stores that open returns against session.RevocationStore,
// and those that are one against session.RevocationWatcher.
func RunRevocations(t *testing.T, open func(*testing.T) session.RevocationStore) {
	for name, check := range map[string]func(*testing.T, session.RevocationStore){
		"returns what was published":            revocationRoundTrip,
		"since: what arrived, whoever's clock":  revocationArrival,
		"since: what was long in committing":    revocationOverlap,
		"since: a clock that went back":         revocationClockWentBack,
		"publishing again is no second record":  revocationAgain,
		"refuses malformed records":             revocationMalformed,
		"keeps records for the life of a token": revocationKept,
		"parallel publishers":                   revocationParallel,
		"watch":                                 revocationWatch,
		"cancelled contexts":                    revocationCancelled,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func ofSession(at time.Time) session.RevocationRecord {
	return session.RevocationRecord{ID: random.ID("rev", at), SessionID: session.NewSessionID(newUserID()), At: at, Cause: "signed out"}
}

func ofUser(at time.Time) session.RevocationRecord {
	userID := newUserID()
	return session.RevocationRecord{ID: random.ID("rev", at), UserID: userID, Except: session.NewSessionID(userID), At: at, Cause: "password changed é\n"}
}

// since returns what arrived after the cursor, and the next one.
func since(t *testing.T, s session.RevocationStore, cursor session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor) {
	t.Helper()
	records, next, err := s.RevocationsSince(t.Context(), cursor)
	must(t, err)
	if next <= 0 {
		t.Fatalf("the next cursor is %d", next)
	}
	return records, next
}

// wantLog checks all that is kept, in any order.
func wantLog(t *testing.T, s session.RevocationStore, want ...session.RevocationRecord) {
	t.Helper()
	got, _ := since(t, s, 0)
	wantRecords(t, got, want...)
}

func wantRecords(t *testing.T, got []session.RevocationRecord, want ...session.RevocationRecord) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	byID := func(a, b session.RevocationRecord) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	for i := range want {
		want[i].At = ms(want[i].At)
	}
	wantEqual(t, "RevocationsSince", append([]session.RevocationRecord{}, got...), append([]session.RevocationRecord{}, want...))
}

func revocationRoundTrip(t *testing.T, s session.RevocationStore) {
	wantLog(t, s)
	a, b, c := ofSession(base), ofUser(base.Add(second)), ofSession(base.Add(2*second+300*time.Microsecond))
	bare := session.RevocationRecord{ID: "rev_1", UserID: newUserID(), At: base.Add(3 * second)}
	for _, r := range []session.RevocationRecord{c, a, bare, b} {
		must(t, s.PublishRevocation(t.Context(), r))
	}
	wantLog(t, s, a, b, c, bare)
}

// S-08: the clock of the node that publishes is of no account.
func revocationArrival(t *testing.T, s session.RevocationStore) {
	_, cursor := since(t, s, 0)
	for _, at := range []time.Time{farAway["long ago"], base, farAway["far off"]} {
		r := ofSession(at)
		must(t, s.PublishRevocation(t.Context(), r))
		got, next := since(t, s, cursor)
		if next < cursor {
			t.Errorf("the cursor went back from %d to %d", cursor, next)
		}
		if !slices.ContainsFunc(got, func(g session.RevocationRecord) bool { return g.ID == r.ID }) {
			t.Errorf("what was published at %s is not in %v", at, got)
		}
		cursor = next
	}
}

// S-08: a record whose place in the log was taken before a read, and which was visible
// only after it, comes with a later read.
func revocationOverlap(t *testing.T, s session.RevocationStore) {
	r := ofUser(base)
	must(t, s.PublishRevocation(t.Context(), r))
	_, first := since(t, s, 0)
	cursor := first
	for cursor < first+3 {
		_, cursor = since(t, s, cursor)
	}
	got, _ := since(t, s, cursor)
	wantRecords(t, got, r)
}

// S-08: after a cursor from a clock that was ahead, such as that of the master before,
// everything is read.
func revocationClockWentBack(t *testing.T, s session.RevocationStore) {
	r := ofUser(base)
	must(t, s.PublishRevocation(t.Context(), r))
	_, cursor := since(t, s, 0)
	got, next := since(t, s, cursor+session.RevocationCursor(24*time.Hour/time.Millisecond))
	wantRecords(t, got, r)
	if next > cursor+60_000 {
		t.Errorf("the cursor is %d, ahead of the store's clock", next)
	}
}

func revocationAgain(t *testing.T, s session.RevocationStore) {
	r := ofUser(base)
	for range 3 {
		must(t, s.PublishRevocation(t.Context(), r))
	}
	wantLog(t, s, r)
}

func revocationMalformed(t *testing.T, s session.RevocationStore) {
	for what, change := range map[string]func(*session.RevocationRecord){
		"no id":               func(r *session.RevocationRecord) { r.ID = "" },
		"a malformed id":      func(r *session.RevocationRecord) { r.ID = "rev_*" },
		"neither":             func(r *session.RevocationRecord) { r.UserID = "" },
		"both":                func(r *session.RevocationRecord) { r.SessionID = session.NewSessionID(r.UserID) },
		"a malformed user":    func(r *session.RevocationRecord) { r.UserID = "user_\r\n" },
		"a malformed session": func(r *session.RevocationRecord) { r.UserID, r.SessionID = "", "sess_1" },
		"a malformed except":  func(r *session.RevocationRecord) { r.Except = "*" },
	} {
		r := ofUser(base)
		change(&r)
		wantErr(t, "PublishRevocation with "+what, s.PublishRevocation(t.Context(), r), session.ErrNotFound)
	}
	wantLog(t, s)
}

func revocationKept(t *testing.T, s session.RevocationStore) {
	first := ofSession(base)
	must(t, s.PublishRevocation(t.Context(), first))
	last := ofSession(base.Add(59 * time.Minute))
	must(t, s.PublishRevocation(t.Context(), last))
	wantLog(t, s, first, last)
}

func revocationParallel(t *testing.T, s session.RevocationStore) {
	records := make([]session.RevocationRecord, 30)
	for i := range records {
		records[i] = ofSession(base.Add(time.Duration(i) * time.Millisecond))
	}
	for _, err := range parallel(len(records), func(i int) error { return s.PublishRevocation(t.Context(), records[i]) }) {
		must(t, err)
	}
	wantLog(t, s, records...)
}

// A store that can tell of a record at once does, with all of it.
func revocationWatch(t *testing.T, s session.RevocationStore) {
	w, ok := s.(session.RevocationWatcher)
	if !ok {
		return
	}
	ctx, stop := context.WithCancel(t.Context())
	listening, heard, done := make(chan struct{}), make(chan session.RevocationRecord, 100), make(chan error, 1)
	go func() {
		done <- w.WatchRevocations(ctx, func() { close(listening) }, func(r session.RevocationRecord) { heard <- r })
	}()
	within(t, "listening", listening)
	var want, got []session.RevocationRecord
	for i := range 20 {
		want = append(want, ofSession(base.Add(time.Duration(i)*second)), ofUser(base))
	}
	for _, r := range want {
		must(t, s.PublishRevocation(t.Context(), r))
	}
	for range want {
		got = append(got, within(t, "a record", heard))
	}
	wantRecords(t, got, want...)
	stop()
	if err := within(t, "the end", done); !errors.Is(err, context.Canceled) {
		t.Errorf("WatchRevocations = %v, want the context's error", err)
	}
}

// within returns what comes through c, which is a matter of milliseconds.
func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not come within 10 s", what)
		panic("unreachable")
	}
}

func revocationCancelled(t *testing.T, s session.RevocationStore) {
	ctx := cancelled(t)
	_, _, since := s.RevocationsSince(ctx, 0)
	gaveUp(t, map[string]error{"PublishRevocation": s.PublishRevocation(ctx, ofSession(base)), "RevocationsSince": since})
	wantLog(t, s)
}
