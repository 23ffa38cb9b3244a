package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// S-08: whoever ends a session cannot crash before other nodes may know.
func sessionEndIsPublished(t *testing.T, s SessionStore) {
	for _, status := range []session.Status{session.StatusEnded, session.StatusRemoved, session.StatusRevoked, session.StatusAbandoned} {
		a := create(t, s, newUserID(), 0)
		before, _ := since(t, s, 0)
		ended, err := s.Update(t.Context(), a.ID, func(s *session.Session) error {
			s.Status, s.Cause, s.UpdatedAt = status, cause, base.Add(time.Minute)
			return nil
		})
		must(t, err)
		_, err = s.Update(t.Context(), a.ID, func(s *session.Session) error { s.Status = session.StatusRemoved; return nil })
		must(t, err)
		got, _ := since(t, s, 0)
		if len(got) != len(before)+1 {
			t.Fatalf("%s: %d records more, want one", status, len(got)-len(before))
		}
		for i := range got {
			got[i].ID = ""
		}
		want := session.RevocationRecord{SessionID: a.ID, At: ended.UpdatedAt, Cause: cause}
		if !slices.Contains(got, want) {
			t.Errorf("%s: %+v is not in %+v", status, want, got)
		}
	}
	before, _ := since(t, s, 0)
	a := create(t, s, newUserID(), 0)
	setStatus(t, s, a.ID, session.StatusPending)
	setStatus(t, s, a.ID, session.StatusActive)
	after, _ := since(t, s, 0)
	wantRecords(t, after, before...)
}

// S-08.
func revokeUserIsPublished(t *testing.T, s SessionStore) {
	userID := newUserID()
	a, kept, b := create(t, s, userID, 0), create(t, s, userID, 0), create(t, s, userID, 0)
	create(t, s, newUserID(), 0)
	revoke(t, s, userID, second, kept.ID)
	got, _ := since(t, s, 0)
	for i := range got {
		got[i].ID = ""
	}
	at := base.Add(second)
	want := []session.RevocationRecord{
		{UserID: userID, Except: kept.ID, At: at, Cause: cause},
		{SessionID: a.ID, At: at, Cause: cause},
		{SessionID: b.ID, At: at, Cause: cause},
	}
	for _, r := range want {
		if !slices.Contains(got, r) {
			t.Errorf("%+v is not in %+v", r, got)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d records, want %d", len(got), len(want))
	}
}
