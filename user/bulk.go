package user

import (
	"context"
	"errors"
)

// MaxBatch is how many users one call of CreateMany, DeleteMany, or a step of a scan takes.
const MaxBatch = 1000

// BulkStore is the part of a Store that handles many users in few statements.
type BulkStore interface {
	// CreateMany is Create for each of users and the event of the same index, in one
	// transaction. The errors of single users, which are Create's, come in the list, in
	// the order of users and nil for those stored; they keep nobody else out. Of two who
	// claim one key the first has it.
	CreateMany(ctx context.Context, users []*User, events []Event) ([]error, error)
	// DeleteMany is Delete for each id, in one transaction, with the event that event
	// returns for those that were there. It returns those, in any order.
	DeleteMany(ctx context.Context, ids []ID, event func(ID) Event) ([]ID, error)
	// LastOrdinal returns that of the user who was stored last; 0 if there is none.
	LastOrdinal(ctx context.Context) (Ordinal, error)
	// Scan returns the ids of the users that q selects and whose ordinal is above after
	// and at most through, in the order of ordinals. Order and page of q do not matter.
	Scan(ctx context.Context, q Query, after, through Ordinal) ([]ID, error)
}

// Ordinal is a user's place in the order in which users were stored, whatever times they
// carry. It never changes and is never given again.
type Ordinal int64

// Created is what CreateMany made of one NewUser.
type Created struct {
	User *User // nil with Err
	Err  error // as Create returns it
}

// CreateMany is Create for up to MaxBatch users in one transaction: the way to bring in
// thousands a second, with ids, times and ready digests kept. It returns one result for
// each of list, in its order; who is refused keeps nobody else out, and of two who claim
// one identifier the first has it. Plain passwords are hashed one after the other, and
// invitations are refused.
//
// An error means that nothing was stored: *FieldError for more than MaxBatch, else what
// the store returns.
func (s *Service) CreateMany(ctx context.Context, list []NewUser) ([]Created, error) {
	if len(list) > MaxBatch {
		return nil, &FieldError{Field: "users", Rule: RuleTooLong, Limit: MaxBatch}
	}
	results := make([]Created, len(list))
	var users []*User
	var events []Event
	var places []int // of users in results
	for n, nu := range list {
		u, err := s.prepareOne(ctx, nu)
		if err != nil {
			results[n].Err = err
			continue
		}
		users, places = append(users, u), append(places, n)
		created := s.newEvent(EventCreated, u.ID, s.now())
		created.Changes = changesOf(nil, u)
		events = append(events, created)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	refused, err := s.bulk.CreateMany(ctx, users, events)
	if err != nil {
		return nil, err
	}
	for n, u := range users {
		if refused[n] != nil {
			results[places[n]].Err = refused[n]
			continue
		}
		u.Version = 1
		results[places[n]].User = u
	}
	return results, nil
}

func (s *Service) prepareOne(ctx context.Context, nu NewUser) (*User, error) {
	if nu.Invitation != "" {
		return nil, &FieldError{Field: "invitation", Rule: RuleValue}
	}
	return s.made(ctx, nu)
}

// DeleteMany is Delete for up to MaxBatch users in one transaction. It returns those that
// there were; ids that are unknown or malformed are passed over. Config.Events has run
// when it returns, once for all of them where it is a BatchHandler; inside WithTx that is
// left to Drain.
func (s *Service) DeleteMany(ctx context.Context, ids []ID) ([]ID, error) {
	if len(ids) > MaxBatch {
		return nil, &FieldError{Field: "user_ids", Rule: RuleTooLong, Limit: MaxBatch}
	}
	now := s.now()
	events := make(map[ID]Event, len(ids))
	var valid []ID
	for _, id := range ids {
		if _, twice := events[id]; id.Valid() && !twice {
			events[id] = s.newEvent(EventDeleted, id, now)
			valid = append(valid, id)
		}
	}
	if len(valid) == 0 {
		return nil, nil
	}
	gone, err := s.bulk.DeleteMany(ctx, valid, func(id ID) Event { return events[id] })
	if err != nil {
		return nil, err
	}
	recorded := make([]Event, len(gone))
	for n, id := range gone {
		recorded[n] = events[id]
	}
	s.settleMany(ctx, recorded)
	return gone, nil
}

// SetBanned is Ban or Unban for each of ids, best called on a Service of WithTx. It returns
// those of users who are there.
func (s *Service) SetBanned(ctx context.Context, ids []ID, banned bool) (there []ID, err error) {
	set := s.Unban
	if banned {
		set = s.Ban
	}
	for _, id := range ids {
		switch _, err := set(ctx, id); {
		case err == nil:
			there = append(there, id)
		case !errors.Is(err, ErrNotFound):
			return there, err
		}
	}
	return there, nil
}

// LastOrdinal returns the ordinal of the user who was stored last: the end of a scan.
// 0 if there is no user.
func (s *Service) LastOrdinal(ctx context.Context) (Ordinal, error) {
	return s.bulk.LastOrdinal(ctx)
}

// Scan returns the ids of the users that q selects among those with an ordinal above
// after and at most through, which is at most MaxBatch further. Whoever works through all
// users takes one such span after the other: who is stored meanwhile comes after the
// LastOrdinal of the start, and who is deleted leaves no gap that matters.
func (s *Service) Scan(ctx context.Context, q Query, after, through Ordinal) ([]ID, error) {
	if through-after > MaxBatch {
		return nil, &FieldError{Field: "through", Rule: RuleValue, Limit: MaxBatch}
	}
	q.OrderBy, q.Limit, q.Offset, q.StartingAfter, q.After = "", 0, 0, "", nil
	q, err := q.canonical()
	if err != nil {
		return nil, err
	}
	return s.bulk.Scan(ctx, q, after, through)
}
