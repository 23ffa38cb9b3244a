package user_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestFind(t *testing.T) {
	f := newFixture(t)
	for n := range 12 {
		f.advance(1e9)
		f.add(t, fmt.Sprintf("user%d@example.com", n), func(nu *user.NewUser) { nu.FirstName = "Zoë" })
	}
	page, err := f.Find(t.Context(), user.Query{})
	if err != nil || len(page) != 10 || page[0].Identifications[0].Value != "user11@example.com" {
		t.Errorf("Find = %d users, %v; want the ten newest first", len(page), err)
	}
	if n, err := f.Count(t.Context(), user.Query{Limit: 5000, Offset: 7, OrderBy: "nonsense"}); err != nil || n != 12 {
		t.Errorf("Count = %d, %v; want 12 whatever the page", n, err)
	}
	// Filters take any spelling; what is malformed matches nobody rather than everybody.
	for want, q := range map[int]user.Query{
		1:  {EmailAddresses: []string{"USER3@Example.com", "nonsense"}},
		0:  {EmailAddresses: []string{"nonsense"}},
		12: {Text: "Zoe\u0308", Limit: 500}, // decomposed
		11: {NotIDs: []user.ID{page[0].ID, "nonsense"}, Limit: 500},
	} {
		got, err := f.Find(t.Context(), q)
		if n, countErr := f.Count(t.Context(), q); err != nil || countErr != nil || len(got) != want || n != want {
			t.Errorf("Find(%+v) = %d users, Count = %d, %v, %v; want %d", q, len(got), n, err, countErr, want)
		}
	}
	for _, q := range []user.Query{{IDs: []user.ID{"nonsense"}}, {Usernames: []string{"admin"}}, {PhoneNumbers: []string{"0123"}}} {
		if got, err := f.Find(t.Context(), q); err != nil || got == nil || len(got) != 0 {
			t.Errorf("Find(%+v) = %v, %v; want []", q, got, err)
		}
	}
	last, err := f.Find(t.Context(), user.Query{StartingAfter: page[9].ID})
	if err != nil || len(last) != 2 {
		t.Errorf("Find after the first page = %d users, %v; want 2", len(last), err)
	}
}

// I-08: names of an order come from a list. Numbers have bounds.
func TestQueryRules(t *testing.T) {
	f := newFixture(t)
	many := make([]string, 101)
	for _, test := range []struct {
		q     user.Query
		field string
		rule  user.Rule
	}{
		{user.Query{OrderBy: "password_digest"}, "order_by", user.RuleValue},
		{user.Query{OrderBy: "created_at desc"}, "order_by", user.RuleValue},
		{user.Query{OrderBy: "created_at;drop table users"}, "order_by", user.RuleValue},
		{user.Query{OrderBy: "--created_at"}, "order_by", user.RuleValue},
		{user.Query{OrderBy: "+-created_at"}, "order_by", user.RuleValue},
		{user.Query{OrderBy: "-"}, "order_by", user.RuleValue},
		{user.Query{Limit: -1}, "limit", user.RuleValue},
		{user.Query{Limit: 501}, "limit", user.RuleValue},
		{user.Query{Offset: -1}, "offset", user.RuleValue},
		{user.Query{Offset: 1_000_001}, "offset", user.RuleValue},
		{user.Query{StartingAfter: "../users"}, "starting_after", user.RuleValue},
		{user.Query{StartingAfter: "user_a", OrderBy: "first_name"}, "starting_after", user.RuleValue},
		{user.Query{StartingAfter: "user_a", Offset: 1}, "starting_after", user.RuleValue},
		{user.Query{Usernames: many}, "username", user.RuleTooLong},
		{user.Query{NameText: strings.Repeat("x", 257)}, "name_query", user.RuleTooLong},
	} {
		_, err := f.Find(t.Context(), test.q)
		wantRule(t, err, test.field, test.rule)
	}
	for _, field := range user.OrderFields() {
		for _, sign := range []string{"", "+", "-"} {
			if _, err := f.Find(t.Context(), user.Query{OrderBy: sign + field}); err != nil {
				t.Errorf("order by %s%s: %v", sign, field, err)
			}
		}
	}
}

// I-08: no metacharacter is an error or matches what does not hold it.
func TestMetacharacters(t *testing.T) {
	f := newFixture(t)
	f.add(t, "ada@example.com")
	for _, text := range []string{"%", "_", "!", "\\", "'", "''", "\"", "`", ";", "--", "/*", "*", "?", "$1", ":a", "[a]", "^", "' or 1=1 --", "%%%", "a%a", "a_a", "\\'"} {
		for name, q := range map[string]user.Query{
			"text": {Text: text}, "name": {NameText: text}, "address": {EmailAddressText: text}, "number": {PhoneNumberText: text},
			"username": {UsernameText: text}, "external id": {ExternalIDs: []string{text}}, "addresses": {EmailAddresses: []string{text}},
			"usernames": {Usernames: []string{text}}, "ids": {IDs: []user.ID{user.ID(text)}},
		} {
			if got, err := f.Find(t.Context(), q); err != nil || len(got) != 0 {
				t.Errorf("%s %q: %d users, %v", name, text, len(got), err)
			}
		}
	}
}
