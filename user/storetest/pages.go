package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// crowd stores n users with ties in every order.
func crowd(t *testing.T, s user.Store, n int) []*user.User {
	t.Helper()
	all := make([]*user.User, n)
	for i := range all {
		u := newUser(fmt.Sprintf("u%02d@example.com", i%7*10+i))
		u.ExternalID = string(u.ID)
		u.CreatedAt = noon.Add(time.Duration(i/4) * time.Millisecond)
		u.UpdatedAt = noon.Add(time.Duration(i%5) * time.Hour)
		u.FirstName, u.LastName = []string{"", "Ada", "Zoë", "Émile"}[i%4], []string{"", "Öz", "Lee"}[i%3]
		if i%2 == 0 {
			u.LastSignInAt, u.LastActiveAt = noon.Add(time.Duration(i/6)*time.Second), noon.Add(time.Duration(i/8)*24*time.Hour)
			u.PrimaryPhoneNumberID = identify(u, user.KindPhoneNumber, fmt.Sprintf("+4930%07d", i*31%17), i < 17)
		}
		if i%3 == 0 {
			identify(u, user.KindUsername, fmt.Sprintf("name_%d", i*13%40), true)
		}
		all[i] = u
		create(t, s, u)
	}
	return all
}

// pages reads all pages of an order by position and returns the external ids; between,
// unless it is nil, runs after each.
func pages(t *testing.T, s user.Store, q user.Query, between func(page int)) []string {
	t.Helper()
	var got []string
	for n := 0; ; n++ {
		users, err := s.Find(t.Context(), q)
		if err != nil {
			t.Fatalf("Find %s after %v: %v", q.OrderBy, q.After, err)
		}
		for _, u := range users {
			got = append(got, u.ExternalID)
		}
		p, more := q.NextPosition(users)
		if !more {
			return got
		}
		q.After = &p
		if between != nil {
			between(n)
		}
	}
}

// Pages by position give what one page gives, in every order, with ties and unset values.
func findAfterPosition(t *testing.T, s user.Store) {
	crowd(t, s, 26)
	for _, field := range user.OrderFields() {
		for _, order := range []string{field, "-" + field} {
			want := find(t, s, user.Query{OrderBy: order})
			if got := pages(t, s, user.Query{OrderBy: order, Limit: 4}, nil); !slices.Equal(got, want) {
				t.Errorf("order by %s: pages give\n%v, want\n%v", order, got, want)
			}
			// A filter that selects few goes another way.
			q := user.Query{OrderBy: order, Text: "example.com", Limit: 500}
			want = find(t, s, q)
			q.Limit = 5
			if got := pages(t, s, q, nil); len(want) != 26 || !slices.Equal(got, want) {
				t.Errorf("order by %s with a text: pages give\n%v, want\n%v", order, got, want)
			}
		}
	}
}

