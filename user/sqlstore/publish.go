package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

const unpublishedEvents = `
	select id, type, user_id, recorded_at, keep_session, changes, origin, snapshot, external_id
	from user_events
	where published_at = 0
	order by seq
	limit $1`

// Unpublished implements user.Outbox.
func (s *Store) Unpublished(ctx context.Context, limit int) ([]user.Publication, error) {
	var events []user.Publication
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, unpublishedEvents, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p user.Publication
			var at int64
			var behind, snapshot string
			err := rows.Scan(&p.ID, &p.Type, &p.UserID, &at, &p.KeepSession, &p.Changes, &behind, &snapshot, &p.ExternalID)
			if err != nil {
				return err
			}
			p.At = sqldb.Time(at)
			if p.User, err = readSnapshot(snapshot); err != nil {
				return err
			}
			if behind != "" {
				if err := json.Unmarshal([]byte(behind), &p.Origin); err != nil {
					return err
				}
			}
			events = append(events, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("unpublished events: %w", err)
	}
	return events, nil
}

// Published implements user.Outbox.
func (s *Store) Published(ctx context.Context, at time.Time, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	query := `update user_events set published_at = $1, snapshot = '', external_id = '', origin = ''
		where published_at = 0 and id in (` + placeholders(2, len(ids)) + `)`
	return s.exec(ctx, "events published", query, marked(at, ids)...)
}

// snapshot is a user as an event keeps them. A digest has no place in it (P-10): it is
// never marshalled, and what is left of it is whether there is one.
type snapshot struct {
	User        user.User
	HasPassword bool
}

// hiddenDigest stands for a digest that was not kept.
const hiddenDigest user.Digest = "[redacted]"

// newSnapshot returns "" for nobody.
func newSnapshot(u *user.User) (string, error) {
	if u == nil {
		return "", nil
	}
	text, err := json.Marshal(snapshot{User: *u, HasPassword: u.PasswordDigest != ""})
	return string(text), err
}

func readSnapshot(text string) (*user.User, error) {
	if text == "" {
		return nil, nil
	}
	var s snapshot
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, err
	}
	u := &s.User
	u.PasswordDigest = ""
	if s.HasPassword {
		u.PasswordDigest = hiddenDigest
	}
	for n := range u.Identifications {
		if i := &u.Identifications[n]; string(i.Details) == "null" {
			i.Details = nil
		}
	}
	return u, nil
}

// asStored is a user who was just created as the database has them.
func asStored(u *user.User) *user.User {
	stored := *u
	stored.Version = 1
	return &stored
}

// newOrigin returns who is behind ctx as an event keeps it.
func newOrigin(ctx context.Context) (string, error) {
	text, err := json.Marshal(origin.From(ctx))
	return string(text), err
}
