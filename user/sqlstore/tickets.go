package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// uniqueSole decides which of two invitations of an address was first (D-05).
var uniqueSole = sqldb.Unique{Index: "tickets_sole", Columns: "tickets.email_key"}

const ticketColumns = `id, kind, hash, status, user_id, email_address, email_key, public_metadata,
	redirect_url, sole, expire_at, created_at, updated_at, actor, session_life`

var (
	insertTicket = `insert into tickets (` + ticketColumns + `) values (` + placeholders(1, 15) + `)`
	selectTicket = `select ` + ticketColumns + ` from tickets`
)

const (
	// An invitation that has expired stands in nobody's way.
	freeSole = `
	update tickets set sole = false, updated_at = $2
	where email_key = $1 and status = 'pending' and sole and expire_at <= $2`
	pendingOf = `
	select count(*) from tickets
	where kind = 'invitation' and email_key = $1 and status = 'pending' and expire_at > $2`
	// C-10, C-04: the condition and the change are one statement.
	acceptTicket = `
	update tickets set status = 'accepted', user_id = coalesce($2, user_id), updated_at = $3
	where id = $1 and status = 'pending' and expire_at > $3`
	revokeTicket = `
	update tickets set status = 'revoked', updated_at = $2
	where id = $1 and status = 'pending'`
	joinTicket = `
	update tickets set user_id = $2
	where id = $1 and email_key in (
		select i.key from identifications i where i.user_id = $2 and i.kind = 'email_address' and i.claimed)`
)

// CreateTickets implements user.TicketStore.
func (s *Store) CreateTickets(ctx context.Context, now time.Time, tickets ...*user.Ticket) error {
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		for _, t := range tickets {
			if err := createTicket(ctx, q, t, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create tickets: %w", err)
	}
	return nil
}

func createTicket(ctx context.Context, q sqldb.Querier, t *user.Ticket, now time.Time) error {
	if t.Kind != user.TicketInvitation {
		var known int
		if err := q.QueryRowContext(ctx, `select count(*) from users where id = $1`, string(t.UserID)).Scan(&known); err != nil {
			return err
		}
		if known == 0 {
			return user.ErrNotFound
		}
	}
	if t.Sole {
		if _, err := q.ExecContext(ctx, freeSole, t.EmailKey, sqldb.Millis(now)); err != nil {
			return err
		}
		var others int
		if err := q.QueryRowContext(ctx, pendingOf, t.EmailKey, sqldb.Millis(now)).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			return &user.InvitedError{EmailAddress: t.EmailAddress}
		}
	}
	_, err := q.ExecContext(ctx, insertTicket, string(t.ID), string(t.Kind), t.Hash, string(t.Status), orNull(t.UserID),
		t.EmailAddress, t.EmailKey, object(t.PublicMetadata), t.RedirectURL, t.Sole,
		sqldb.Millis(t.ExpireAt), sqldb.Millis(t.CreatedAt), sqldb.Millis(t.UpdatedAt),
		string(t.Actor), t.SessionLife.Milliseconds())
	if uniqueSole.Is(err) {
		return &user.InvitedError{EmailAddress: t.EmailAddress}
	}
	return err
}

// orNull keeps the foreign key from looking for the user "".
func orNull(id user.ID) any {
	if id == "" {
		return nil
	}
	return string(id)
}

// TicketByHash implements user.TicketStore.
func (s *Store) TicketByHash(ctx context.Context, hash string) (t *user.Ticket, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		t, err = oneTicket(ctx, q, ` where hash = $1`, hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ticket by hash: %w", err)
	}
	return t, nil
}

// SettleTicket implements user.TicketStore.
func (s *Store) SettleTicket(ctx context.Context, id user.TicketID, to user.TicketStatus, by user.ID, now time.Time) (t *user.Ticket, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var result sql.Result
		switch to {
		case user.TicketAccepted:
			result, err = q.ExecContext(ctx, acceptTicket, string(id), orNull(by), sqldb.Millis(now))
		case user.TicketRevoked:
			result, err = q.ExecContext(ctx, revokeTicket, string(id), sqldb.Millis(now))
		default:
			return fmt.Errorf("a ticket cannot become %s", to)
		}
		if err != nil {
			return err
		}
		t, err = settled(ctx, q, result, id, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("settle ticket: %w", err)
	}
	return t, nil
}

// settled returns the ticket that one statement has just changed, or why it did not.
func settled(ctx context.Context, q sqldb.Querier, result sql.Result, id user.TicketID, now time.Time) (*user.Ticket, error) {
	n, err := result.RowsAffected()
	if err != nil {
		return nil, err
	}
	t, err := oneTicket(ctx, q, ` where id = $1`, string(id))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, &user.TicketError{Kind: t.Kind, Status: t.StatusAt(now)}
	}
	return t, nil
}

// CreateInvited implements user.TicketStore. The invitation comes first: of those who
// accept it side by side all but one are told that it is used up.
func (s *Store) CreateInvited(ctx context.Context, u *user.User, id user.TicketID, now time.Time, events ...user.Event) error {
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		result, err := q.ExecContext(ctx, acceptTicket, string(id), nil, sqldb.Millis(now))
		if err != nil {
			return err
		}
		if _, err := settled(ctx, q, result, id, now); err != nil {
			return err
		}
		if err := insertAll(ctx, q, u, events); err != nil {
			return err
		}
		result, err = q.ExecContext(ctx, joinTicket, string(id), string(u.ID))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, user.ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create invited user: %w", err)
	}
	return nil
}

// PurgeTokens implements user.TicketStore.
func (s *Store) PurgeTokens(ctx context.Context, before time.Time) error {
	return s.exec(ctx, "purge tokens", `delete from tickets where kind in ('sign_in_token', 'actor_token') and expire_at < $1`, sqldb.Millis(before))
}

func oneTicket(ctx context.Context, q sqldb.Querier, where string, arg any) (*user.Ticket, error) {
	t, err := scanTicket(q.QueryRowContext(ctx, selectTicket+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, user.ErrNotFound
	}
	return t, err
}

func scanTicket(row interface{ Scan(...any) error }) (*user.Ticket, error) {
	var t user.Ticket
	var userID sql.NullString
	var metadata, actor string
	var expireAt, createdAt, updatedAt, life int64
	err := row.Scan(&t.ID, &t.Kind, &t.Hash, &t.Status, &userID, &t.EmailAddress, &t.EmailKey, &metadata,
		&t.RedirectURL, &t.Sole, &expireAt, &createdAt, &updatedAt, &actor, &life)
	if err != nil {
		return nil, err
	}
	t.UserID, t.PublicMetadata = user.ID(userID.String), json.RawMessage(metadata)
	t.SessionLife = time.Duration(life) * time.Millisecond
	if actor != "" {
		t.Actor = json.RawMessage(actor)
	}
	t.ExpireAt, t.CreatedAt, t.UpdatedAt = sqldb.Time(expireAt), sqldb.Time(createdAt), sqldb.Time(updatedAt)
	return &t, nil
}
