package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// find returns the external ids of the users that q selects, in its order.
func find(t *testing.T, s user.Store, q user.Query) []string {
	t.Helper()
	if q.OrderBy == "" {
		q.OrderBy = "created_at"
	}
	if q.Limit == 0 {
		q.Limit = 500
	}
	users, err := s.Find(t.Context(), q)
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	names := []string{}
	for _, u := range users {
		names = append(names, u.ExternalID)
	}
	return names
}

// cast stores four users, a minute apart. Their external ids are their names here.
func cast(t *testing.T, s user.Store) map[string]*user.User {
	t.Helper()
	users := map[string]*user.User{}
	for n, name := range []string{"ada", "bob", "cem", "dan"} {
		u := newUser(name + "@example.com")
		u.ExternalID = name
		u.CreatedAt = noon.Add(time.Duration(n) * time.Minute)
		users[name] = u
	}
	users["ada"].FirstName, users["ada"].LastName = "Ada", "Lovelace"
	users["bob"].FirstName, users["bob"].LastName = "Bob", "100%_Sure!"
	users["cem"].FirstName, users["cem"].LastName = "Cem", "Özdemir"
	users["ada"].PrimaryPhoneNumberID = identify(users["ada"], user.KindPhoneNumber, "+442071838750", true)
	identify(users["bob"], user.KindUsername, "builder_1", true)
	identify(users["cem"], user.KindUsername, "the-cem", true)
	identify(users["cem"], user.KindEmailAddress, "cem@elsewhere.org", false)
	users["bob"].Banned = true
	users["ada"].LastSignInAt, users["bob"].LastSignInAt = noon.Add(time.Hour), noon.Add(2*time.Hour)
	users["cem"].LastActiveAt = noon.Add(-time.Hour)
	for _, name := range []string{"ada", "bob", "cem", "dan"} {
		create(t, s, users[name])
	}
	return users
}

