package client

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"
)

// UserQuery selects users. Filters of different kinds all have to match; values of one
// filter, at most 100, are alternatives. Text that is no id selects nobody.
type UserQuery struct {
	IDs            []string
	ExternalIDs    []string
	EmailAddresses []string // whole, in any case
	PhoneNumbers   []string // whole
	Usernames      []string // whole, in any case

	Query             string // part of an identifier, a name or the id, in any case
	EmailAddressQuery string // part of an e-mail address
	PhoneNumberQuery  string // part of a phone number
	UsernameQuery     string // part of a username
	NameQuery         string // part of first name, blank, last name

	Banned                                *bool
	CreatedAfter, CreatedBefore           time.Time
	LastActiveAfter, LastActiveBefore     time.Time
	LastSignedInAfter, LastSignedInBefore time.Time

	// OrderBy is created_at, updated_at, email_address, phone_number, username,
	// first_name, last_name, last_active_at or last_sign_in_at, with - before it for the
	// other direction; "" means -created_at.
	OrderBy string
	// Limit is the size of a page: 1…MaxLimit; 0 means 10 for List and MaxLimit for All.
	Limit  int
	Offset int
	// StartingAfter continues behind the user with this id: only in the order of
	// created_at, and without Offset. Users who come and go meanwhile move nobody from
	// one page to another.
	StartingAfter string
}

// filters are the part of q that List and Count share.
func (q UserQuery) filters() values {
	v := values{}
	v.texts("user_id", q.IDs)
	v.texts("external_id", unsigned(q.ExternalIDs))
	v.texts("email_address", q.EmailAddresses)
	v.texts("phone_number", q.PhoneNumbers)
	v.texts("username", q.Usernames)
	v.text("query", q.Query)
	v.text("email_address_query", q.EmailAddressQuery)
	v.text("phone_number_query", q.PhoneNumberQuery)
	v.text("username_query", q.UsernameQuery)
	v.text("name_query", q.NameQuery)
	v.flag("banned", q.Banned)
	v.time("created_at_after", q.CreatedAfter)
	v.time("created_at_before", q.CreatedBefore)
	v.time("last_active_at_after", q.LastActiveAfter)
	v.time("last_active_at_before", q.LastActiveBefore)
	v.time("last_sign_in_at_after", q.LastSignedInAfter)
	v.time("last_sign_in_at_before", q.LastSignedInBefore)
	return v
}

// unsigned keeps a leading sign of a value from being read as include or exclude.
func unsigned(all []string) []string {
	out := slices.Clone(all)
	for i, v := range out {
		if strings.HasPrefix(v, "-") || strings.HasPrefix(v, "+") || strings.HasPrefix(v, " ") {
			out[i] = "+" + v
		}
	}
	return out
}

// check refuses ids that are none before they are sent (I-09).
func (q UserQuery) check() error {
	for _, id := range q.IDs {
		if err := checkID("user", id); err != nil {
			return err
		}
	}
	if q.StartingAfter != "" {
		return checkID("user", q.StartingAfter)
	}
	return nil
}

// List returns one page of users.
func (s Users) List(ctx context.Context, q UserQuery) ([]*User, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	v := q.filters()
	v.text("order_by", q.OrderBy)
	v.number("limit", q.Limit)
	v.number("offset", q.Offset)
	v.text("starting_after", q.StartingAfter)
	var page []*User
	err := s.c.get(ctx, "/users", url.Values(v), &page)
	return page, err
}

// Count counts the users that q selects; its page and order do not matter.
func (s Users) Count(ctx context.Context, q UserQuery) (int, error) {
	if err := q.check(); err != nil {
		return 0, err
	}
	var out struct {
		Total int `json:"total_count"`
	}
	err := s.c.get(ctx, "/users/count", url.Values(q.filters()), &out)
	return out.Total, err
}

// All ranges over the users that q selects, in pages of q.Limit. An error is the last
// thing that it yields. In the order of created_at nobody is left out or comes twice,
// whoever is created or deleted meanwhile, also by the loop; in another order somebody may,
// as pages are then cut by number.
func (s Users) All(ctx context.Context, q UserQuery) iter.Seq2[*User, error] {
	if q.Limit == 0 {
		q.Limit = MaxLimit
	}
	if field := strings.TrimLeft(q.OrderBy, "+-"); field != "" && field != "created_at" {
		return pages(ctx, q.Limit, q.Offset, func(ctx context.Context, limit, offset int) ([]*User, error) {
			q.Limit, q.Offset = limit, offset
			return s.List(ctx, q)
		})
	}
	return func(yield func(*User, error) bool) {
		page, err := s.List(ctx, q)
		for err == nil && len(page) > 0 {
			// The next page is read first: then the loop may delete the user it begins behind.
			var next []*User
			if len(page) == q.Limit {
				next, err = s.behind(ctx, q, page)
			}
			for _, u := range page {
				if !yield(u, nil) {
					return
				}
			}
			page = next
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// errLost is a place in a list that cannot be found again.
var errLost = errors.New("client: all users of the last page are gone: the list has lost its place")

// behind returns the page that follows one. The server cannot continue behind a user who
// was deleted in this moment: then it does behind the one before.
func (s Users) behind(ctx context.Context, q UserQuery, page []*User) ([]*User, error) {
	q.Offset = 0
	for last := len(page) - 1; last >= 0; last-- {
		q.StartingAfter = page[last].ID
		next, err := s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(next) == 0 {
			_, err := s.Get(ctx, page[last].ID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			return nil, err
		}
		seen := page[last+1:]
		return slices.DeleteFunc(next, func(u *User) bool {
			return slices.ContainsFunc(seen, func(o *User) bool { return o.ID == u.ID })
		}), nil
	}
	return nil, errLost
}
