package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// RunRevocations checks the stores that open returns against session.RevocationStore.
func RunRevocations(t *testing.T, open func(*testing.T) session.RevocationStore) {
	for name, check := range map[string]func(*testing.T, session.RevocationStore){
		"returns what was published, oldest first": revocationOrder,
		"since is inclusive, to the millisecond":   revocationSince,
		"publishing again is no second record":     revocationAgain,
		"refuses malformed records":                revocationMalformed,
		"keeps records for the life of a token":    revocationKept,
		"parallel publishers":                      revocationParallel,
		"only the caller's clock":                  revocationClock,
		"cancelled contexts":                       revocationCancelled,
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

func wantSince(t *testing.T, s session.RevocationStore, since time.Time, want ...session.RevocationRecord) {
	t.Helper()
	got, err := s.RevocationsSince(t.Context(), since)
	must(t, err)
	for i := range want {
		want[i].At = ms(want[i].At)
	}
	wantEqual(t, "RevocationsSince", append([]session.RevocationRecord{}, got...), append([]session.RevocationRecord{}, want...))
}

func revocationOrder(t *testing.T, s session.RevocationStore) {
	wantSince(t, s, time.Time{})
	a, b, c := ofSession(base), ofUser(base.Add(second)), ofSession(base.Add(2*second+300*time.Microsecond))
	bare := session.RevocationRecord{ID: "rev_1", UserID: newUserID(), At: base.Add(3 * second)}
	for _, r := range []session.RevocationRecord{c, a, bare, b} {
		must(t, s.PublishRevocation(t.Context(), r))
	}
	wantSince(t, s, base, a, b, c, bare)
	wantSince(t, s, time.Time{}, a, b, c, bare)
	// Of the same millisecond: by id.
	x, y := ofSession(base.Add(time.Minute)), ofSession(base.Add(time.Minute))
	x.ID, y.ID = "rev_2", "rev_10"
	must(t, s.PublishRevocation(t.Context(), x))
	must(t, s.PublishRevocation(t.Context(), y))
	wantSince(t, s, base.Add(time.Minute), y, x)
}

func revocationSince(t *testing.T, s session.RevocationStore) {
	r := ofSession(base)
	must(t, s.PublishRevocation(t.Context(), r))
	wantSince(t, s, base.Add(-time.Millisecond), r)
	wantSince(t, s, base, r)
	wantSince(t, s, base.Add(time.Millisecond))
}

func revocationAgain(t *testing.T, s session.RevocationStore) {
	r := ofUser(base)
	for range 3 {
		must(t, s.PublishRevocation(t.Context(), r))
	}
	wantSince(t, s, base, r)
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
	wantSince(t, s, time.Time{})
}

func revocationKept(t *testing.T, s session.RevocationStore) {
	first := ofSession(base)
	must(t, s.PublishRevocation(t.Context(), first))
	last := ofSession(base.Add(59 * time.Minute))
	must(t, s.PublishRevocation(t.Context(), last))
	wantSince(t, s, base, first, last)
}

func revocationParallel(t *testing.T, s session.RevocationStore) {
	records := make([]session.RevocationRecord, 30)
	for i := range records {
		records[i] = ofSession(base.Add(time.Duration(i) * time.Millisecond))
	}
	for _, err := range parallel(len(records), func(i int) error { return s.PublishRevocation(t.Context(), records[i]) }) {
		must(t, err)
	}
	wantSince(t, s, base, records...)
}

func revocationClock(t *testing.T, s session.RevocationStore) {
	for _, name := range []string{"long ago", "far off"} {
		r := ofSession(farAway[name])
		must(t, s.PublishRevocation(t.Context(), r))
		wantSince(t, s, farAway[name], r)
	}
}

func revocationCancelled(t *testing.T, s session.RevocationStore) {
	ctx := cancelled(t)
	_, since := s.RevocationsSince(ctx, base)
	gaveUp(t, map[string]error{"PublishRevocation": s.PublishRevocation(ctx, ofSession(base)), "RevocationsSince": since})
	wantSince(t, s, time.Time{})
}