func findFilters(t *testing.T, s user.Store) {
	users := cast(t, s)
	yes, no := true, false
	for _, test := range []struct {
		name string
		q    user.Query
		want string
	}{
		{"everybody", user.Query{}, "ada bob cem dan"},
		{"ids", user.Query{IDs: []user.ID{users["dan"].ID, users["ada"].ID, "user_unknown"}}, "ada dan"},
		{"not ids", user.Query{NotIDs: []user.ID{users["dan"].ID}}, "ada bob cem"},
		{"external ids", user.Query{ExternalIDs: []string{"bob", "eve"}}, "bob"},
		{"not external ids", user.Query{NotExternalIDs: []string{"bob"}}, "ada cem dan"},
		{"addresses", user.Query{EmailAddresses: []string{"ada@example.com", "dan@example.com"}}, "ada dan"},
		{"an unverified address", user.Query{EmailAddresses: []string{"cem@elsewhere.org"}}, "cem"},
		{"numbers", user.Query{PhoneNumbers: []string{"+442071838750"}}, "ada"},
		{"usernames", user.Query{Usernames: []string{"the-cem", "builder_1"}}, "bob cem"},
		{"an address among usernames", user.Query{Usernames: []string{"ada@example.com"}}, ""},
		{"text in an address", user.Query{Text: "N@EXAMPLE"}, "dan"},
		{"text in a number", user.Query{Text: "207183"}, "ada"},
		{"text in a username", user.Query{Text: "Builder"}, "bob"},
		{"text in a name", user.Query{Text: "lovel"}, "ada"},
		{"text across names", user.Query{Text: "a love"}, "ada"},
		{"text beyond ASCII", user.Query{Text: "ÖZDEMIR"}, "cem"},
		{"text in an id", user.Query{Text: strings.ToUpper(string(users["dan"].ID[8:]))}, "dan"},
		{"short text", user.Query{NameText: "AD"}, "ada"},
		{"short text in a number", user.Query{PhoneNumberText: "44"}, "ada"},
		{"a short text beside a long one", user.Query{Text: "example", UsernameText: "_1"}, "bob"},
		{"text across two identifiers", user.Query{Text: "comcem"}, ""},
		{"the prefix of all ids", user.Query{Text: "user"}, ""},
		{"the start of an id", user.Query{Text: string(users["dan"].ID[:20])}, "ada bob cem dan"[12:]},
		{"address text", user.Query{EmailAddressText: "elsewhere"}, "cem"},
		{"number text", user.Query{PhoneNumberText: "+44"}, "ada"},
		{"username text", user.Query{UsernameText: "CEM"}, "cem"},
		{"name text", user.Query{NameText: "ada"}, "ada"},
		{"name text is not in addresses", user.Query{NameText: "example"}, ""},
		{"banned", user.Query{Banned: &yes}, "bob"},
		{"not banned", user.Query{Banned: &no}, "ada cem dan"},
		{"created after", user.Query{CreatedAt: user.TimeRange{After: noon.Add(time.Minute)}}, "cem dan"},
		{"created before", user.Query{CreatedAt: user.TimeRange{Before: noon.Add(time.Minute)}}, "ada"},
		{"created between", user.Query{CreatedAt: user.TimeRange{After: noon, Before: noon.Add(3 * time.Minute)}}, "bob cem"},
		{"signed in before", user.Query{LastSignInAt: user.TimeRange{Before: noon.Add(24 * time.Hour)}}, "ada bob"},
		{"active before", user.Query{LastActiveAt: user.TimeRange{Before: noon}}, "cem"},
		{"two kinds", user.Query{Banned: &no, Text: "example.com", ExternalIDs: []string{"ada", "bob"}}, "ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := strings.Fields(test.want)
			if got := find(t, s, test.q); !slices.Equal(got, want) {
				t.Errorf("Find = %v, want %v", got, want)
			}
			if n, err := s.Count(t.Context(), test.q); err != nil || n != len(want) {
				t.Errorf("Count = %d, %v; want %d", n, err, len(want))
			}
		})
	}
	// A page holds whole users.
	found, err := s.Find(t.Context(), user.Query{ExternalIDs: []string{"cem"}, OrderBy: "created_at", Limit: 10})
	if err != nil || len(found) != 1 {
		t.Fatalf("Find = %v, %v", found, err)
	}
	mustEqual(t, "Find", found[0], byID(t, s, users["cem"].ID))
}

// An empty list is a filter that nothing matches; only nil is none.
func findNobody(t *testing.T, s user.Store) {
	cast(t, s)
	for name, q := range map[string]user.Query{
		"ids":       {IDs: []user.ID{}},
		"external":  {ExternalIDs: []string{}},
		"addresses": {EmailAddresses: []string{}},
		"numbers":   {PhoneNumbers: []string{}},
		"usernames": {Usernames: []string{}},
	} {
		if got := find(t, s, q); len(got) != 0 {
			t.Errorf("%s: Find = %v, want nobody", name, got)
		}
		if n, err := s.Count(t.Context(), q); err != nil || n != 0 {
			t.Errorf("%s: Count = %d, %v; want 0", name, n, err)
		}
	}
	u := newUser("none@example.com") // has no external id
	create(t, s, u)
	if got := find(t, s, user.Query{ExternalIDs: []string{""}}); len(got) != 0 {
		t.Errorf("Find without an external id = %v, want nobody", got)
	}
}

// I-08: what is searched for is text, not a pattern and not SQL.
func findTextIsLiteral(t *testing.T, s user.Store) {
	cast(t, s)
	for text, want := range map[string]string{
		"100%_sure!":    "bob",
		"%_S":           "bob",
		"%":             "bob",
		"!":             "bob",
		"r_1":           "bob",
		"100%sure":      "",
		"a_a":           "",
		"%%":            "",
		"!%":            "",
		"\\":            "",
		"'":             "",
		"' or '1'='1":   "",
		"\"":            "",
		"';--":          "",
		"$1":            "",
		"a%' escape '!": "",
		"*":             "",
		"[a-z]":         "",
	} {
		for field, q := range map[string]user.Query{"Text": {Text: text}, "NameText": {NameText: text}} {
			if field == "NameText" && text == "r_1" {
				continue // a username
			}
			if got := find(t, s, q); strings.Join(got, " ") != want {
				t.Errorf("Find(%s: %q) = %v, want %q", field, text, got, want)
			}
		}
	}
}

