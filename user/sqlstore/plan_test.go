package sqlstore_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/people"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// populate stores n users made of seed 1.
func populate(t testing.TB, s *sqlstore.Store, n int) []*user.User {
	t.Helper()
	maker := people.New(1)
	all := make([]*user.User, 0, n)
	for len(all) < n {
		batch := make([]*user.User, min(user.MaxBatch, n-len(all)))
		events := make([]user.Event, len(batch))
		for i := range batch {
			batch[i] = maker.User()
			events[i] = user.Event{ID: "evt_" + string(batch[i].ID), Type: user.EventCreated, UserID: batch[i].ID, At: batch[i].CreatedAt}
		}
		refused, err := s.CreateMany(t.Context(), batch, events)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range refused {
			if err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, batch...)
	}
	return all
}

// access is a way to ask for users that has to go by an index, whatever the size of the
// table.
type access struct {
	name   string
	q      user.Query
	sqlite string // what the plan has to go by in SQLite
	post   string // and in PostgreSQL
}

// accesses returns every order and filter. last is a user, and early a time that few were
// seen before.
func accesses(last *user.User, early time.Time) []access {
	yes := true
	all := []access{
		{"id", user.Query{IDs: []user.ID{last.ID}}, "sqlite_autoindex_users_1", "users_pkey"},
		{"external id", user.Query{ExternalIDs: []string{"legacy-7"}}, "users_external_id", "users_external_id"},
		{"e-mail address", user.Query{EmailAddresses: []string{people.Address(9)}}, "identifications_key", "identifications_key"},
		{"username", user.Query{Usernames: []string{"fox_1"}}, "identifications_key", "identifications_key"},
		{"phone number", user.Query{PhoneNumbers: []string{"+4915110000001"}}, "identifications_key", "identifications_key"},
		{"banned", user.Query{Banned: &yes}, "users_banned", "users_banned"},
		{"created before", user.Query{CreatedAt: user.TimeRange{Before: people.Start.Add(5 * time.Minute)}}, "users_created_at", "users_created_at"},
		{"created before, by name", user.Query{CreatedAt: user.TimeRange{Before: people.Start.Add(5 * time.Minute)}, OrderBy: "last_name"}, "users_created_at", "users_created_at"},
		{"active before", user.Query{LastActiveAt: user.TimeRange{Before: early}}, "users_last_active_at", "users_last_active_at"},
		{"signed in before", user.Query{LastSignInAt: user.TimeRange{Before: early}}, "users_last_sign_in_at", "users_last_sign_in_at"},
		{"text", user.Query{Text: "person.77@"}, "VIRTUAL TABLE", "user_search_trigrams"},
		{"start of an address", user.Query{EmailAddressText: "person.123@"}, "VIRTUAL TABLE", "user_search_trigrams"},
		{"number text", user.Query{PhoneNumberText: "10000042"}, "VIRTUAL TABLE", "user_search_trigrams"},
		{"username text", user.Query{UsernameText: "lynx_4"}, "VIRTUAL TABLE", "user_search_trigrams"},
		{"name text", user.Query{NameText: "radia turi"}, "VIRTUAL TABLE", "user_search_trigrams"},
		{"a long and a short text", user.Query{NameText: "radia turi", UsernameText: "ly"}, "VIRTUAL TABLE", "user_search_trigrams"},
	}
	for field, index := range map[string]string{
		"created_at": "users_created_at", "updated_at": "users_updated_at", "last_active_at": "users_last_active_at",
		"last_sign_in_at": "users_last_sign_in_at", "first_name": "users_first_name", "last_name": "users_last_name",
		"email_address": "user_search_email_address", "phone_number": "user_search_phone_number", "username": "user_search_username",
		"web3wallet": "users_pkey",
	} {
		sqlite := strings.Replace(index, "users_pkey", "sqlite_autoindex_users_1", 1)
		for _, order := range []string{field, "-" + field} {
			p := user.PositionOf(last, order)
			all = append(all, access{"order " + order, user.Query{OrderBy: order}, sqlite, index},
				access{"order " + order + " after a place", user.Query{OrderBy: order, After: &p}, sqlite, index})
		}
	}
	return all
}

