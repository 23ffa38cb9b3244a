package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// invitationOrders are the only texts that follow "order by" (I-08).
var invitationOrders = map[string]string{
	"created_at":    `created_at`,
	"email_address": `email_key`,
	"expires_at":    `expire_at`,
}

// FindInvitations implements user.TicketStore.
func (s *Store) FindInvitations(ctx context.Context, q user.InvitationQuery, now time.Time) ([]*user.Ticket, error) {
	field, direction := strings.TrimPrefix(q.OrderBy, "+"), "asc"
	if rest, descending := strings.CutPrefix(q.OrderBy, "-"); descending {
		field, direction = rest, "desc"
	}
	order, known := invitationOrders[field]
	if !known {
		return nil, &user.FieldError{Field: "order_by", Rule: user.RuleValue}
	}
	w := invitations(q, now)
	query := fmt.Sprintf(`%s%s order by %s %s, id %s limit %s offset %s`,
		selectTicket, w.where(), order, direction, direction, w.arg(q.Limit), w.arg(q.Offset))
	found := []*user.Ticket{}
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, query, w.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t, err := scanTicket(rows)
			if err != nil {
				return err
			}
			found = append(found, t)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("find invitations: %w", err)
	}
	return found, nil
}

// CountInvitations implements user.TicketStore.
func (s *Store) CountInvitations(ctx context.Context, q user.InvitationQuery, now time.Time) (n int, err error) {
	w := invitations(q, now)
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select count(*) from tickets`+w.where(), w.args...).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count invitations: %w", err)
	}
	return n, nil
}

// invitations is the condition of q. A pending invitation has expired by the time alone.
func invitations(q user.InvitationQuery, now time.Time) *conditions {
	c := &conditions{all: []string{`kind = 'invitation'`}}
	var allowed []string
	for _, status := range q.Statuses {
		switch status {
		case user.TicketPending:
			allowed = append(allowed, `status = 'pending' and expire_at > `+c.arg(sqldb.Millis(now)))
		case user.TicketExpired:
			allowed = append(allowed, `status = 'pending' and expire_at <= `+c.arg(sqldb.Millis(now)))
		default:
			allowed = append(allowed, `status = `+c.arg(string(status)))
		}
	}
	if len(allowed) == 0 {
		allowed = []string{`1 = 0`}
	}
	c.all = append(c.all, `(`+strings.Join(allowed, ` or `)+`)`)
	if q.Text != "" {
		pattern := contains(q.Text)
		c.add(`(email_key like %s escape '!' or lower(id) like %s escape '!')`, pattern, pattern)
	}
	return c
}
