package redisstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// watch listens to a store until the test ends.
func watch(t *testing.T, s *redisstore.Store) <-chan session.RevocationRecord {
	t.Helper()
	heard, listening, done := make(chan session.RevocationRecord, 100), make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		_ = s.WatchRevocations(ctx, func() { close(listening) }, func(r session.RevocationRecord) { heard <- r })
	}()
	t.Cleanup(func() { stop(); <-done })
	select {
	case <-listening:
	case <-time.After(10 * time.Second):
		t.Fatal("not listening after 10 s")
	}
	return heard
}

func hear(t *testing.T, heard <-chan session.RevocationRecord) session.RevocationRecord {
	t.Helper()
	select {
	case r := <-heard:
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("heard nothing for 10 s")
		panic("unreachable")
	}
}

// S-08: a node that ends sessions and crashes before it has written the log has told
// those who listen.
func TestEndIsAnnouncedBeforeItIsLogged(t *testing.T) {
	s, userID := open(t), newUserID()
	one, other := create(t, s, userID), create(t, s, userID)
	heard := watch(t, s.Store)
	must(t, s.admin.Set(t.Context(), s.LogKey(), "no log can be written", time.Hour).Err())
	_, err := s.Update(t.Context(), one.ID, func(s *session.Session) error { s.Status = session.StatusEnded; return nil })
	if err == nil {
		t.Error("Update did not mind the log")
	}
	if r := hear(t, heard); r.SessionID != one.ID {
		t.Errorf("heard %+v, want the end of %s", r, one.ID)
	}
	if _, err = s.RevokeUser(t.Context(), userID, session.UserRevocation{At: now, KeepUntil: now}); err == nil {
		t.Error("RevokeUser did not mind the log")
	}
	if r := hear(t, heard); r.SessionID != other.ID {
		t.Errorf("heard %+v, want the end of %s", r, other.ID)
	}
	if r := hear(t, heard); r.UserID != userID {
		t.Errorf("heard %+v, want the revocation of %s", r, userID)
	}
}

// D-06: what a stranger publishes is passed over.
func TestStrangersWordsArePassedOver(t *testing.T) {
	s := open(t)
	heard := watch(t, s.Store)
	for _, words := range []string{"", "x", "\xff\xfe", "\x03\x05rev_1"} {
		must(t, s.admin.Publish(t.Context(), s.LogKey(), words).Err())
	}
	want := session.RevocationRecord{ID: "rev_1", UserID: newUserID(), At: now, Cause: "banned"}
	must(t, s.PublishRevocation(t.Context(), want))
	if got := hear(t, heard); got != want {
		t.Errorf("heard %+v, want %+v", got, want)
	}
}

// D-01: a user of Redis who may neither publish nor subscribe writes and reads the log.
func TestLogWithoutRightToPublish(t *testing.T) {
	s := newServer(t)
	must(t, s.admin.Do(t.Context(), "ACL", "SETUSER", s.prefix, "-publish", "-subscribe", "resetchannels").Err())
	store, err := redisstore.Open(t.Context(), redisstore.Config{URL: s.url, Prefix: s.prefix})
	must(t, err)
	defer store.Close()
	must(t, store.PublishRevocation(t.Context(), session.RevocationRecord{ID: "rev_1", UserID: newUserID(), At: now}))
	if got, _, err := store.RevocationsSince(t.Context(), 0); len(got) != 1 || err != nil {
		t.Errorf("RevocationsSince = %v, %v, want the record", got, err)
	}
	err = store.WatchRevocations(t.Context(), func() { t.Error("listening") }, func(session.RevocationRecord) {})
	if err == nil {
		t.Error("WatchRevocations = nil, want an error")
	}
}

// E-04: a watched connection that was cut, and one that hangs, is an error, so that the
// caller looks for another.
func TestWatchNoticesTheEnd(t *testing.T) {
	for name, harm := range map[string][]any{
		"cut":  {"CLIENT", "KILL", "TYPE", "pubsub"},
		"hung": {"CLIENT", "PAUSE", "60000", "ALL"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := startRedis(t)
			admin := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
			defer admin.Close()
			store, err := redisstore.Open(t.Context(), redisstore.Config{URL: "unix://" + socket, Prefix: "p"})
			must(t, err)
			defer store.Close()
			listening, done := make(chan struct{}), make(chan error, 1)
			go func() {
				done <- store.WatchRevocations(t.Context(), func() { close(listening) }, func(session.RevocationRecord) {})
			}()
			<-listening
			must(t, admin.Do(t.Context(), harm...).Err())
			select {
			case err := <-done:
				if !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("WatchRevocations = %v, want ErrUnavailable", err)
				}
			case <-time.After(15 * time.Second):
				t.Error("WatchRevocations goes on")
			}
		})
	}
}

// E-04, C-05: a Cluster's client does not send again what may have been carried out.
func TestScriptsAreSentOnce(t *testing.T) {
	var sent atomic.Int64
	addr := fakeRedis(t, func(command string, conn net.Conn) {
		if strings.EqualFold(command, "evalsha") {
			sent.Add(1)
			conn.Close()
			return
		}
		fmt.Fprint(conn, "-ERR unknown command\r\n")
	})
	client := redis.NewClusterClient(&redis.ClusterOptions{
		DisableIdentity: true,
		ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
			return []redis.ClusterSlot{{Start: 0, End: 16383, Nodes: []redis.ClusterNode{{Addr: addr}}}}, nil
		},
	})
	store, err := redisstore.New(client, "p")
	must(t, err)
	defer store.Close()
	if _, _, err := store.Take(t.Context(), "k", 1, time.Second, now); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Take = %v, want ErrUnavailable", err)
	}
	if n := sent.Load(); n != 1 {
		t.Errorf("the script was sent %d times", n)
	}
}

// fakeRedis hands every command to answer.
func fakeRedis(t *testing.T, answer func(command string, conn net.Conn)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	serve := func(conn net.Conn) {
		defer conn.Close()
		for r := bufio.NewReader(conn); ; {
			words, err := readCommand(r)
			if err != nil {
				return
			}
			answer(words[0], conn)
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// readCommand reads an array of bulk strings.
func readCommand(r *bufio.Reader) ([]string, error) {
	number := func() (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number()
	if err != nil {
		return nil, err
	}
	words := make([]string, n)
	for i := range words {
		size, err := number()
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		words[i] = string(text[:size])
	}
	return words, nil
}
