package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// D-01.
func TestParseURLPlaintext(t *testing.T) {
	for rawURL, refused := range map[string]bool{
		"redis://localhost":                                    false,
		"redis://127.0.0.1:6380/2":                             false,
		"redis://127.9.9.9":                                    false,
		"redis://user:secret@[::1]:6379":                       false,
		"unix:///run/redis.sock":                               false,
		"rediss://redis.example.com":                           false,
		"rediss://a.example.com,b.example.com":                 false,
		"redis://redis.example.com":                            true,
		"redis://redis.example.com:6379/0":                     true,
		"redis://10.0.0.5":                                     true,
		"redis://0.0.0.0":                                      true,
		"redis://127.0.0.1.example.com":                        true,
		"redis://localhost.example.com":                        true,
		"redis://localhost@redis.example.com":                  true,
		"redis://127.0.0.1,redis.example.com":                  true,
		"redis://redis.example.com,127.0.0.1":                  true,
		"redis://127.0.0.1,10.0.0.1?master_name=main":          true,
		"redis://user:secret@redis.example.com?cluster=true":   true,
		"redis://[2001:db8::1]:6379":                           true,
		"redis://user:p@ss@redis.example.com:6379/0":           true,
		"redis://127.0.0.1:6379@redis.example.com,127.0.0.1/0": true,
	} {
		_, err := redisstore.ParseURL(rawURL, false)
		if got := errors.Is(err, redisstore.ErrPlaintext); got != refused || err != nil && !refused {
			t.Errorf("ParseURL(%s) = %v, want refused: %v", rawURL, err, refused)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the password: %v", err)
		}
		if _, err := redisstore.ParseURL(rawURL, true); err != nil {
			t.Errorf("ParseURL(%s) with plain text allowed = %v", rawURL, err)
		}
	}
}

// D-01: nodes that a Cluster or a Sentinel names are held to it, too.
func TestDialerKeepsToThisMachine(t *testing.T) {
	options, err := redisstore.ParseURL("redis://127.0.0.1:1,127.0.0.1:2", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.Dialer(t.Context(), "tcp", "10.0.0.1:6379"); !errors.Is(err, redisstore.ErrPlaintext) {
		t.Errorf("dialling another machine = %v", err)
	}
	if options, err = redisstore.ParseURL("rediss://redis.example.com", false); err != nil || options.TLSConfig == nil || options.TLSConfig.InsecureSkipVerify {
		t.Errorf("rediss:// = %+v, %v; want TLS with a verified name", options, err)
	}
}

func TestParseURL(t *testing.T) {
	type want struct {
		addrs            string
		db               int
		user, password   string
		master           string
		cluster, withTLS bool
	}
	for rawURL, want := range map[string]want{
		"redis://localhost":                 {addrs: "localhost:6379"},
		"redis://u:p%40ss@localhost:7000/3": {addrs: "localhost:7000", db: 3, user: "u", password: "p@ss"},
		"redis://:p@[::1]":                  {addrs: "[::1]:6379", password: "p"},
		"rediss://a:1,b,[2001:db8::1]:3/":   {addrs: "a:1 b:6379 [2001:db8::1]:3", withTLS: true},
		"rediss://a?cluster=true":           {addrs: "a:6379", cluster: true, withTLS: true},
		"rediss://a,b:1/2?master_name=main": {addrs: "a:26379 b:1", db: 2, master: "main", withTLS: true},
		"unix:///run/redis.sock":            {addrs: "/run/redis.sock"},
		"unix://u:p@/run/redis.sock":        {addrs: "/run/redis.sock", user: "u", password: "p"},
	} {
		o, err := redisstore.ParseURL(rawURL, false)
		if err != nil {
			t.Errorf("ParseURL(%s) = %v", rawURL, err)
			continue
		}
		got := struct {
			addrs            string
			db               int
			user, password   string
			master           string
			cluster, withTLS bool
		}{strings.Join(o.Addrs, " "), o.DB, o.Username, o.Password, o.MasterName, o.IsClusterMode, o.TLSConfig != nil}
		if got != want {
			t.Errorf("ParseURL(%s) = %+v, want %+v", rawURL, got, want)
		}
	}
	for _, rawURL := range []string{
		"", "localhost:6379", "http://localhost", "redis://", "redis://:6379", "redis://localhost,", "redis://localhost/x", "redis://localhost/-1",
		"redis://u:secret@local host", "redis://u:secret@localhost:port", "redis://localhost?unknown=1", "redis://localhost?cluster=perhaps",
		"unix://", "unix:///", "unix://host/path", "unix:///run/redis.sock?cluster=true", "redis://a/b,c/d",
	} {
		_, err := redisstore.ParseURL(rawURL, true)
		if !errors.Is(err, redisstore.ErrURL) || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseURL(%q) = %v, want ErrURL without the password", rawURL, err)
		}
	}
}

