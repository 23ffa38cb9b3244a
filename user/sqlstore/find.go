package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// order is what users can be ordered by: a column with an index that ends in the id.
type order struct {
	column string // "" is the id alone
	number bool   // whole milliseconds; else a text
	search bool   // a column of user_search, s; else of users, u
}

// orders are the only texts that follow "order by" (I-08). An identifier's order is
// that of its key.
var orders = map[string]order{
	"created_at":      {column: `u.created_at`, number: true},
	"updated_at":      {column: `u.updated_at`, number: true},
	"last_active_at":  {column: `u.last_active_at`, number: true},
	"last_sign_in_at": {column: `u.last_sign_in_at`, number: true},
	"first_name":      {column: `u.first_name`},
	"last_name":       {column: `u.last_name`},
	"email_address":   {column: `s.primary_email_address`, search: true},
	"phone_number":    {column: `s.primary_phone_number`, search: true},
	"username":        {column: `s.username`, search: true},
	"web3wallet":      {}, // nobody has one
}

func (o order) id() string {
	if o.search {
		return `s.user_id`
	}
	return `u.id`
}

// by is what follows "order by".
func (o order) by(direction string) string {
	if o.column == "" {
		return o.id() + " " + direction
	}
	return o.column + " " + direction + ", " + o.id() + " " + direction
}

// after adds the condition that users follow p.
func (o order) after(c *conditions, direction string, p user.Position) error {
	comparison := map[string]string{"asc": ">", "desc": "<"}[direction]
	if o.column == "" {
		c.add(o.id()+` `+comparison+` %s`, string(p.ID))
		return nil
	}
	var value any = p.Value
	if o.number {
		n, err := strconv.ParseInt(p.Value, 10, 64)
		if err != nil {
			return &user.FieldError{Field: "cursor", Rule: user.RuleValue}
		}
		value = n
	}
	c.add(`(`+o.column+`, `+o.id()+`) `+comparison+` (%s, %s)`, value, string(p.ID))
	return nil
}

// parseOrder reads Query.OrderBy.
func parseOrder(orderBy string) (o order, direction string, err error) {
	field, direction := strings.TrimPrefix(orderBy, "+"), "asc"
	if rest, descending := strings.CutPrefix(orderBy, "-"); descending {
		field, direction = rest, "desc"
	}
	o, known := orders[field]
	if !known {
		return order{}, "", &user.FieldError{Field: "order_by", Rule: user.RuleValue}
	}
	return o, direction, nil
}

// Find implements user.Store.
func (s *Store) Find(ctx context.Context, q user.Query) ([]*user.User, error) {
	o, direction, err := parseOrder(q.OrderBy)
	if err != nil {
		return nil, err
	}
	var users []*user.User
	err = s.db.Read(ctx, func(ctx context.Context, db sqldb.Querier) error {
		query, args, err := s.findQuery(ctx, db, q, o, direction)
		if err != nil {
			return err
		}
		users, err = many(ctx, db, query, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	sortUsers(users, q.OrderBy, o, direction)
	return users, nil
}

// findQuery returns the query of a page. It asks the database which of the filters, if
// any, selects few users: those are then read by that filter's index and put in order.
// Else users are read in order, by the order's index, until the page is full.
func (s *Store) findQuery(ctx context.Context, db sqldb.Querier, q user.Query, o order, direction string) (string, []any, error) {
	after := q.After
	if q.StartingAfter != "" {
		p, err := s.position(ctx, db, q.StartingAfter)
		if err != nil {
			return "", nil, err
		}
		after = &p
	}
	c := &conditions{}
	var by part
	parts := s.parts(q)
	if !lists(c, q) {
		var err error
		if by, err = narrow(ctx, db, parts, o); err != nil {
			return "", nil, err
		}
	}
	with, from := ``, `users u`
	switch {
	case by != nil:
		with = `found as materialized (` + by.found(c) + `), `
		from = `found cross join users u`
		c.all = append(c.all, `u.id = found.id`)
		if o.search {
			from += ` cross join user_search s`
			c.all = append(c.all, `s.user_id = u.id`)
		}
	case o.search: // in the order of s
		from = `user_search s cross join users u`
		c.all = append(c.all, `u.id = s.user_id`)
	}
	for _, p := range parts {
		if p != by {
			p.check(c, o)
		}
	}
	if after != nil {
		if err := o.after(c, direction, *after); err != nil {
			return "", nil, err
		}
	}
	query := fmt.Sprintf(`with %spage as materialized (select u.id from %s%s order by %s limit %s offset %s)%s
	where u.id in (select id from page) order by u.id, i.position`,
		with, from, c.where(), o.by(direction), c.arg(q.Limit), c.arg(q.Offset), selectUsers)
	return query, c.args, nil
}

// sortUsers puts a page in order: the database returns it by id.
func sortUsers(users []*user.User, orderBy string, o order, direction string) {
	type placed struct {
		number int64
		user.Position
	}
	places := make(map[user.ID]placed, len(users))
	for _, u := range users {
		p := placed{Position: user.PositionOf(u, orderBy)}
		if o.number {
			p.number, _ = strconv.ParseInt(p.Value, 10, 64)
			p.Value = ""
		}
		places[u.ID] = p
	}
	slices.SortFunc(users, func(a, b *user.User) int {
		p, q := places[a.ID], places[b.ID]
		if direction == "desc" {
			p, q = q, p
		}
		return cmp.Or(cmp.Compare(p.number, q.number), cmp.Compare(p.Value, q.Value), cmp.Compare(p.ID, q.ID))
	})
}

const selectCreation = `select created_at from users where id = $1`

// position is where the user stands in the order of creation.
func (s *Store) position(ctx context.Context, db sqldb.Querier, id user.ID) (user.Position, error) {
	var at int64
	err := db.QueryRowContext(ctx, selectCreation, string(id)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		// To return nobody would tell a loop over all users that it has come to the end.
		return user.Position{}, &user.FieldError{Field: "starting_after", Rule: user.RuleValue}
	}
	return user.Position{Value: strconv.FormatInt(at, 10), ID: id}, err
}

// Count implements user.Store.
func (s *Store) Count(ctx context.Context, q user.Query) (int, error) {
	query, args := s.countQuery(q)
	var n int
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// countQuery reads by the index of substrings where it can, else by what the database
// thinks best.
func (s *Store) countQuery(q user.Query) (string, []any) {
	c := &conditions{}
	exact := lists(c, q)
	with, from := ``, `users u`
	for _, p := range s.parts(q) {
		if t, isText := p.(*texts); isText && !exact && t.indexed() {
			with, from = `with found as materialized (`+t.found(c)+`) `, `found cross join users u`
			c.all = append(c.all, `u.id = found.id`)
			continue
		}
		p.plain(c)
	}
	return with + `select count(*) from ` + from + c.where(), c.args
}
