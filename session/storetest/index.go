package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func sessionIndex(t *testing.T, s SessionStore) {
	userID, other := newUserID(), newUserID()
	a, b, c := create(t, s, userID, 0), create(t, s, userID, second), create(t, s, userID, 2*second)
	o := create(t, s, other, 0)
	wantIndex(t, s, userID, c.ID, b.ID, a.ID)
	setStatus(t, s, b.ID, session.StatusPending)
	wantIndex(t, s, userID, c.ID, b.ID, a.ID)
	setStatus(t, s, b.ID, session.StatusEnded)
	wantIndex(t, s, userID, c.ID, a.ID)
	setStatus(t, s, b.ID, session.StatusRemoved)
	wantIndex(t, s, userID, c.ID, a.ID)
	d := create(t, s, userID, 3*second)
	wantIndex(t, s, userID, d.ID, c.ID, a.ID)
	setStatus(t, s, a.ID, session.StatusRevoked)
	setStatus(t, s, d.ID, session.StatusAbandoned)
	setStatus(t, s, c.ID, session.StatusReplaced)
	wantIndex(t, s, userID)
	wantIndex(t, s, other, o.ID)

	ended := newSession(userID)
	ended.Status = session.StatusEnded
	must(t, s.Create(t.Context(), ended, base))
	wantIndex(t, s, userID)

	got, err := s.OfUser(t.Context(), other)
	must(t, err)
	wantEqual(t, "OfUser", got, []session.Session{o})
}

func sessionOrder(t *testing.T, s SessionStore) {
	userID := newUserID()
	var all []session.Session
	for i := range 30 { // many at the same millisecond
		all = append(all, create(t, s, userID, time.Duration(i/3)*second))
	}
	slices.SortFunc(all, func(a, b session.Session) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		if a.ID > b.ID { // ties are stable: by id, downwards
			return -1
		}
		return 1
	})
	wantIndex(t, s, userID, ids(all)...)
}

// Whatever happens at once, afterwards the index and the records say the same.
func sessionIndexParallel(t *testing.T, s SessionStore) {
	userID := newUserID()
	made := make([]session.Session, 24)
	for i := range made {
		made[i] = newSession(userID)
	}
	for _, err := range parallel(len(made), func(i int) error {
		if err := s.Create(t.Context(), made[i], base); err != nil || i%3 == 0 {
			return err
		}
		_, err := s.Update(t.Context(), made[i].ID, func(s *session.Session) error {
			if i%3 == 1 {
				s.Status = session.StatusEnded
			}
			return nil
		})
		return err
	}) {
		must(t, err)
	}
	live := []session.ID{}
	for i, ns := range made {
		got, err := s.Get(t.Context(), ns.ID)
		must(t, err)
		if isLive := got.Live(base); isLive != (i%3 != 1) {
			t.Errorf("session %d is live: %v", i, isLive)
		} else if isLive {
			live = append(live, ns.ID)
		}
	}
	indexed, err := s.OfUser(t.Context(), userID)
	must(t, err)
	got := ids(indexed)
	slices.Sort(got)
	slices.Sort(live)
	wantEqual(t, "index", got, live)
}
