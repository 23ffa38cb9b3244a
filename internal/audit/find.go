package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// Query selects entries. Zero fields select all.
type Query struct {
	Type    string // a type, or the beginning of one and "*": "sign_in.*"
	Actor   string // the id of who did it; "system", "cli", "user" and "secret_key" are kinds
	Subject string
	Address string
	// After and Before bound the time: from After on, and before Before.
	After, Before time.Time
	// StartingAfter is the id of the last entry of the page before. An id that is unknown,
	// or gone by now, selects nothing.
	StartingAfter string
	Limit         int // 0 means 100; 500 at most
}

const (
	defaultLimit = 100
	maxLimit     = 500
)

// Find returns the entries that q selects, newest first. A page neither repeats an entry
// of the one before nor leaves one out, whatever is written meanwhile.
func (l *Log) Find(ctx context.Context, q Query) ([]Entry, error) {
	query, args := q.build()
	entries := []Entry{}
	err := l.db.Read(ctx, func(ctx context.Context, db sqldb.Querier) error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scan(rows)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return entries, nil
}

// build returns the statement and its arguments.
func (q Query) build() (string, []any) {
	var conditions []string
	var args []any
	where := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		conditions = append(conditions, condition)
	}
	if prefix, ok := strings.CutSuffix(q.Type, "*"); ok {
		// Not a range: what sorts between two texts depends on the collation.
		where(`substr(type, 1, ?) = ?`, len(prefix), prefix)
	} else if q.Type != "" {
		where(`type = ?`, q.Type)
	}
	switch origin.Kind(q.Actor) {
	case "":
	case origin.KindUser, origin.KindSecretKey, origin.KindCLI, origin.KindSystem:
		where(`actor_kind = ?`, q.Actor)
	default:
		where(`actor_id = ? and actor_id <> ''`, q.Actor)
	}
	if q.Subject != "" {
		where(`subject = ? and subject <> ''`, q.Subject)
	}
	if q.Address != "" {
		where(`address = ? and address <> ''`, q.Address)
	}
	if !q.After.IsZero() {
		where(`at >= ?`, sqldb.Millis(q.After))
	}
	if !q.Before.IsZero() {
		where(`at < ?`, sqldb.Millis(q.Before))
	}
	if q.StartingAfter != "" {
		where(`(at, id) < (select at, id from audit_log where id = ?)`, q.StartingAfter)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	text := `select ` + entryColumns + ` from audit_log`
	if len(conditions) > 0 {
		text += ` where ` + strings.Join(conditions, ` and `)
	}
	args = append(args, min(limit, maxLimit))
	return text + fmt.Sprintf(` order by at desc, id desc limit $%d`, len(args)), args
}

func scan(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var at int64
	var details string
	o := &e.Origin
	err := row.Scan(&e.ID, &e.Type, &at, &o.Kind, &o.ID, &o.Impersonator, &e.Subject, &o.Address, &o.UserAgent, &o.TraceID, &details)
	if err != nil {
		return Entry{}, err
	}
	e.At = sqldb.Time(at)
	if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
		return Entry{}, fmt.Errorf("details of %s: %w", e.ID, err)
	}
	return e, nil
}