func TestPrefix(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	for prefix, ok := range map[string]bool{
		"gatehouse": true, "app-1:auth.v2_x": true, "": false, "{a}": false, "a b": false, "a*": false, "é": false,
		strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
	} {
		if _, err := redisstore.New(client, prefix); (err == nil) != ok {
			t.Errorf("New(%q) = %v", prefix, err)
		}
	}
}

// D-01, D-03: a user of Redis that may run neither INFO nor CONFIG is served, with a
// warning.
func TestOpenAsUserWithoutRights(t *testing.T) {
	s := newServer(t)
	var log bytes.Buffer
	store, err := redisstore.Open(t.Context(), redisstore.Config{URL: s.url, Prefix: s.prefix, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "maxmemory-policy") || strings.Contains(log.String(), "secret") {
		t.Errorf("log = %s", log.String())
	}
	must(t, store.Create(t.Context(), newSession(newUserID()), now))
}

// D-03.
func TestOpenChecksEviction(t *testing.T) {
	for policy, want := range map[string]error{"noeviction": nil, "allkeys-lru": redisstore.ErrEviction, "volatile-ttl": redisstore.ErrEviction} {
		t.Run(policy, func(t *testing.T) {
			var log bytes.Buffer
			store, err := redisstore.Open(t.Context(), redisstore.Config{
				URL: "unix://" + startRedis(t, "--maxmemory-policy", policy), Prefix: "p", Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if !errors.Is(err, want) || log.Len() != 0 {
				t.Errorf("Open = %v, want %v; log %q", err, want, log.String())
			}
			if err == nil {
				must(t, store.Create(t.Context(), newSession(newUserID()), now))
				must(t, store.Close())
			}
		})
	}
	// Where INFO is denied CONFIG is asked, and the other way round.
	for _, denied := range []string{"-info", "-config"} {
		socket := startRedis(t, "--maxmemory-policy", "allkeys-random", "--user", "default", "on", "nopass", "~*", "+@all", denied)
		if _, err := redisstore.Open(t.Context(), redisstore.Config{URL: "unix://" + socket, Prefix: "p"}); !errors.Is(err, redisstore.ErrEviction) {
			t.Errorf("Open with %s = %v, want ErrEviction", denied, err)
		}
	}
}

// startRedis starts a server of its own on a socket, since its settings would disturb
// other tests.
func startRedis(t *testing.T, settings ...string) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s") // short: the system allows some 100 bytes
	args := append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", filepath.Dir(socket)}, settings...)
	server := exec.Command("redis-server", args...)
	must(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			must(t, conn.Close())
			return socket
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not answer: %v", err)
		}
		time.Sleep(5 * time.Millisecond) // there is nothing to wait on but the socket
	}
}

// E-04: when Redis is away everything fails, soon, and says so.
func TestUnavailable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	closed.Close()
	hung, err := net.Listen("tcp", "127.0.0.1:0") // accepts by its backlog and never answers
	must(t, err)
	defer hung.Close()
	for name, c := range map[string]struct {
		addr   string
		within time.Duration
	}{
		"refused": {closed.Addr().String(), 200 * time.Millisecond},
		"hung":    {hung.Addr().String(), 1600 * time.Millisecond}, // 1 s and 500 ms
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, err := redisstore.ParseURL("redis://"+c.addr, false)
			must(t, err)
			store, err := redisstore.New(redis.NewUniversalClient(options), "p")
			must(t, err)
			defer store.Close()
			for method, call := range calls(store) {
				t.Run(method, func(t *testing.T) {
					t.Parallel()
					start := time.Now()
					err := call(context.WithoutCancel(t.Context()))
					if !errors.Is(err, session.ErrUnavailable) {
						t.Errorf("%v, want ErrUnavailable", err)
					}
					if took := time.Since(start); took > c.within+time.Second { // a second for a busy machine
						t.Errorf("took %s, want %s", took, c.within)
					}
				})
			}
			_, err = redisstore.Open(t.Context(), redisstore.Config{URL: "redis://" + c.addr, Prefix: "p"})
			if !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("Open = %v, want ErrUnavailable", err)
			}
		})
	}
}