// Whoever is there from the first page to the last is met exactly once, whoever else
// comes and goes between pages, the user that a page ended with included.
func findUnderWrites(t *testing.T, s user.Store) {
	for _, order := range []string{"created_at", "-created_at", "email_address", "-first_name", "username"} {
		crowd := crowd(t, s, 26)
		stay := map[string]int{}
		for i, u := range crowd {
			if i%3 != 0 {
				stay[u.ExternalID] = 0
			}
		}
		met := pages(t, s, user.Query{OrderBy: order, Limit: 3}, func(page int) {
			if 3*page < len(crowd) { // goes
				if err := s.Delete(t.Context(), crowd[3*page].ID); err != nil {
					t.Fatal(err)
				}
			}
			if page < 20 { // comes, before and behind the place
				u := newUser(fmt.Sprintf("new%d@example.org", page))
				u.ExternalID = string(u.ID)
				u.CreatedAt = noon.Add(time.Duration(page%9) * time.Millisecond)
				create(t, s, u)
			}
		})
		for _, id := range met {
			if _, ok := stay[id]; ok {
				stay[id]++
			}
		}
		for id, n := range stay {
			if n != 1 {
				t.Errorf("order by %s: %s was met %d times, want once", order, id, n)
			}
		}
		for { // the next order begins with nobody
			left, err := s.Find(t.Context(), user.Query{OrderBy: "created_at", Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			if len(left) == 0 {
				break
			}
			for _, u := range left {
				if err := s.Delete(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// What is searched is what is stored: after changes, deletions and rollbacks.
func findTextFollowsChanges(t *testing.T, s user.Store) {
	u, other := newUser("before@example.com"), newUser("other@example.com")
	u.ExternalID, other.ExternalID = "u", "other"
	u.FirstName = "Wilhelmina"
	create(t, s, u, other)
	want := func(text string, names ...string) {
		t.Helper()
		if got := find(t, s, user.Query{Text: text}); !slices.Equal(got, append([]string{}, names...)) {
			t.Errorf("Find(%q) = %v, want %v", text, got, names)
		}
	}
	want("before@", "u")
	change := func(id user.ID, edit func(*user.User)) error {
		_, err := s.Update(t.Context(), id, func(u *user.User) ([]user.Event, error) { edit(u); return nil, nil })
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(change(u.ID, func(u *user.User) {
		u.Identifications[0].Value, u.Identifications[0].Key = "after@example.com", "after@example.com"
		u.FirstName = "Mina"
	}))
	want("before@")
	want("after@", "u")
	want("helmina")
	if err := change(u.ID, func(u *user.User) {
		u.Identifications[0].Value, u.Identifications[0].Key = "other@example.com", "other@example.com"
		u.LastName = "Rolledback"
	}); err == nil {
		t.Error("an address was taken twice")
	}
	want("rolledback")
	want("other@", "other")
	must(s.Delete(t.Context(), u.ID))
	want("after@")
	if got := pages(t, s, user.Query{OrderBy: "email_address", Limit: 1}, nil); !slices.Equal(got, []string{"other"}) {
		t.Errorf("by address: %v", got)
	}
}

// A filter that most users match is not read by its index: the pages are the same.
func findAmongMany(t *testing.T, s user.Store) {
	const n = 1100
	all := make([]*user.User, n)
	for i := range all {
		u := newUser(fmt.Sprintf("many%04d@example.com", i))
		u.ExternalID = fmt.Sprintf("%04d", i)
		u.CreatedAt = noon.Add(time.Duration(i) * time.Second)
		u.LastSignInAt = noon.Add(time.Duration(i) * time.Minute)
		u.Banned = i >= 1000
		all[i] = u
	}
	for part := range slices.Chunk(all, user.MaxBatch) {
		createMany(t, s, part)
	}
	yes, no := true, false
	for name, test := range map[string]struct {
		q           user.Query
		count       int
		first, next string
	}{
		"text":         {user.Query{Text: "many"}, n, "1099", "1098"},
		"rare text":    {user.Query{Text: "many0042"}, 1, "0042", ""},
		"time":         {user.Query{LastSignInAt: user.TimeRange{Before: noon.Add(2000 * time.Minute)}}, n - 1 + 1, "1099", "1098"},
		"rare time":    {user.Query{LastSignInAt: user.TimeRange{Before: noon.Add(2 * time.Minute)}}, 2, "0001", "0000"},
		"banned":       {user.Query{Banned: &yes}, 100, "1099", "1098"},
		"not banned":   {user.Query{Banned: &no}, 1000, "0999", "0998"},
		"two":          {user.Query{Text: "many", Banned: &no}, 1000, "0999", "0998"},
		"none of both": {user.Query{Text: "many0042", Banned: &yes}, 0, "", ""},
	} {
		q := test.q
		q.OrderBy, q.Limit = "-created_at", 2
		got := append(find(t, s, q), "", "")[:2]
		if got[0] != test.first || got[1] != test.next {
			t.Errorf("%s: Find = %v, want %s, %s", name, got, test.first, test.next)
		}
		if count, err := s.Count(t.Context(), test.q); err != nil || count != test.count {
			t.Errorf("%s: Count = %d, %v; want %d", name, count, err, test.count)
		}
	}
}
