// Package audit keeps the log of security events: who did what to whom, when and from
// where (L-04).
//
// [Log.Write] appends, [Log.Find] reads pages newest first, [Log.Sweep] blanks addresses
// and user agents after 90 days and removes entries at the end of their life (L-06).
// Nothing else changes an entry. What is behind an entry comes from the context, see
// package origin. Entries hold ids, never addresses of people, codes, tokens or
// passwords (L-01).
//
// Not everything is written here by whoever causes it: changes of users and sessions are
// recorded with the change itself, in the outbox and as intents, and become entries within a second.
// An entry made of such a record has the record's id ([DerivedID]), so that it is
// written once however often the record is handled.
package audit

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

//go:embed schema
var schema embed.FS

// Entry is one security event.
type Entry struct {
	ID      string // "aud_…"; "" makes one
	Type    Type
	At      time.Time     // zero means now
	Origin  origin.Origin // zero means that of the context
	Subject string        // the id of what it is about: a user's where there is one
	Details Details       // nil means none
}

// Details say more about an entry: ids, names of strategies, numbers.
type Details map[string]any

// DerivedID is the id of the nth entry made of a record with an id of its own.
func DerivedID(record string, n int) string {
	_, body, _ := strings.Cut(record, "_")
	return fmt.Sprintf("aud_%s%02d", body, n)
}

// Config sets up a Log.
type Config struct {
	DB   *sqldb.DB        // required
	Keep time.Duration    // life of an entry; 0 means 365 days
	Now  func() time.Time // nil means time.Now
}

// KeepAddresses is how long an entry says from where something was done.
const KeepAddresses = 90 * 24 * time.Hour

// Log is the audit log of an instance. It is safe for concurrent use.
type Log struct {
	db   *sqldb.DB
	keep time.Duration
	now  func() time.Time
}

// Open returns the log on a database and brings its table up to date.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	if cfg.Keep == 0 {
		cfg.Keep = 365 * 24 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.DB.Migrate(ctx, "audit", schema); err != nil {
		return nil, err
	}
	return &Log{db: cfg.DB, keep: cfg.Keep, now: cfg.Now}, nil
}

const (
	entryColumns = `id, type, at, actor_kind, actor_id, impersonator, subject, address, user_agent, trace_id, details`
	columnCount  = 11
)

// Write appends entries, up to 500 in a statement: what fails may have written some. One whose
// id is there already is passed over, so trying again is safe for those with ids.
func (l *Log) Write(ctx context.Context, entries ...Entry) error {
	for some := range slices.Chunk(entries, writeAtOnce) {
		if err := l.write(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// writeAtOnce bounds the entries of one statement, whose parameters databases bound: SQLite
// takes 32,766 and PostgreSQL 65,535.
const writeAtOnce = 500

func (l *Log) write(ctx context.Context, entries []Entry) error {
	var query strings.Builder
	query.WriteString(`insert into audit_log (` + entryColumns + `) values `)
	args := make([]any, 0, columnCount*len(entries))
	for n, e := range entries {
		if n > 0 {
			query.WriteByte(',')
		}
		query.WriteByte('(')
		for c := range columnCount {
			if c > 0 {
				query.WriteByte(',')
			}
			fmt.Fprintf(&query, "$%d", len(args)+c+1)
		}
		query.WriteByte(')')
		row, err := l.row(ctx, e)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		args = append(args, row...)
	}
	query.WriteString(` on conflict (id) do nothing`)
	err := l.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, query.String(), args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// row completes an entry and returns it in the order of entryColumns.
func (l *Log) row(ctx context.Context, e Entry) ([]any, error) {
	if e.At.IsZero() {
		e.At = l.now()
	}
	if e.ID == "" {
		e.ID = random.ID("aud", e.At)
	}
	o := e.Origin
	if o.Kind == "" {
		o = origin.From(ctx)
	}
	if o.Kind == origin.KindUser && o.ID == "" && random.ValidID("user", e.Subject) {
		o.ID = e.Subject
	}
	details := []byte("{}")
	if len(e.Details) > 0 {
		var err error
		if details, err = json.Marshal(e.Details); err != nil {
			return nil, fmt.Errorf("details of %s: %w", e.Type, err)
		}
	}
	return []any{
		e.ID, string(e.Type), sqldb.Millis(e.At), string(o.Kind), o.ID, o.Impersonator,
		e.Subject, o.Address, o.UserAgent, o.TraceID, string(details),
	}, nil
}

// batch is how many rows one statement of Sweep changes, so that others write in between.
const batch = 500

const (
	blankAddresses = `
	update audit_log set address = '', user_agent = '' where id in (
		select id from audit_log where at < $1 and (address <> '' or user_agent <> '') limit $2)`
	removeEntries = `delete from audit_log where id in (select id from audit_log where at < $1 limit $2)`
)

// Sweep removes entries whose life is over at now and blanks where the others came from
// once that is 90 days ago.
func (l *Log) Sweep(ctx context.Context, now time.Time) error {
	if err := l.sweep(ctx, removeEntries, now.Add(-l.keep)); err != nil {
		return err
	}
	return l.sweep(ctx, blankAddresses, now.Add(-KeepAddresses))
}

func (l *Log) sweep(ctx context.Context, query string, before time.Time) error {
	for {
		var n int64
		err := l.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
			result, err := q.ExecContext(ctx, query, sqldb.Millis(before), batch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep audit log: %w", err)
		}
		if n < batch {
			return nil
		}
	}
}
