package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// The unique indexes decide who gets an identifier (D-05).
var (
	uniqueID               = sqldb.Unique{Index: "users_pkey", Columns: "users.id"}
	uniqueIdentificationID = sqldb.Unique{Index: "identifications_pkey", Columns: "identifications.id"}

	uniqueExternalID = sqldb.Unique{Index: "users_external_id", Columns: "users.external_id"}
	uniqueClaim      = sqldb.Unique{Index: "identifications_claimed", Columns: "identifications.kind, identifications.key"}
)

var insertUser = `insert into users (` + userColumns + `) values (` + placeholders(1, len(new(userRow).fields())) + `)`

// Create implements user.Store.
func (s *Store) Create(ctx context.Context, u *user.User, events ...user.Event) error {
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return insertAll(ctx, q, u, events)
	})
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	return nil
}

// insertAll adds the user, whole, and records events.
func insertAll(ctx context.Context, q sqldb.Querier, u *user.User, events []user.Event) error {
	row := newUserRow(u)
	row.version = 1
	identifications, err := newIdentificationRows(u)
	if err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, insertUser, row.fields()...); err != nil {
		return duplicate(err)
	}
	for n := range identifications {
		if err := putIdentification(ctx, q, &identifications[n]); err != nil {
			return err
		}
	}
	if err := putSearchRow(ctx, q, newSearchRow(u)); err != nil {
		return err
	}
	return record(ctx, q, events, subject{user: asStored(u)})
}

var (
	lockUser   = `select u.id from users u where u.id = $1`
	updateUser = `update users set ` + assignments(userColumns) + ` where id = $1`
)

// Update implements user.Store.
func (s *Store) Update(ctx context.Context, id user.ID, fn func(*user.User) ([]user.Event, error)) (*user.User, error) {
	return s.update(ctx, id, fn, nil)
}

// update is Update. also, unless it is nil, runs in the transaction once the user is saved.
func (s *Store) update(ctx context.Context, id user.ID, fn func(*user.User) ([]user.Event, error),
	also func(context.Context, sqldb.Querier) error,
) (*user.User, error) {
	var stored *user.User
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		u, err := s.lock(ctx, q, id)
		if err != nil {
			return err
		}
		before, err := newIdentificationRows(u)
		if err != nil {
			return err
		}
		version, searched := u.Version, newSearchRow(u)
		events, err := fn(u)
		if err != nil {
			return err
		}
		u.ID, u.Version = id, version+1
		stored, err = save(ctx, q, u, before)
		if err != nil {
			return err
		}
		if row := newSearchRow(u); row != searched {
			if err := putSearchRow(ctx, q, row); err != nil {
				return err
			}
		}
		if also != nil {
			if err := also(ctx, q); err != nil {
				return err
			}
		}
		return record(ctx, q, events, subject{user: stored})
	})
	if err != nil {
		return nil, fmt.Errorf("update user: %w", err)
	}
	return stored, nil
}

// lock reads the user for changing. PostgreSQL has to lock the row in a statement of
// its own: one that joins would wait for the lock, then return the user as changed
// meanwhile with identifications as they were before.
func (s *Store) lock(ctx context.Context, q sqldb.Querier, id user.ID) (*user.User, error) {
	if s.db.Dialect.LockRow != "" {
		var locked string
		err := q.QueryRowContext(ctx, lockUser+s.db.Dialect.LockRow, string(id)).Scan(&locked)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, user.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
	}
	return one(ctx, q, userByID, string(id))
}

// save writes u and what differs from the identifications before, and returns the
// user as it is stored.
func save(ctx context.Context, q sqldb.Querier, u *user.User, before []identificationRow) (*user.User, error) {
	row := newUserRow(u)
	if _, err := q.ExecContext(ctx, updateUser, row.fields()...); err != nil {
		return nil, externalID(err)
	}
	after, err := newIdentificationRows(u)
	if err != nil {
		return nil, err
	}
	// What goes frees its key before what comes takes it.
	for _, old := range before {
		if slices.ContainsFunc(after, func(r identificationRow) bool { return r.id == old.id }) {
			continue
		}
		if _, err := q.ExecContext(ctx, `delete from identifications where id = $1`, old.id); err != nil {
			return nil, err
		}
	}
	stored := row.user()
	for n := range after {
		if !slices.Contains(before, after[n]) {
			if err := putIdentification(ctx, q, &after[n]); err != nil {
				return nil, err
			}
		}
		i, err := after[n].identification()
		if err != nil {
			return nil, err
		}
		stored.Identifications = append(stored.Identifications, i)
		if i.Kind == user.KindUsername {
			stored.Username = i.Value
		}
	}
	return stored, nil
}

// The condition keeps an id that is another user's from being taken over.
var upsertIdentification = `
	insert into identifications (` + identificationColumns + `)
	values (` + placeholders(1, len(new(identificationRow).fields())) + `)
	on conflict (id) do update set ` + excluded(identificationColumns) + `
	where identifications.user_id = excluded.user_id`

func putIdentification(ctx context.Context, q sqldb.Querier, row *identificationRow) error {
	result, err := q.ExecContext(ctx, upsertIdentification, row.fields()...)
	if uniqueClaim.Is(err) {
		return &user.TakenError{Kind: user.Kind(row.kind)}
	}
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("identification %s is another user's: %w", row.id, user.ErrIDTaken))
	}
	return nil
}

// Delete implements user.Store. Foreign keys take everything of the user's with it.
func (s *Store) Delete(ctx context.Context, id user.ID, events ...user.Event) error {
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var gone subject
		err := q.QueryRowContext(ctx, `delete from users where id = $1 returning external_id`, string(id)).Scan(&gone.externalID)
		if errors.Is(err, sql.ErrNoRows) {
			return user.ErrNotFound
		}
		if err != nil {
			return err
		}
		return record(ctx, q, events, gone)
	})
	if err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

func externalID(err error) error {
	if uniqueExternalID.Is(err) {
		return user.ErrExternalIDTaken
	}
	return err
}

// assignments returns "column = $n, …" for all columns but the first, the id.
func assignments(columns string) string {
	names := strings.Split(columns, ",")
	for n, name := range names {
		names[n] = fmt.Sprintf("%s = $%d", strings.TrimSpace(name), n+1)
	}
	return strings.Join(names[1:], ", ")
}

// excluded returns "column = excluded.column, …" for all columns but the first, the id.
func excluded(columns string) string {
	names := strings.Split(columns, ",")
	for n, name := range names {
		name = strings.TrimSpace(name)
		names[n] = name + " = excluded." + name
	}
	return strings.Join(names[1:], ", ")
}
