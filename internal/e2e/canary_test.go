package e2e_test

import (
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"
)

const privateCanary = "canary-private-metadata-plugh"

// canary is a secret and the places that may hold it.
type canary struct {
	what, text string
	// may says whether a place, such as "answer GET /v1/me body" or "table users",
	// may hold it.
	may func(place string) bool
}

func nowhere(string) bool { return false }

func within(prefixes ...string) func(string) bool {
	return func(place string) bool {
		for _, prefix := range prefixes {
			if strings.HasPrefix(place, prefix) {
				return true
			}
		}
		return false
	}
}

type canaries struct{ all []canary }

// newCanaries starts with what is secret from the beginning.
func newCanaries(s *stack, password string) *canaries {
	return &canaries{all: []canary{
		{"private metadata", privateCanary, within("answer backend", "table users", "table user_events")}, // until it is told to webhooks
		{"password", password, nowhere},
		{"secret key", string(s.server.SecretKey()), nowhere},
	}}
}

// cookie adds what is secret of the browser's __client, the rest of which names its client:
// it travels in Set-Cookie and lies nowhere.
func (c *canaries) cookie(b *browser) {
	if secret, _, _ := strings.Cut(b.cookie("__client"), "."); secret != "" {
		c.all = append(c.all, canary{"client cookie", secret, func(place string) bool {
			return strings.HasPrefix(place, "answer frontend") && strings.HasSuffix(place, "header")
		}})
	}
}

// token adds a session token: browsers get it from the Frontend API and from renewals.
func (c *canaries) token(jwt string) {
	if jwt != "" {
		c.all = append(c.all, canary{"session token", jwt, within("answer frontend", "answer app GET /api/me header")})
	}
}

// code adds a one-time code: it lies in one mail. Six digits turn up by chance, so it
// is looked for between quotes and tag ends, as a value.
func (c *canaries) code(code string) {
	for _, form := range []string{`"` + code + `"`, ">" + code + "<", "=" + code} {
		c.all = append(c.all, canary{"code", form, within("mail")})
	}
}

// lookForCanaries searches everything that the server said and kept.
func lookForCanaries(t *testing.T, s *stack, all []canary) {
	t.Helper()
	kept := places(t, s)
	for _, found := range search(all, kept) {
		t.Error(found)
	}
	// The search itself is worth nothing if it finds nothing: each secret, leaked on
	// purpose into the log, must be seen.
	for _, c := range all {
		leaked := map[string]string{"log": kept["log"] + `{"msg":"x","leak":` + c.text + `}`}
		if len(search([]canary{c}, leaked)) == 0 && !c.may("log") {
			t.Errorf("a leak of the %s into the log was not seen", c.what)
		}
	}
	for _, place := range []string{"log", "mail", "table users", "answer frontend GET /v1/me body"} {
		if kept[place] == "" {
			t.Errorf("nothing was kept of %q: the search saw too little", place)
		}
	}
}

// search returns where canaries are that may not be there, in plain text or encoded.
func search(all []canary, kept map[string]string) []string {
	var found []string
	for _, c := range all {
		forms := []string{c.text, base64.StdEncoding.EncodeToString([]byte(c.text)), base64.RawURLEncoding.EncodeToString([]byte(c.text)), hex.EncodeToString([]byte(c.text))}
		for place, text := range kept {
			if c.may(place) {
				continue
			}
			for _, form := range forms {
				if at := strings.Index(text, form); at >= 0 {
					found = append(found, fmt.Sprintf("%s in %s: …%q…", c.what, place, text[max(0, at-60):min(len(text), at+len(form)+20)]))
					break
				}
			}
		}
	}
	return found
}

// places is everything that was said and kept, by place.
func places(t *testing.T, s *stack) map[string]string {
	t.Helper()
	kept := map[string]string{"log": s.log.String()}
	for _, m := range s.mails.all {
		kept["mail"] += fmt.Sprintf("%+v\n", m)
	}
	for _, a := range s.answers.all {
		area := "app"
		switch {
		case strings.HasPrefix(a.path, "/api/v1"):
			area = "backend"
		case strings.HasPrefix(a.path, "/v1"):
			area = "frontend"
		}
		place := "answer " + area + " " + a.method + " " + a.path
		kept[place+" body"] += a.body + "\n"
		kept[place+" header"] += a.header + "\n"
	}
	dumpSQL(t, s.database, kept)
	if s.redis != "" {
		dumpRedis(t, s, kept)
	}
	return kept
}

// dumpSQL adds every row of every table.
func dumpSQL(t *testing.T, url string, kept map[string]string) {
	t.Helper()
	driver, names := "pgx", "select table_name from information_schema.tables where table_schema = 'public'"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, names, url = "sqlite", "select name from sqlite_master where type = 'table'", path
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range column(t, db, names) {
		rows, err := db.QueryContext(t.Context(), "select * from "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if b, ok := v.([]byte); ok {
					values[i] = string(b)
				}
				kept["table "+table] += fmt.Sprintf("%s=%v ", columns[i], values[i])
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil || len(names) == 0 {
		t.Fatalf("tables = %v, %v", names, err)
	}
	return names
}

// dumpRedis adds every key below the prefix with its value, and asks each for a life
// (D-03).
func dumpRedis(t *testing.T, s *stack, kept map[string]string) {
	t.Helper()
	options, err := redis.ParseURL(s.redis)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	keys := client.Scan(t.Context(), 0, s.prefix+"*", 1000).Iterator()
	count := 0
	for keys.Next(t.Context()) {
		key := keys.Val()
		count++
		if ttl := client.TTL(t.Context(), key).Val(); ttl <= 0 {
			t.Errorf("D-03: %s has no life: TTL %v", key, ttl)
		}
		var value any
		switch kind := client.Type(t.Context(), key).Val(); kind {
		case "string":
			value = client.Get(t.Context(), key).Val()
		case "hash":
			value = client.HGetAll(t.Context(), key).Val()
		case "set":
			value = client.SMembers(t.Context(), key).Val()
		case "zset":
			value = client.ZRangeWithScores(t.Context(), key, 0, -1).Val()
		case "list":
			value = client.LRange(t.Context(), key, 0, -1).Val()
		case "stream":
			value = client.XRange(t.Context(), key, "-", "+").Val()
		default:
			t.Errorf("%s is a %s, which this test cannot read", key, kind)
		}
		kept["redis"] += fmt.Sprintf("%s=%v\n", key, value)
	}
	if err := keys.Err(); err != nil || count == 0 {
		t.Errorf("Redis holds %d keys, %v", count, err)
	}
}

// The transport of the story is the one that everything goes through.
var _ http.RoundTripper = (*answers)(nil)
