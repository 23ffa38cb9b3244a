package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

var _ user.BulkStore = (*Store)(nil)

// CreateMany implements user.BulkStore.
func (s *Store) CreateMany(ctx context.Context, users []*user.User, events []user.Event) ([]error, error) {
	refused := make([]error, len(users))
	// Nearly always nobody is refused, and a savepoint costs SQLite a copy of each page.
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return s.insertMany(ctx, q, users, events)
	})
	if isRefusal(err) {
		err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
			clear(refused)
			return s.createSome(ctx, q, users, events, refused)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("create users: %w", err)
	}
	return refused, nil
}

// createSome adds all users at once, and where one of them is refused, by halves: few
// refusals cost few statements, and the index decides who was first.
func (s *Store) createSome(ctx context.Context, q sqldb.Querier, users []*user.User, events []user.Event, refused []error) error {
	if len(users) == 0 {
		return nil
	}
	err := sqldb.Savepoint(ctx, q, func(ctx context.Context, q sqldb.Querier) error {
		if len(users) == 1 {
			return insertAll(ctx, q, users[0], events)
		}
		return s.insertMany(ctx, q, users, events)
	})
	switch {
	case err == nil:
		return nil
	case !isRefusal(err):
		return err
	case len(users) == 1:
		refused[0] = err
		return nil
	}
	half := len(users) / 2
	if err := s.createSome(ctx, q, users[:half], events[:half], refused[:half]); err != nil {
		return err
	}
	return s.createSome(ctx, q, users[half:], events[half:], refused[half:])
}

// isRefusal reports whether err is about one user, not about the database.
func isRefusal(err error) bool {
	return errors.Is(err, user.ErrIdentifierTaken) || errors.Is(err, user.ErrExternalIDTaken) || errors.Is(err, user.ErrIDTaken)
}

// insertMany is insertAll for several users, in few statements.
func (s *Store) insertMany(ctx context.Context, q sqldb.Querier, users []*user.User, events []user.Event) error {
	userRows, searchRows, eventRows := make([][]any, len(users)), make([][]any, len(users)), make([][]any, len(events))
	var identRows [][]any
	for n, u := range users {
		row := newUserRow(u)
		row.version = 1
		userRows[n] = row.fields()
		idents, err := newIdentificationRows(u)
		if err != nil {
			return err
		}
		for i := range idents {
			identRows = append(identRows, idents[i].fields())
		}
		search := newSearchRow(u)
		searchRows[n] = search.fields()
	}
	for n, e := range events {
		row, err := eventRow(ctx, e, subject{user: asStored(users[n])})
		if err != nil {
			return err
		}
		eventRows[n] = row
	}
	for _, table := range []struct {
		into   string
		rows   [][]any
		atOnce int
	}{
		{`users (` + userColumns + `)`, userRows, s.rowsAtOnce()},
		{`identifications (` + identificationColumns + `)`, identRows, s.rowsAtOnce()},
		{`user_events (` + eventColumns + `)`, eventRows, s.rowsAtOnce()},
		// After each of these statements SQLite writes out its index of substrings, so they
		// are few; and each looks up its parameters by name, so they are short. And last.
		{`user_search (` + searchColumns + `)`, searchRows, 40},
	} {
		if err := insertRows(ctx, q, table.into, table.rows, table.atOnce); err != nil {
			return duplicate(err)
		}
	}
	return nil
}

// rowsAtOnce is how many rows one statement inserts. PostgreSQL is spared round trips;
// SQLite, which has none, the parsing of long statements.
func (s *Store) rowsAtOnce() int {
	if s.db.Dialect.Name == "sqlite" {
		return 1
	}
	return 250
}

// insertRows inserts rows of equal length, so many in one statement.
func insertRows(ctx context.Context, q sqldb.Querier, into string, rows [][]any, size int) error {
	for len(rows) > 0 {
		size = min(size, len(rows))
		statement, err := q.PrepareContext(ctx, insertStatement(into, size, len(rows[0])))
		if err != nil {
			return err
		}
		for len(rows) >= size && err == nil {
			var args []any
			for _, row := range rows[:size] {
				args = append(args, row...)
			}
			rows = rows[size:]
			_, err = statement.ExecContext(ctx, args...)
		}
		if err := errors.Join(err, statement.Close()); err != nil {
			return err
		}
	}
	return nil
}

func insertStatement(into string, rows, columns int) string {
	var b strings.Builder
	b.WriteString(`insert into ` + into + ` values `)
	for n := range rows {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + placeholders(1+n*columns, columns) + ")")
	}
	return b.String()
}

// duplicate tells which index refused a row. The kind of identifier is only known where
// one row is inserted.
func duplicate(err error) error {
	switch {
	case uniqueClaim.Is(err):
		return &user.TakenError{}
	case uniqueID.Is(err), uniqueIdentificationID.Is(err):
		return user.ErrIDTaken
	}
	return externalID(err)
}

// DeleteMany implements user.BulkStore.
func (s *Store) DeleteMany(ctx context.Context, ids []user.ID, event func(user.ID) user.Event) (gone []user.ID, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for n, id := range ids {
		args[n] = string(id)
	}
	query := `delete from users where id in (` + placeholders(1, len(ids)) + `) returning id, external_id`
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		externalIDs, err := deleted(ctx, q, query, args...)
		if err != nil {
			return err
		}
		gone = nil
		var rows [][]any
		for id, externalID := range externalIDs {
			row, err := eventRow(ctx, event(id), subject{externalID: externalID})
			if err != nil {
				return err
			}
			gone, rows = append(gone, id), append(rows, row)
		}
		return insertRows(ctx, q, `user_events (`+eventColumns+`)`, rows, s.rowsAtOnce())
	})
	if err != nil {
		return nil, fmt.Errorf("delete users: %w", err)
	}
	return gone, nil
}

// deleted returns the external ids of the users that a statement takes out.
func deleted(ctx context.Context, q sqldb.Querier, query string, args ...any) (map[user.ID]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gone := map[user.ID]string{}
	for rows.Next() {
		var id user.ID
		var externalID string
		if err := rows.Scan(&id, &externalID); err != nil {
			return nil, err
		}
		gone[id] = externalID
	}
	return gone, rows.Err()
}

// LastOrdinal implements user.BulkStore.
func (s *Store) LastOrdinal(ctx context.Context) (last user.Ordinal, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select coalesce(max(seq), 0) from user_search`).Scan(&last)
	})
	if err != nil {
		return 0, fmt.Errorf("last ordinal: %w", err)
	}
	return last, nil
}

// Scan implements user.BulkStore.
func (s *Store) Scan(ctx context.Context, q user.Query, after, through user.Ordinal) (ids []user.ID, err error) {
	c := &conditions{all: []string{`u.id = s.user_id`}}
	c.add(`s.seq > %s and s.seq <= %s`, int64(after), int64(through))
	lists(c, q)
	for _, p := range s.parts(q) {
		p.check(c, order{})
	}
	query := `select u.id from user_search s cross join users u` + c.where() + ` order by s.seq`
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		ids, err = userIDs(ctx, q, query, c.args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scan users: %w", err)
	}
	return ids, nil
}

func userIDs(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]user.ID, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := []user.ID{}
	for rows.Next() {
		var id user.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