// E-04: a Redis that went away and came back serves again.
func TestRecovers(t *testing.T) {
	socket := startRedis(t)
	store, err := redisstore.Open(t.Context(), redisstore.Config{URL: "unix://" + socket, Prefix: "p"})
	must(t, err)
	defer store.Close()
	admin := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer admin.Close()
	_, _, err = store.Take(t.Context(), "k", 1, time.Second, now)
	must(t, err)
	must(t, admin.Do(t.Context(), "CLIENT", "PAUSE", "900", "ALL").Err())
	if ok, _, err := store.Take(t.Context(), "k", 9, time.Second, now); ok || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Take while Redis hangs = %v, %v; want no event to pass", ok, err)
	}
	must(t, admin.Do(t.Context(), "CLIENT", "UNPAUSE").Err())
	must(t, store.Ping(t.Context()))
}

// calls are all methods that ask Redis.
func calls(s *redisstore.Store) map[string]func(context.Context) error {
	ns, token := newSession(newUserID()), random.Token()
	attempt := session.Attempt{ID: random.ID("sia", now), ExpireAt: now.Add(time.Hour)}
	return map[string]func(context.Context) error{
		"CreateClient": func(ctx context.Context) error {
			return s.CreateClient(ctx, session.Client{ID: ns.ClientID, ExpireAt: now})
		},
		"Client": func(ctx context.Context) error { _, err := s.Client(ctx, ns.ClientID); return err },
		"UpdateClient": func(ctx context.Context) error {
			_, err := s.UpdateClient(ctx, ns.ClientID, func(*session.Client) error { return nil })
			return err
		},
		"DeleteClient": func(ctx context.Context) error { return s.DeleteClient(ctx, ns.ClientID) },
		"FindCookie":   func(ctx context.Context) error { _, _, err := s.FindCookie(ctx, token, now); return err },
		"CommitCookie": func(ctx context.Context) error { return s.CommitCookie(ctx, token, nil, now.Add(time.Hour), now) },
		"DeleteCookie": func(ctx context.Context) error { return s.DeleteCookie(ctx, token) },
		"Create":       func(ctx context.Context) error { return s.Create(ctx, ns, now) },
		"Get":          func(ctx context.Context) error { _, err := s.Get(ctx, ns.ID); return err },
		"GetMany":      func(ctx context.Context) error { _, err := s.GetMany(ctx, []session.ID{ns.ID}); return err },
		"Update": func(ctx context.Context) error {
			_, err := s.Update(ctx, ns.ID, func(*session.Session) error { return nil })
			return err
		},
		"OfUser": func(ctx context.Context) error { _, err := s.OfUser(ctx, ns.UserID); return err },
		"RevokeUser": func(ctx context.Context) error {
			_, err := s.RevokeUser(ctx, ns.UserID, session.UserRevocation{At: now, KeepUntil: now})
			return err
		},
		"Load":           func(ctx context.Context) error { _, _, err := s.Load(ctx, token, ns.ID, now); return err },
		"CreateAttempt":  func(ctx context.Context) error { return s.CreateAttempt(ctx, attempt) },
		"Attempt":        func(ctx context.Context) error { _, err := s.Attempt(ctx, attempt.ID, now); return err },
		"ReplaceAttempt": func(ctx context.Context) error { _, err := s.ReplaceAttempt(ctx, attempt, now); return err },
		"DeleteAttempt":  func(ctx context.Context) error { return s.DeleteAttempt(ctx, attempt.ID) },
		"Try":            func(ctx context.Context) error { _, err := s.Try(ctx, attempt.ID, "code", now); return err },
		"Take":           func(ctx context.Context) error { _, _, err := s.Take(ctx, "k", 1, time.Second, now); return err },
		"CountIn":        func(ctx context.Context) error { _, err := s.CountIn(ctx, "k", time.Second, now); return err },
		"Reset":          func(ctx context.Context) error { return s.Reset(ctx, "k") },
		"PublishRevocation": func(ctx context.Context) error {
			return s.PublishRevocation(ctx, session.RevocationRecord{ID: "rev_1", UserID: ns.UserID, At: now})
		},
		"RevocationsSince": func(ctx context.Context) error { _, _, err := s.RevocationsSince(ctx, 0); return err },
		"WatchRevocations": func(ctx context.Context) error {
			return s.WatchRevocations(ctx, func() {}, func(session.RevocationRecord) {})
		},
		"Ping": s.Ping,
	}
}
