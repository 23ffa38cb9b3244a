package user

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Query selects users. Filters of different kinds all have to match; values of
// one filter are alternatives. A nil list does not filter; an empty one selects nobody.
// A list holds at most 100 values.
type Query struct {
	IDs            []ID
	NotIDs         []ID
	ExternalIDs    []string
	NotExternalIDs []string
	EmailAddresses []string // matched by canonical key; malformed ones match nobody
	PhoneNumbers   []string
	Usernames      []string

	// Case-insensitive substrings, in which no character is special; at most 256 code points.
	Text             string // of identifiers, names and the id
	EmailAddressText string
	PhoneNumberText  string
	UsernameText     string
	NameText         string // of first name, blank, last name

	Banned       *bool
	CreatedAt    TimeRange
	LastActiveAt TimeRange // users never active match no bound
	LastSignInAt TimeRange // users never signed in match no bound

	// OrderBy is one of OrderFields with an optional sign; "" means "-created_at".
	OrderBy string
	Limit   int // 1…500; 0 means 10
	Offset  int // 0…1,000,000
	// StartingAfter continues after this user, who has to exist: only with an order by
	// created_at, and without Offset. "" starts at the beginning.
	StartingAfter ID
	// After continues after this place in the order: with any order, and without Offset
	// and StartingAfter. nil starts at the beginning. See NextPosition.
	After *Position
}

// TimeRange selects times strictly between its bounds; a zero bound is open.
type TimeRange struct{ After, Before time.Time }

// OrderFields returns the names that Query.OrderBy takes.
func OrderFields() []string {
	return []string{
		"created_at", "updated_at", "email_address", "web3wallet", "first_name", "last_name",
		"phone_number", "username", "last_active_at", "last_sign_in_at",
	}
}

const (
	defaultOrder    = "-created_at"
	defaultLimit    = 10
	maxLimit        = 500
	maxOffset       = 1_000_000
	maxFilterValues = 100
)

// Find returns a page of users, [] when empty. Errors: *FieldError.
func (s *Service) Find(ctx context.Context, q Query) ([]*User, error) {
	q, err := q.canonical()
	if err != nil {
		return nil, err
	}
	users, err := s.store.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for _, u := range users {
		u.unlockExpired(now)
	}
	return users, nil
}

// Count counts the users that q selects. The page and order of q do not matter.
func (s *Service) Count(ctx context.Context, q Query) (int, error) {
	q.OrderBy, q.Limit, q.Offset, q.StartingAfter, q.After = "", 0, 0, "", nil
	q, err := q.canonical()
	if err != nil {
		return 0, err
	}
	return s.store.Count(ctx, q)
}

// canonical checks q and returns it with keys in place of identifiers.
func (q Query) canonical() (Query, error) {
	if err := q.checkPage(); err != nil {
		return q, err
	}
	if err := q.checkLists(); err != nil {
		return q, err
	}
	if err := q.cleanTexts(); err != nil {
		return q, err
	}
	q.OrderBy = orDefault(q.OrderBy, defaultOrder)
	q.Limit = orDefault(q.Limit, defaultLimit)
	q.EmailAddresses = keys(KindEmailAddress, q.EmailAddresses)
	q.PhoneNumbers = keys(KindPhoneNumber, q.PhoneNumbers)
	q.Usernames = keys(KindUsername, q.Usernames)
	q.IDs = slices.DeleteFunc(slices.Clone(q.IDs), func(id ID) bool { return !id.Valid() })
	q.NotIDs = slices.DeleteFunc(slices.Clone(q.NotIDs), func(id ID) bool { return !id.Valid() })
	return q, nil
}

func (q Query) checkPage() error {
	field := strings.TrimPrefix(strings.TrimPrefix(q.OrderBy, "+"), "-")
	if strings.HasPrefix(q.OrderBy, "+-") || q.OrderBy != "" && !slices.Contains(OrderFields(), field) {
		return &FieldError{Field: "order_by", Rule: RuleValue}
	}
	if q.Limit < 0 || q.Limit > maxLimit {
		return &FieldError{Field: "limit", Rule: RuleValue, Limit: maxLimit}
	}
	if q.Offset < 0 || q.Offset > maxOffset {
		return &FieldError{Field: "offset", Rule: RuleValue, Limit: maxOffset}
	}
	if q.StartingAfter != "" {
		byCreation := q.OrderBy == "" || field == "created_at"
		if !byCreation || q.Offset != 0 || !q.StartingAfter.Valid() {
			return &FieldError{Field: "starting_after", Rule: RuleValue}
		}
	}
	if q.After != nil {
		if q.Offset != 0 || q.StartingAfter != "" {
			return &FieldError{Field: "cursor", Rule: RuleValue}
		}
		return q.After.check(orDefault(field, "created_at"))
	}
	return nil
}

func (q Query) checkLists() error {
	for field, n := range map[string]int{
		"user_id": len(q.IDs) + len(q.NotIDs), "external_id": len(q.ExternalIDs) + len(q.NotExternalIDs),
		"email_address": len(q.EmailAddresses), "phone_number": len(q.PhoneNumbers), "username": len(q.Usernames),
	} {
		if n > maxFilterValues {
			return &FieldError{Field: field, Rule: RuleTooLong, Limit: maxFilterValues}
		}
	}
	for _, id := range slices.Concat(q.ExternalIDs, q.NotExternalIDs) {
		if _, err := cleanText("external_id", id, maxExternalIDLength); err != nil {
			return err
		}
	}
	return nil
}

// cleanTexts brings what is searched for into the form of what is stored. PostgreSQL
// takes neither NUL nor what is not UTF-8 (I-01).
func (q *Query) cleanTexts() error {
	for _, text := range []struct {
		field string
		value *string
	}{
		{"query", &q.Text},
		{"email_address_query", &q.EmailAddressText},
		{"phone_number_query", &q.PhoneNumberText},
		{"username_query", &q.UsernameText},
		{"name_query", &q.NameText},
	} {
		clean, err := cleanText(text.field, *text.value, maxNameLength)
		if err != nil {
			return err
		}
		*text.value = clean
	}
	return nil
}

// keys returns the keys of those values that are well-formed. It keeps the difference
// between no filter and one that nothing matches.
func keys(kind Kind, values []string) []string {
	if values == nil {
		return nil
	}
	list := make([]string, 0, len(values))
	for _, value := range values {
		_, key, err := Canonical(kind, value)
		if err == nil {
			list = append(list, key)
		}
	}
	return list
}
