package redisstore_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

func TestClock(t *testing.T) {
	s := newServer(t)
	store, err := redisstore.New(s.admin, s.prefix)
	must(t, err)
	if at, err := store.Clock(t.Context()); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("Clock = %v, %v", at, err)
	}
	// A user without the right to ask is told so.
	must(t, s.admin.Do(t.Context(), "ACL", "SETUSER", s.prefix, "-time").Err())
	denied, err := redisstore.Open(t.Context(), redisstore.Config{URL: s.url, Prefix: s.prefix})
	must(t, err)
	defer denied.Close()
	if at, err := denied.Clock(t.Context()); err == nil {
		t.Errorf("Clock without the right = %v", at)
	}
}
