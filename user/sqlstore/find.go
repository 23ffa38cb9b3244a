package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// orders are the only texts that follow "order by" (I-08). An identifier's order is
// that of its key.
var orders = map[string]string{
	"created_at":      `u.created_at`,
	"updated_at":      `u.updated_at`,
	"last_active_at":  `u.last_active_at`,
	"last_sign_in_at": `u.last_sign_in_at`,
	"first_name":      `u.first_name`,
	"last_name":       `u.last_name`,
	"email_address":   `coalesce((select o.key from identifications o where o.id = u.primary_email_address_id), '')`,
	"phone_number":    `coalesce((select o.key from identifications o where o.id = u.primary_phone_number_id), '')`,
	"username":        `coalesce((select o.key from identifications o where o.user_id = u.id and o.kind = 'username'), '')`,
	"web3wallet":      `u.id`, // nobody has one
}

// Find implements user.Store.
func (s *Store) Find(ctx context.Context, q user.Query) ([]*user.User, error) {
	field, direction := strings.TrimPrefix(q.OrderBy, "+"), "asc"
	if rest, descending := strings.CutPrefix(q.OrderBy, "-"); descending {
		field, direction = rest, "desc"
	}
	order, known := orders[field]
	if !known {
		return nil, &user.FieldError{Field: "order_by", Rule: user.RuleValue}
	}
	w := filter(q)
	if q.StartingAfter != "" {
		comparison := map[string]string{"asc": ">", "desc": "<"}[direction]
		w.add(`(u.created_at, u.id) `+comparison+` (select a.created_at, a.id from users a where a.id = %s)`, string(q.StartingAfter))
	}
	orderBy := fmt.Sprintf(` order by %s %s, u.id %s`, order, direction, direction)
	page := fmt.Sprintf(`select u.id from users u%s%s limit %s offset %s`, w.where(), orderBy, w.arg(q.Limit), w.arg(q.Offset))
	query := selectUsers + ` where u.id in (` + page + `)` + orderBy + `, i.position`

	var users []*user.User
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) (err error) {
		users, err = many(ctx, q, query, w.args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	return users, nil
}

// Count implements user.Store.
func (s *Store) Count(ctx context.Context, q user.Query) (int, error) {
	w := filter(q)
	query := `select count(*) from users u` + w.where()
	var n int
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, query, w.args...).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// conditions collects what follows "where". Values go into args, never into the text.
type conditions struct {
	all  []string
	args []any
}

// add adds a condition with one verb %s for each value.
func (c *conditions) add(format string, values ...any) {
	numbers := make([]any, len(values))
	for n, value := range values {
		numbers[n] = c.arg(value)
	}
	c.all = append(c.all, fmt.Sprintf(format, numbers...))
}

// arg adds an argument and returns its placeholder.
func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

// in adds a condition on a list: nil is none, and an empty one matches nothing.
func in[T ~string](c *conditions, format string, values []T) {
	if values == nil {
		return
	}
	if len(values) == 0 {
		c.all = append(c.all, `1 = 0`)
		return
	}
	numbers := make([]string, len(values))
	for n, value := range values {
		numbers[n] = c.arg(string(value))
	}
	c.all = append(c.all, fmt.Sprintf(format, strings.Join(numbers, ", ")))
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return ` where ` + strings.Join(c.all, ` and `)
}

func filter(q user.Query) *conditions {
	c := &conditions{}
	in(c, `u.id in (%s)`, q.IDs)
	in(c, `u.external_id in (%s) and u.external_id <> ''`, q.ExternalIDs)
	if len(q.NotIDs) > 0 {
		in(c, `u.id not in (%s)`, q.NotIDs)
	}
	if len(q.NotExternalIDs) > 0 {
		in(c, `u.external_id not in (%s)`, q.NotExternalIDs)
	}
	for _, list := range []struct {
		kind   user.Kind
		keys   []string
		search string
	}{
		{user.KindEmailAddress, q.EmailAddresses, q.EmailAddressText},
		{user.KindPhoneNumber, q.PhoneNumbers, q.PhoneNumberText},
		{user.KindUsername, q.Usernames, q.UsernameText},
	} {
		in(c, `u.id in (select f.user_id from identifications f where f.kind = '`+string(list.kind)+`' and f.key in (%s))`, list.keys)
		if list.search != "" {
			c.add(`u.id in (select f.user_id from identifications f where f.kind = %s and f.key like %s escape '!')`,
				string(list.kind), contains(list.search))
		}
	}
	if q.NameText != "" {
		c.add(`u.name_key like %s escape '!'`, contains(q.NameText))
	}
	if q.Text != "" {
		pattern := contains(q.Text)
		c.add(`(u.name_key like %s escape '!' or lower(u.id) like %s escape '!' or u.id in (
			select f.user_id from identifications f
			where f.kind in ('email_address', 'phone_number', 'username') and f.key like %s escape '!'))`, pattern, pattern, pattern)
	}
	if q.Banned != nil {
		c.add(`u.banned = %s`, *q.Banned)
	}
	between(c, `u.created_at`, q.CreatedAt)
	between(c, `u.last_active_at`, q.LastActiveAt)
	between(c, `u.last_sign_in_at`, q.LastSignInAt)
	return c
}

func between(c *conditions, column string, r user.TimeRange) {
	if !r.After.IsZero() {
		c.add(column+` > %s`, sqldb.Millis(r.After))
	}
	if !r.Before.IsZero() {
		c.add(column+` < %s and `+column+` <> 0`, sqldb.Millis(r.Before))
	}
}

// contains is a pattern for texts that hold s in any case. The columns it is compared
// with are in lower case.
func contains(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(s)) + "%"
}
