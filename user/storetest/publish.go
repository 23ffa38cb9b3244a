package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/user"
)

func unpublished(t *testing.T, s user.Store) []user.Publication {
	t.Helper()
	events, err := s.(user.Outbox).Unpublished(t.Context(), 1000)
	if err != nil {
		t.Fatalf("Unpublished: %v", err)
	}
	return events
}

// publicationsTellOfTheChange: each tells of the user as that change left them, of who was
// behind it, and nothing of a digest (P-10).
func publicationsTellOfTheChange(t *testing.T, s user.Store) {
	operator := origin.Origin{Kind: origin.KindSecretKey, ID: "abcd", Address: "192.0.2.1", UserAgent: "curl/8", TraceID: "t"}
	ctx := origin.With(t.Context(), operator)
	u := newUser("ada@example.com")
	u.ExternalID, u.PasswordDigest = "crm-7", "$argon2id$canary"
	u.PrivateMetadata = json.RawMessage(`{"plan":"gold"}`)
	created := newEvent(user.EventCreated, u.ID)
	created.Changes = "user.created email_address.created:" + string(u.Identifications[0].ID)
	if err := s.Create(ctx, u, created); err != nil {
		t.Fatalf("Create: %v", err)
	}
	for _, name := range []string{"Ada", "Augusta"} {
		_, err := s.Update(ctx, u.ID, func(u *user.User) ([]user.Event, error) {
			u.FirstName = name
			return []user.Event{newEvent(user.EventUpdated, u.ID), newEvent(user.EventBanned, u.ID)}, nil
		})
		if err != nil {
			t.Fatalf("Update: %v", err)
		}
	}
	last := byID(t, s, u.ID)
	if err := s.Delete(t.Context(), u.ID, newEvent(user.EventDeleted, u.ID)); err != nil {
		t.Fatalf("Delete: %v", err)
	}

	got := unpublished(t, s)
	var types []user.EventType
	for _, p := range got {
		types = append(types, p.Type)
	}
	want := []user.EventType{user.EventCreated, user.EventUpdated, user.EventUpdated, user.EventDeleted}
	if !slices.Equal(types, want) {
		t.Fatalf("Unpublished = %v, want %v", types, want)
	}
	if got[0].Event != created || got[0].Origin != operator {
		t.Errorf("the first is %+v by %+v", got[0].Event, got[0].Origin)
	}
	for n, name := range []string{"", "Ada", "Augusta"} {
		p := got[n]
		if p.User == nil || p.User.FirstName != name || p.User.Version != int64(n+1) {
			t.Fatalf("publication %d tells of %+v, want %q", n, p.User, name)
		}
		if p.User.PasswordDigest == "" || strings.Contains(string(p.User.PasswordDigest), "canary") {
			t.Errorf("publication %d holds the digest %q", n, string(p.User.PasswordDigest))
		}
	}
	whole := *got[2].User
	if whole.TOTPSecret == last.TOTPSecret || len(whole.BackupCodes) != len(last.BackupCodes) ||
		len(last.BackupCodes) > 0 && slices.Equal(whole.BackupCodes, last.BackupCodes) {
		t.Errorf("the publication holds secrets: %q, %q", string(whole.TOTPSecret), whole.BackupCodes)
	}
	whole.PasswordDigest, whole.TOTPSecret, whole.BackupCodes = last.PasswordDigest, last.TOTPSecret, last.BackupCodes
	mustEqual(t, "the user as published", &whole, last)
	if p := got[3]; p.User != nil || p.ExternalID != "crm-7" || p.Origin.Kind != origin.KindSystem {
		t.Errorf("the deletion is %+v", p)
	}
}

func publicationsOfNoPassword(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	if err := s.Create(t.Context(), u, newEvent(user.EventCreated, u.ID)); err != nil {
		t.Fatalf("Create: %v", err)
	}
	if got := unpublished(t, s); len(got) != 1 || got[0].User.PasswordDigest != "" {
		t.Errorf("Unpublished = %+v, want a user without password", got)
	}
}

// publishedAndPurged: handling and publishing are independent, and what is still to be
// published outlives a purge.
func publishedAndPurged(t *testing.T, s user.Store) {
	outbox := s.(user.Outbox)
	var ids []string
	for _, address := range []string{"a@example.com", "b@example.com"} {
		u := newUser(address)
		e := newEvent(user.EventCreated, u.ID)
		ids = append(ids, e.ID)
		if err := s.Create(t.Context(), u, e); err != nil {
			t.Fatalf("Create: %v", err)
		}
	}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("Published", outbox.Published(t.Context(), noon, ids[0], "evt_unknown"))
	do("Published", outbox.Published(t.Context(), noon))
	if got := unpublished(t, s); len(got) != 1 || got[0].ID != ids[1] || len(pending(t, s)) != 2 {
		t.Errorf("Unpublished = %v and Pending = %v, want the second and both", got, pending(t, s))
	}
	do("Done", outbox.Done(t.Context(), noon, ids...))
	do("Purge", outbox.Purge(t.Context(), noon.Add(time.Hour)))
	if got := unpublished(t, s); len(got) != 1 || got[0].User == nil {
		t.Errorf("after a purge Unpublished = %v, want the second", got)
	}
}