func findOrders(t *testing.T, s user.Store) {
	cast(t, s)
	for order, want := range map[string]string{
		"created_at":       "ada bob cem dan",
		"+created_at":      "ada bob cem dan",
		"-created_at":      "dan cem bob ada",
		"email_address":    "ada bob cem dan",
		"-email_address":   "dan cem bob ada",
		"-first_name":      "cem bob ada dan",
		"-last_sign_in_at": "bob ada",
		"-last_active_at":  "cem",
		"-phone_number":    "ada",
		"-username":        "cem bob",
	} {
		// Those that have nothing in the field follow, in the order of their ids.
		if got := strings.Join(find(t, s, user.Query{OrderBy: order}), " "); !strings.HasPrefix(got, want) {
			t.Errorf("order by %s: %s, want %s first", order, got, want)
		}
	}
	for _, field := range user.OrderFields() {
		if got := find(t, s, user.Query{OrderBy: "-" + field}); len(got) != 4 {
			t.Errorf("order by %s: %v, want all four", field, got)
		}
	}
}

func findPagesWithTies(t *testing.T, s user.Store) {
	var want []string
	for n := range 25 {
		u := newUser(fmt.Sprintf("u%d@example.com", n))
		u.ExternalID = string(u.ID)
		create(t, s, u)
		want = append(want, u.ExternalID)
	}
	slices.Sort(want)
	for _, order := range []string{"created_at", "-created_at", "last_name", "web3wallet"} {
		var got []string
		for offset := 0; ; offset += 10 {
			page := find(t, s, user.Query{OrderBy: order, Limit: 10, Offset: offset})
			got = append(got, page...)
			if len(page) < 10 {
				break
			}
		}
		if strings.HasPrefix(order, "-") {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("order by %s: pages give %d users, not each once in the order of their ids", order, len(got))
		}
	}
}

func findStartingAfter(t *testing.T, s user.Store) {
	for n := range 25 {
		u := newUser(fmt.Sprintf("u%d@example.com", n))
		u.ExternalID = string(u.ID)
		u.CreatedAt = noon.Add(time.Duration(n/4) * time.Millisecond) // with ties
		create(t, s, u)
	}
	for _, order := range []string{"created_at", "-created_at"} {
		want := find(t, s, user.Query{OrderBy: order})
		var got []string
		after := user.ID("")
		for {
			page := find(t, s, user.Query{OrderBy: order, Limit: 7, StartingAfter: after})
			got = append(got, page...)
			if len(page) < 7 {
				break
			}
			after = user.ID(page[6])
		}
		if !slices.Equal(got, want) {
			t.Errorf("order by %s: pages give %v, want %v", order, got, want)
		}
	}
	// An empty page would end a loop over all users early.
	if _, err := s.Find(t.Context(), user.Query{StartingAfter: "user_unknown", OrderBy: "created_at", Limit: 1}); !errors.Is(err, user.ErrInvalid) {
		t.Errorf("Find after an unknown user: %v, want a FieldError", err)
	}
}

// I-08: a store does not rely on its caller for what becomes part of a query.
func findUnknownOrder(t *testing.T, s user.Store) {
	for _, order := range []string{"password_digest", "created_at; drop table users", "-", "created_at desc", "--created_at"} {
		if _, err := s.Find(t.Context(), user.Query{OrderBy: order, Limit: 1}); !errors.Is(err, user.ErrInvalid) {
			t.Errorf("order by %q: %v, want a FieldError", order, err)
		}
	}
}
