package sqlstore

import (
	"context"

	"github.com/gatehouse-dev/gatehouse/user"
)

// FindQuery returns what Find asks the database for a page.
func (s *Store) FindQuery(ctx context.Context, q user.Query) (string, []any, error) {
	o, direction, err := parseOrder(q.OrderBy)
	if err != nil {
		return "", nil, err
	}
	return s.findQuery(ctx, s.db.Pool(), q, o, direction)
}

// CountQuery returns what Count asks the database.
func (s *Store) CountQuery(q user.Query) (string, []any) { return s.countQuery(q) }

// Dialect names the database.
func (s *Store) Dialect() string { return s.db.Dialect.Name }
