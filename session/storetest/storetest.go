// Package storetest is the contract of the stores that package session declares.
// A backend passes it by calling each Run function with a function that returns an
// empty store:
//
//	func TestSessions(t *testing.T) {
//		storetest.RunSessions(t, func(t *testing.T) session.SessionStore { return open(t) })
//	}
//
// What the suites ask beyond the words of the interfaces: times are kept in whole
// milliseconds, rounded down; malformed ids are ErrNotFound where something is read
// or changed and no error where something is deleted; creating what exists is
// ErrConflict; a caller that gave up gets context.Canceled.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// base is when the tests happen: not now, because only the caller's clock counts.
var base = time.Date(2031, time.March, 9, 12, 0, 0, int(250*time.Millisecond), time.UTC)

// farAway are clocks that no backend has.
var farAway = map[string]time.Time{
	"long ago": time.Date(1999, time.January, 1, 0, 0, 0, 0, time.UTC),
	"far off":  time.Date(2099, time.January, 1, 0, 0, 0, 0, time.UTC),
}

// hostile are texts that must not reach a key, a pattern or a query as more than text.
var hostile = []string{
	"", "*", "?", "[a-z]", "{x}", "a\r\nDEL b\r\n", "a b", "a\x00b", "\xff\xfe", "' or 1=1 --", "../..", "é",
	strings.Repeat("a", 7000),
}

const second = time.Second

// ms is t as a store keeps it.
func ms(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func newUserID() string             { return random.ID("user", base) }
func newClientID() session.ClientID { return session.ClientID(random.ID("client", base)) }
func newAttemptID() string          { return random.ID("sia", base) }

// newToken returns what the hash of a cookie looks like.
func newToken() string { return random.Token() }

// malformed returns texts that are no id with the prefix.
func malformed(prefix string) []string {
	ids := slices.Clone(hostile)
	for _, h := range hostile {
		ids = append(ids, prefix+"_"+h+"!")
	}
	return append(ids, prefix, prefix+"_", prefix+"__", "other"+prefix+"_1", strings.ToUpper(prefix)+"_1")
}

// parallel runs fn n times at once and returns the errors by index.
func parallel(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// cancelled returns a context whose caller gave up.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// gaveUp checks the errors that methods returned for a cancelled context.
func gaveUp(t *testing.T, errs map[string]error) {
	t.Helper()
	for method, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context = %v, want context.Canceled", method, err)
		}
		if errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s with a cancelled context = %v, which blames the store", method, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s =\n%s\nwant\n%s", what, show(got), show(want))
	}
}

func show(v any) string { return fmt.Sprintf("%+v", v) }

func short(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return fmt.Sprintf("%q", s)
}
