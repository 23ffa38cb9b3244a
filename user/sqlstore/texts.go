package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// trigram is how many characters the index of substrings needs: shorter texts are
// looked for in one user after the other.
const trigram = 3

// texts are the filters for substrings, all of which have to match.
type texts struct {
	sqlite bool
	groups [][]term // one term of each group has to match
}

// term is a text in lower case and the columns of user_search of which one has to hold it.
type term struct {
	columns []string
	text    string
}

// newTexts returns nil if q looks for no substring.
func newTexts(q user.Query, dialect string) *texts {
	t := &texts{sqlite: dialect == "sqlite"}
	if q.Text != "" {
		text := strings.ToLower(q.Text)
		group := []term{{[]string{"name", "email_addresses", "phone_numbers", "username"}, text}}
		id := idText(text)
		if id == text || utf8.RuneCountInString(id) >= trigram {
			group = append(group, term{[]string{"id_text"}, id})
		}
		t.groups = append(t.groups, group)
	}
	for _, f := range []struct{ column, text string }{
		{"name", q.NameText}, {"email_addresses", q.EmailAddressText}, {"phone_numbers", q.PhoneNumberText}, {"username", q.UsernameText},
	} {
		if f.text != "" {
			t.groups = append(t.groups, []term{{[]string{f.column}, strings.ToLower(f.text)}})
		}
	}
	if len(t.groups) == 0 {
		return nil
	}
	return t
}

func indexable(group []term) bool {
	for _, t := range group {
		if utf8.RuneCountInString(t.text) < trigram {
			return false
		}
	}
	return true
}

func (t *texts) indexed() bool {
	for _, group := range t.groups {
		if indexable(group) {
			return true
		}
	}
	return false
}

func (t *texts) found(c *conditions) string {
	if !t.sqlite {
		return `select s.user_id as id from user_search s where ` + t.like(c, `s`, t.groups)
	}
	var match []string
	var short [][]term
	for _, group := range t.groups {
		if indexable(group) {
			match = append(match, `(`+matchExpression(group)+`)`)
		} else {
			short = append(short, group)
		}
	}
	query := `select s.user_id as id from user_search_trigrams cross join user_search s
		where user_search_trigrams match ` + c.arg(strings.Join(match, " AND ")) + ` and s.seq = user_search_trigrams.rowid`
	if len(short) > 0 {
		query += ` and ` + t.like(c, `s`, short)
	}
	return query
}

// matchExpression is what the full-text index of SQLite understands. A phrase of
// trigrams is a substring. Within quotes nothing is special but a quote (I-08).
func matchExpression(group []term) string {
	terms := make([]string, len(group))
	for n, t := range group {
		terms[n] = `({` + strings.Join(t.columns, " ") + `} : "` + strings.ReplaceAll(t.text, `"`, `""`) + `")`
	}
	return strings.Join(terms, " OR ")
}

// like compares the columns of user_search, under the given alias, one by one.
func (t *texts) like(c *conditions, alias string, groups [][]term) string {
	all := make([]string, len(groups))
	for n, group := range groups {
		var any []string
		for _, term := range group {
			pattern := c.arg(contains(term.text))
			for _, column := range term.columns {
				any = append(any, alias+`.`+column+` like `+pattern+` escape '!'`)
			}
		}
		all[n] = `(` + strings.Join(any, ` or `) + `)`
	}
	return strings.Join(all, ` and `)
}

func (t *texts) check(c *conditions, _ order) { t.plain(c) }

func (t *texts) plain(c *conditions) {
	c.all = append(c.all, `exists (select 1 from user_search x where x.user_id = u.id and `+t.like(c, `x`, t.groups)+`)`)
}

const selectSearchIndex = `select count(*) from pg_indexes where indexname = 'user_search_trigrams' and schemaname = any (current_schemas(false))`

// SearchIndexed reports whether substrings are found by an index. They are not in a
// PostgreSQL whose extension pg_trgm was missing, or refused to this role, when the tables
// were made: searches for them read every user then.
func (s *Store) SearchIndexed(ctx context.Context) (bool, error) {
	if s.db.Dialect.Name == "sqlite" {
		return true, nil
	}
	var n int
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, selectSearchIndex).Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("look for the index of substrings: %w", err)
	}
	return n > 0, nil
}
