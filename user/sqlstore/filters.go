package sqlstore

import (
	"context"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// part is one filter of a query whose index may be the way to read users.
type part interface {
	// found returns a select of the ids, named id, that match, by the filter's index.
	found(c *conditions) string
	// check adds the condition on u so that no index but the order's is used.
	check(c *conditions, o order)
	// plain adds the condition and leaves it to the database how to read.
	plain(c *conditions)
	// indexed reports whether found has an index to go by.
	indexed() bool
}

// few is how many users are read and put in order rather than looked for in the order.
const few = 1000

// narrow returns the first of parts that at most few users match; nil if there is none.
func narrow(ctx context.Context, db sqldb.Querier, parts []part, o order) (part, error) {
	for _, p := range parts {
		if r, isRange := p.(*timeRange); !p.indexed() || isRange && r.column == o.column {
			continue // the order's own index begins at a range's bound
		}
		c := &conditions{}
		query := `select count(*) from (` + p.found(c) + ` limit ` + c.arg(few+1) + `) n`
		var n int
		if err := db.QueryRowContext(ctx, query, c.args...).Scan(&n); err != nil {
			return nil, err
		}
		if n <= few {
			return p, nil
		}
	}
	return nil, nil
}

// lists adds the filters that name users one by one and those that leave users out. It
// reports whether there is one of the first kind: then few users are read anyway.
func lists(c *conditions, q user.Query) (exact bool) {
	in(c, `u.id in (%s)`, q.IDs)
	in(c, `u.external_id in (%s) and u.external_id <> ''`, q.ExternalIDs)
	if len(q.NotIDs) > 0 {
		in(c, `u.id not in (%s)`, q.NotIDs)
	}
	if len(q.NotExternalIDs) > 0 {
		in(c, `u.external_id not in (%s)`, q.NotExternalIDs)
	}
	for _, list := range []struct {
		kind user.Kind
		keys []string
	}{{user.KindEmailAddress, q.EmailAddresses}, {user.KindPhoneNumber, q.PhoneNumbers}, {user.KindUsername, q.Usernames}} {
		in(c, `u.id in (select f.user_id from identifications f where f.kind = '`+string(list.kind)+`' and f.key in (%s))`, list.keys)
	}
	return q.IDs != nil || q.ExternalIDs != nil || q.EmailAddresses != nil || q.PhoneNumbers != nil || q.Usernames != nil
}

// parts returns the filters of q that lists does not add.
func (s *Store) parts(q user.Query) []part {
	var all []part
	if t := newTexts(q, s.db.Dialect.Name); t != nil {
		all = append(all, t)
	}
	if q.Banned != nil {
		all = append(all, banned(*q.Banned))
	}
	for _, r := range []*timeRange{
		{`u.last_sign_in_at`, q.LastSignInAt}, {`u.last_active_at`, q.LastActiveAt}, {`u.created_at`, q.CreatedAt},
	} {
		if r.TimeRange != (user.TimeRange{}) {
			all = append(all, r)
		}
	}
	return all
}

// banned is the filter of that name. Only the banned have an index: the others are
// nearly everybody.
type banned bool

func (b banned) found(*conditions) string { return `select u.id from users u where u.banned` }
func (b banned) indexed() bool            { return bool(b) }

func (b banned) check(c *conditions, _ order) {
	c.all = append(c.all, map[bool]string{true: `u.banned is true`, false: `u.banned is not true`}[bool(b)])
}

func (b banned) plain(c *conditions) {
	c.all = append(c.all, map[bool]string{true: `u.banned`, false: `not u.banned`}[bool(b)])
}

// timeRange is a filter on a time.
type timeRange struct {
	column string
	user.TimeRange
}

func (r *timeRange) found(c *conditions) string {
	bounds := &conditions{args: c.args}
	between(bounds, r.column, r.TimeRange)
	c.args = bounds.args
	return `select u.id from users u` + bounds.where()
}

func (r *timeRange) indexed() bool { return true }

// check writes the column as an expression, which no index has, unless it is the one
// that users are read in the order of.
func (r *timeRange) check(c *conditions, o order) {
	column := r.column
	if column != o.column {
		column = `+` + column
	}
	between(c, column, r.TimeRange)
}

func (r *timeRange) plain(c *conditions) { between(c, r.column, r.TimeRange) }