// fullScan is a step that reads a whole table without an index.
var fullScan = regexp.MustCompile(`(?m)^(SCAN (u|s|x|f|i|users|user_search|identifications)$|.*Seq Scan on )`)

// Every order and filter that has an index goes by it: asked of the database, not of a clock.
func TestPlans(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		testPlans(t, openSQLite(t), func(a access) string { return a.sqlite }, explainSQLite)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		testPlans(t, open(t, testservers.Postgres(t)), func(a access) string { return a.post }, explainPostgres)
	})
}

func testPlans(t *testing.T, s *sqlstore.Store, index func(access) string, explain func(*testing.T, *sql.DB, string, []any) string) {
	users := populate(t, s, 400)
	if _, err := s.DB().ExecContext(t.Context(), "analyze"); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, a access, query string, args []any) {
		plan := explain(t, s.DB(), query, args)
		if fullScan.MatchString(plan) || !strings.Contains(plan, index(a)) {
			t.Errorf("does not go by %s:\n%s\n%s", index(a), query, plan)
		}
	}
	for _, a := range accesses(users[200], people.Start.Add(400*time.Minute)) {
		t.Run(a.name, func(t *testing.T) {
			q := a.q
			q.Limit = 10
			if q.OrderBy == "" {
				q.OrderBy = "-created_at"
			}
			query, args, err := s.FindQuery(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			check(t, a, query, args)
			if a.q.OrderBy != "" {
				return
			}
			query, args = s.CountQuery(a.q)
			check(t, a, query, args)
		})
	}
}

func explainSQLite(t *testing.T, db *sql.DB, query string, args []any) string {
	rows, err := db.QueryContext(t.Context(), "explain query plan "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, detail)
	}
	return plan.String()
}

// explainPostgres asks with full scans at a high price: in a table this small they would
// be right, and with it they remain only where no index will do.
func explainPostgres(t *testing.T, db *sql.DB, query string, args []any) string {
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), "set local enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(query, "s.username like") {
		// Among so few users it is as cheap to read the whole index that orders usernames.
		if _, err := tx.ExecContext(t.Context(), "drop index user_search_username"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := tx.QueryContext(t.Context(), "explain "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, line)
	}
	return plan.String()
}

// Where the extension is refused the server starts all the same, and finds what it looks for.
func TestWithoutTrigrams(t *testing.T) {
	url := testservers.Postgres(t)
	admin, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := "without_" + strings.ToLower(fmt.Sprint(time.Now().UnixNano()))
	for _, statement := range []string{
		`create role ` + name + ` login`, `create schema authorization ` + name,
	} {
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, statement := range []string{`drop owned by ` + name + ` cascade`, `drop role ` + name} {
			_, _ = admin.Exec(statement)
		}
	})
	s := open(t, regexp.MustCompile(`//[^@/]*@?`).ReplaceAllString(url, "//"+name+"@"))
	users := populate(t, s, 20)
	found, err := s.Find(t.Context(), user.Query{Text: "person.7@", OrderBy: "created_at", Limit: 10})
	if err != nil || len(found) != 1 || found[0].ID != users[7].ID {
		t.Errorf("Find = %v, %v", found, err)
	}
	if indexed, err := s.SearchIndexed(t.Context()); err != nil || indexed {
		t.Errorf("SearchIndexed = %v, %v; want false", indexed, err)
	}
	if indexed, err := open(t, testservers.Postgres(t)).SearchIndexed(t.Context()); err != nil || !indexed {
		t.Errorf("SearchIndexed with the extension = %v, %v; want true", indexed, err)
	}
}
