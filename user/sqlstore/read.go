package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// selectUsers makes a user of several rows, one for each identification: one query for
// a whole user, and one text for both databases.
var selectUsers = `
	select ` + prefixed("u", userColumns) + `, ` + prefixed("i", identificationColumns) + `
	from users u left join identifications i on i.user_id = u.id`

var (
	userByID  = selectUsers + ` where u.id = $1 order by i.position`
	userByKey = selectUsers + `
	where u.id = (select c.user_id from identifications c where c.kind = $1 and c.key = $2 and c.claimed)
	order by i.position`
	userByIdentification = selectUsers + `
	where u.id = (select h.user_id from identifications h where h.id = $1)
	order by i.position`
)

// ByID implements user.Store.
func (s *Store) ByID(ctx context.Context, id user.ID) (*user.User, error) {
	u, err := s.one(ctx, userByID, string(id))
	if err != nil {
		return nil, fmt.Errorf("user by id: %w", err)
	}
	return u, nil
}

// ByKey implements user.Store.
func (s *Store) ByKey(ctx context.Context, kind user.Kind, key string) (*user.User, error) {
	u, err := s.one(ctx, userByKey, string(kind), key)
	if err != nil {
		return nil, fmt.Errorf("user by %s: %w", kind, err)
	}
	return u, nil
}

// ByIdentification implements user.Store.
func (s *Store) ByIdentification(ctx context.Context, id user.IdentificationID) (*user.User, error) {
	u, err := s.one(ctx, userByIdentification, string(id))
	if errors.Is(err, user.ErrNotFound) {
		err = user.ErrNoIdentification
	}
	if err != nil {
		return nil, fmt.Errorf("user by identification: %w", err)
	}
	return u, nil
}

func (s *Store) one(ctx context.Context, query string, args ...any) (u *user.User, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		u, err = one(ctx, q, query, args...)
		return err
	})
	return u, err
}

func one(ctx context.Context, q sqldb.Querier, query string, args ...any) (*user.User, error) {
	users, err := many(ctx, q, query, args...)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, user.ErrNotFound
	}
	return users[0], nil
}

// many reads what a query that begins with selectUsers returns: the rows of one user
// stand together.
func many(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]*user.User, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	users := []*user.User{}
	var ur userRow
	var ir identificationRow
	target := append(ur.fields(), optional(ir.fields())...)
	for rows.Next() {
		ir = identificationRow{}
		if err := rows.Scan(target...); err != nil {
			return nil, err
		}
		if len(users) == 0 || users[len(users)-1].ID != user.ID(ur.id) {
			users = append(users, ur.user())
		}
		if ir.id == "" {
			continue // no identification at all
		}
		i, err := ir.identification()
		if err != nil {
			return nil, err
		}
		u := users[len(users)-1]
		u.Identifications = append(u.Identifications, i)
		if i.Kind == user.KindUsername {
			u.Username = i.Value
		}
	}
	return users, rows.Err()
}
