package redisstore_test

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
	"github.com/gatehouse-dev/gatehouse/session/storetest"
)

// server is a user of the test's Redis that may do no more than the package's
// comment says, on keys under its prefix only (D-01).
type server struct {
	*redisstore.Store
	prefix string
	url    string        // with the user's name
	admin  *redis.Client // may do everything
	client redis.UniversalClient
}

func newServer(t testing.TB) *server {
	t.Helper()
	rawURL, prefix := testservers.Redis(t)
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{prefix: prefix, admin: redis.NewClient(options)}
	t.Cleanup(func() { s.admin.Close() })
	acl := []any{"ACL", "SETUSER", prefix, "on", ">secret"}
	for _, rule := range documentedACL(t) {
		acl = append(acl, strings.ReplaceAll(rule, "gatehouse:", prefix+":"))
	}
	if err := s.admin.Do(t.Context(), acl...).Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.admin.Do(context.Background(), "ACL", "DELUSER", prefix) })
	s.url = strings.Replace(rawURL, "redis://", "redis://"+prefix+":secret@", 1)
	return s
}

// documentedACL returns the rules of the package's comment.
func documentedACL(t testing.TB) []string {
	t.Helper()
	source, err := os.ReadFile("redisstore.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, ok := strings.Cut(string(source), "ACL SETUSER gatehouse on >… ")
	rules, _, end := strings.Cut(rules, "\n")
	if !ok || !end {
		t.Fatal("the package's comment has no ACL")
	}
	return strings.Fields(rules)
}

// open returns a store on an empty key space. When the test ends, every key has a
// TTL (D-03), and every command has kept to one slot (D-04 on Cluster).
func open(t testing.TB) *server {
	t.Helper()
	s := newServer(t)
	universal, err := redisstore.ParseURL(s.url, false)
	if err != nil {
		t.Fatal(err)
	}
	s.client = redis.NewUniversalClient(universal)
	s.client.AddHook(oneSlot{t})
	if s.Store, err = redisstore.New(s.client, s.prefix); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		everyKeyHasTTL(t, s)
		keysAreNamedAsDocumented(t, s)
		s.Close()
	})
	return s
}

// keys returns all keys of the store.
func (s *server) keys(t testing.TB) []string {
	t.Helper()
	var keys []string
	scan := s.admin.Scan(context.Background(), 0, s.prefix+"*", 1000).Iterator()
	for scan.Next(context.Background()) {
		keys = append(keys, scan.Val())
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// D-03.
func everyKeyHasTTL(t testing.TB, s *server) {
	t.Helper()
	for _, key := range s.keys(t) {
		left, err := s.admin.PTTL(context.Background(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if left <= 0 {
			t.Errorf("key %s has no TTL (%d)", strings.TrimPrefix(key, s.prefix), left)
		}
	}
}

// oneSlot is a hook that looks at the keys of every command.
type oneSlot struct{ t testing.TB }

func (h oneSlot) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h oneSlot) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.check(cmd)
		return next(ctx, cmd)
	}
}

func (h oneSlot) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			h.check(cmd)
		}
		return next(ctx, cmds)
	}
}

func (h oneSlot) check(cmd redis.Cmder) {
	slots := map[uint16]bool{}
	keys := keysOf(cmd)
	for _, key := range keys {
		slots[slot(key)] = true
	}
	if len(slots) > 1 {
		h.t.Errorf("%s touches %d slots: %q", cmd.Name(), len(slots), keys)
	}
}

// keysOf returns the keys of the commands that the store uses.
func keysOf(cmd redis.Cmder) []string {
	args := cmd.Args()
	text := func(i int) string { s, _ := args[i].(string); return s }
	switch cmd.Name() {
	case "evalsha", "eval":
		n, _ := args[2].(int)
		var keys []string
		for i := range n {
			keys = append(keys, text(3+i))
		}
		return keys
	case "del":
		var keys []string
		for i := range args[1:] {
			keys = append(keys, text(1+i))
		}
		return keys
	case "hello", "ping", "client", "select", "auth", "info", "config":
		return nil
	}
	return []string{text(1)}
}

// slot is the slot of a key on Redis Cluster: CRC-16/XMODEM of its hash tag.
func slot(key string) uint16 {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			key = tag
		}
	}
	return crc16(key) % 16384
}

func crc16(s string) uint16 {
	var crc uint16
	for _, c := range []byte(s) {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

func TestSlotOfPublishedExamples(t *testing.T) {
	if got := crc16("123456789"); got != 0x31c3 { // the Cluster specification, appendix A
		t.Errorf("crc16 = %#x", got)
	}
	if slot("{user1000}.following") != slot("{user1000}.followers") || slot("foo{}{bar}") != crc16("foo{}{bar}")%16384 {
		t.Error("hash tags are not read as the specification says")
	}
}

func TestClients(t *testing.T) {
	storetest.RunClients(t, func(t *testing.T) session.ClientStore { return open(t) })
}

func TestSessions(t *testing.T) {
	storetest.RunSessions(t, func(t *testing.T) storetest.SessionStore { return open(t) })
}

func TestAttempts(t *testing.T) {
	storetest.RunAttempts(t, func(t *testing.T) session.AttemptStore { return open(t) })
}

func TestLimits(t *testing.T) {
	storetest.RunLimits(t, func(t *testing.T) session.LimitStore { return open(t) })
}

func TestRevocations(t *testing.T) {
	storetest.RunRevocations(t, func(t *testing.T) session.RevocationStore { return open(t) })
}
