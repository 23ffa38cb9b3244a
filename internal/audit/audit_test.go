package audit_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, open func(audit.Config) *audit.Log)) {
	for _, backend := range []struct {
		name string
		url  func(t *testing.T) string
	}{
		{"SQLite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }},
		{"PostgreSQL", func(t *testing.T) string { return testservers.Postgres(t) }},
	} {
		t.Run(backend.name, func(t *testing.T) {
			db, err := sqldb.Open(t.Context(), backend.url(t))
			must(t, err)
			t.Cleanup(func() { db.Close() })
			test(t, func(cfg audit.Config) *audit.Log {
				cfg.DB = db
				l, err := audit.Open(t.Context(), cfg)
				must(t, err)
				return l
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, l *audit.Log, q audit.Query) []audit.Entry {
	t.Helper()
	entries, err := l.Find(t.Context(), q)
	must(t, err)
	return entries
}

const (
	ada = "user_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	bob = "user_2BbCdEfGhIjKlMnOpQrStUvWxYz"
)

// L-04: an entry says what, who, to whom, from where, when and in which request.
func TestWriteAndFind(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(audit.Config) *audit.Log) {
		l := open(audit.Config{Now: func() time.Time { return noon }})
		from := origin.Origin{Kind: origin.KindUser, Address: "192.0.2.1", UserAgent: "curl/8", TraceID: "0123456789abcdef0123456789abcdef"}
		ctx := origin.With(t.Context(), from)
		must(t, l.Write(ctx, audit.Entry{Type: audit.SignInPasswordFailed, Subject: ada, Details: audit.Details{"failures": 3}}))
		must(t, l.Write(t.Context(), audit.Entry{Type: "user.deleted", Subject: bob, At: noon.Add(time.Second)}))
		must(t, l.Write(ctx, audit.Entry{Type: audit.SecretKeyUsed, Origin: origin.Origin{Kind: origin.KindSecretKey, ID: "abcd"}, At: noon.Add(2 * time.Second)}))

		all := find(t, l, audit.Query{})
		if len(all) != 3 {
			t.Fatalf("Find = %+v, want 3", all)
		}
		first := all[2]
		from.ID = ada // people act for themselves
		if first.Type != audit.SignInPasswordFailed || first.Origin != from || first.Subject != ada || !first.At.Equal(noon) ||
			fmt.Sprint(first.Details) != "map[failures:3]" {
			t.Errorf("first = %+v", first)
		}
		if all[1].Origin.Kind != origin.KindSystem {
			t.Errorf("an entry of nobody's is by %q, want the system", all[1].Origin.Kind)
		}

		for _, tc := range []struct {
			name string
			q    audit.Query
			want []audit.Type
		}{
			{"type", audit.Query{Type: "user.deleted"}, []audit.Type{"user.deleted"}},
			{"no part of a type", audit.Query{Type: "user"}, nil},
			{"types", audit.Query{Type: "sign_in.*"}, []audit.Type{audit.SignInPasswordFailed}},
			{"every type", audit.Query{Type: "*"}, []audit.Type{audit.SecretKeyUsed, "user.deleted", audit.SignInPasswordFailed}},
			{"actor", audit.Query{Actor: "abcd"}, []audit.Type{audit.SecretKeyUsed}},
			{"kind of actor", audit.Query{Actor: "system"}, []audit.Type{"user.deleted"}},
			{"subject", audit.Query{Subject: bob}, []audit.Type{"user.deleted"}},
			{"address", audit.Query{Address: "192.0.2.1"}, []audit.Type{audit.SignInPasswordFailed}},
			{"from", audit.Query{After: noon.Add(time.Second)}, []audit.Type{audit.SecretKeyUsed, "user.deleted"}},
			{"before", audit.Query{Before: noon.Add(time.Second)}, []audit.Type{audit.SignInPasswordFailed}},
			{"after an unknown entry", audit.Query{StartingAfter: "aud_unknown"}, nil},
		} {
			var got []audit.Type
			for _, e := range find(t, l, tc.q) {
				got = append(got, e.Type)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			}
		}
	})
}

func TestDerivedEntriesAreWrittenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(audit.Config) *audit.Log) {
		l := open(audit.Config{})
		e := audit.Entry{ID: audit.DerivedID("evt_2AbCdEfGhIjKlMnOpQrStUvWxYz", 0), Type: "user.created", Subject: ada, At: noon}
		must(t, l.Write(t.Context(), e))
		other := e
		other.ID = audit.DerivedID("evt_2AbCdEfGhIjKlMnOpQrStUvWxYz", 1)
		must(t, l.Write(t.Context(), e, other))
		if got := find(t, l, audit.Query{}); len(got) != 2 {
			t.Errorf("Find = %+v, want two", got)
		}
	})
}

// Pages of entries of one moment neither repeat nor miss one while others are written.
func TestPages(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(audit.Config) *audit.Log) {
		l := open(audit.Config{})
		for range 10 {
			must(t, l.Write(t.Context(), audit.Entry{Type: "user.updated", Subject: ada, At: noon}))
		}
		seen := map[string]bool{}
		last := ""
		for range 4 {
			page := find(t, l, audit.Query{Limit: 3, StartingAfter: last})
			for _, e := range page {
				if seen[e.ID] {
					t.Fatalf("%s came twice", e.ID)
				}
				seen[e.ID] = true
				last = e.ID
			}
			must(t, l.Write(t.Context(), audit.Entry{Type: "user.updated", Subject: bob, At: noon.Add(time.Hour)}))
		}
		if len(seen) != 10 {
			t.Errorf("pages held %d entries, want 10", len(seen))
		}
	})
}

// L-06: where somebody was is forgotten after 90 days, the entry at the end of its life.
func TestSweep(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(audit.Config) *audit.Log) {
		l := open(audit.Config{Keep: 200 * 24 * time.Hour})
		from := origin.Origin{Kind: origin.KindUser, ID: ada, Address: "192.0.2.1", UserAgent: "curl/8"}
		const day = 24 * time.Hour
		for n, age := range []time.Duration{0, 89 * day, 91 * day, 201 * day} {
			must(t, l.Write(t.Context(), audit.Entry{Type: audit.Type(fmt.Sprint("t", n)), Origin: from, At: noon.Add(-age)}))
		}
		must(t, l.Sweep(t.Context(), noon))
		got := find(t, l, audit.Query{})
		if len(got) != 3 {
			t.Fatalf("Find = %+v, want three entries", got)
		}
		for n, e := range got {
			blank := e.Origin.Address == "" && e.Origin.UserAgent == ""
			if want := n == 2; blank != want || e.Origin.ID != ada {
				t.Errorf("%s: %+v, want blank %v", e.Type, e.Origin, want)
			}
		}
	})
}

// What many changes at once lead to is more than the parameters of one statement.
func TestManyEntries(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(audit.Config) *audit.Log) {
		l := open(audit.Config{})
		entries := make([]audit.Entry, 6001)
		for n := range entries {
			entries[n] = audit.Entry{ID: fmt.Sprintf("aud_%027d", n), Type: audit.SignInPasswordFailed, Subject: ada, At: noon.Add(time.Duration(n) * time.Second)}
		}
		must(t, l.Write(t.Context(), entries...))
		must(t, l.Write(t.Context(), entries...))
		last := find(t, l, audit.Query{Limit: 2})
		if len(last) != 2 || last[0].ID != entries[6000].ID || last[1].ID != entries[5999].ID {
			t.Errorf("the last are %+v", last)
		}
	})
}
