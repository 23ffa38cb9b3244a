package client

import (
	"context"
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

	cursor string // of the page before
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
	page, _, err := s.page(ctx, q)
	return page, err
}

// page returns one page of users, and what the next one begins behind: "" after the last.
func (s Users) page(ctx context.Context, q UserQuery) (page []*User, cursor string, err error) {
	if err := q.check(); err != nil {
		return nil, "", err
	}
	v := q.filters()
	v.text("order_by", q.OrderBy)
	v.number("limit", q.Limit)
	v.number("offset", q.Offset)
	v.text("starting_after", q.StartingAfter)
	v.text("cursor", q.cursor)
	header, err := s.c.getWithHeader(ctx, "/users", url.Values(v), &page)
	return page, header.Get("Next-Cursor"), err
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
// thing that it yields. Nobody is left out or comes twice because others are created,
// changed or deleted meanwhile, also by the loop; only who moves in the order by a change
// of their own may.
func (s Users) All(ctx context.Context, q UserQuery) iter.Seq2[*User, error] {
	if q.Limit == 0 {
		q.Limit = MaxLimit
	}
	return func(yield func(*User, error) bool) {
		for q := q; ; {
			page, cursor, err := s.page(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, u := range page {
				if !yield(u, nil) {
					return
				}
			}
			if cursor == "" {
				return
			}
			q.Offset, q.StartingAfter, q.cursor = 0, "", cursor
		}
	}
}
