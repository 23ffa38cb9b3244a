package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// deployment is a development server that answers on this machine.
type deployment struct {
	*gatehouse.Server
	addr, dir string
	user      *user.User
}

// deploy starts a server whose app has the route /api/me for people who are signed in,
// and /circle, which redirects to itself.
func deploy(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{addr: freeAddr(t), dir: filepath.Join(t.TempDir(), "dev")}
	d.Server = d.open(t, 0)
	app := http.NewServeMux()
	app.Handle("GET /api/me", d.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	app.HandleFunc("GET /circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/circle", http.StatusFound) })
	app.HandleFunc("GET /teapot", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	listener, err := net.Listen("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	server := d.NewHTTPServer(d.Mount(app))
	go func() { _ = server.Serve(listener) }() // ends with the listener
	t.Cleanup(func() { server.Close() })
	d.user, err = d.Users().Create(t.Context(), user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "admin"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// open opens the server's stores with a clock that is off.
func (d *deployment) open(t *testing.T, off time.Duration) *gatehouse.Server {
	t.Helper()
	s, err := gatehouse.Open(t.Context(), gatehouse.Config{
		Development: true, Addr: d.addr, Dir: d.dir, Now: func() time.Time { return time.Now().Add(off) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// mint makes a session and a token on a server.
func (d *deployment) mint(t *testing.T, s *gatehouse.Server, off time.Duration) (session.Session, string) {
	t.Helper()
	c, _, err := s.Sessions().NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ss, err := s.Sessions().Start(t.Context(), session.NewSession{
		ClientID: c.ID, UserID: string(d.user.ID), AsOf: time.Now().Add(off), Strategy: "password",
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Sessions().Token(t.Context(), ss, s.PublicURL())
	if err != nil {
		t.Fatal(err)
	}
	return ss, token
}

// execute is the function of this name with the flags that name the deployment, and with standard input.
func (d *deployment) execute(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--addr", d.addr, "--dir", d.dir)
	code := run(t.Context(), args, func(string) string { return "" }, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// The one reason why a token is refused, by the rules of the middleware.
func TestTokenExplain(t *testing.T) {
	d := deploy(t)
	_, good := d.mint(t, d.Server, 0)
	ended, revoked := d.mint(t, d.Server, 0)
	if _, err := d.Sessions().Revoke(t.Context(), ended.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	_, past := d.mint(t, d.open(t, -time.Hour), -time.Hour)
	_, future := d.mint(t, d.open(t, time.Hour), time.Hour)
	elsewhere := deploy(t)
	_, foreign := elsewhere.mint(t, elsewhere.Server, 0)
	keys := d.PublicURL() + "/.well-known/jwks.json"
	for _, test := range []struct {
		name, token string
		args        []string
		code        int
		says        []string
	}{
		{"good", good, nil, 0, []string{
			"good\n", "signature: good", "bytes, of 3800 at most", `"RS256"`, "a session token", "the key that signed it",
			string(d.user.ID), "the origin that asked for it", " ago", "good until", "first factor proved 0 min before it was made, second never", "state of the session",
		}},
		{"good_with_scheme", "Bearer " + good + "\n", nil, 0, []string{"good\n"}},
		{"revoked", revoked, nil, 1, []string{"refused: session_revoked\n  signed out", "signature: good"}},
		{"expired", past, nil, 1, []string{"refused: session_token_expired\n  expired 35", " s ago; bearer tokens are not renewed", "good until"}},
		{"clock", future, nil, 1, []string{"refused: session_token_not_active_yet\n  valid in 3", " s; the clock that made it is ahead", "in 59m"}},
		{"other_server", foreign, nil, 1, []string{"refused: session_token_key_unknown", "it is another server's", "anybody may have written this"}},
		{"forged", good[:len(good)-8] + "AAAAAAAA", nil, 1, []string{"refused: session_token_signature_invalid"}},
		{"malformed", "e30.e30.e30", nil, 1, []string{"refused: session_token_algorithm"}},
		{"no_token_at_all", "\x1b[31mx", nil, 1, []string{"refused: session_token_malformed", "bytes"}},
		{"control_characters", base64.RawURLEncoding.EncodeToString([]byte("{\"alg\":\"\u009b31m\u202e\"}")) + ".e30.", nil, 1, []string{"refused: session_token_algorithm", `"?31m?"`}},
		{"too_long", strings.Repeat("a", 9000), nil, 1, []string{"refused: session_token_malformed", "more than the 8192"}},
		{"by_address", good, []string{"--jwks-url", keys, "--issuer", "https://clerk.localhost:" + port(d.addr)}, 0, []string{"good\n"}},
		{"issuer", good, []string{"--jwks-url", keys, "--issuer", "https://clerk.example.com"}, 1, []string{"refused: session_token_issuer", "not by"}},
		{"audience", good, []string{"--jwks-url", keys, "--issuer", "https://clerk.localhost:" + port(d.addr), "--audience", "app"}, 1, []string{"refused: session_token_audience"}},
		{"no_keys", good, []string{"--jwks-url", "http://127.0.0.1:1/", "--issuer", "https://x"}, 1, []string{"refused: keys_unavailable"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := d.execute(t, test.token, append([]string{"token", "explain"}, test.args...)...)
			if got.code != test.code {
				t.Errorf("exit %d, want %d: %s", got.code, test.code, got.stderr)
			}
			for _, want := range test.says {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("%q is missing from\n%s", want, got.stdout)
				}
			}
			// L-01, L-03: neither the token nor a control character is shown.
			if text := got.stdout + got.stderr; strings.Contains(text, strings.TrimSpace(test.token)) || strings.ContainsAny(text, "\x1b\u009b\u202e") {
				t.Errorf("shown: %q", text)
			}
			asJSON := d.execute(t, test.token, append([]string{"token", "explain", "--json"}, test.args...)...)
			var e explanation
			if err := json.Unmarshal([]byte(asJSON.stdout), &e); err != nil || e.Good != (test.code == 0) || asJSON.code != test.code {
				t.Errorf("--json: %v, %+v", err, asJSON)
			}
			if as := d.execute(t, "", append([]string{"token", "explain", test.token}, test.args...)...); as.code != test.code {
				t.Errorf("as an argument: %+v", as)
			}
		})
	}
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func TestTokenExplainUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"no_token":         {},
		"issuer_alone":     {"a.b.c", "--issuer", "https://x"},
		"no_issuer":        {"a.b.c", "--jwks-url", "https://x.example/jwks.json"},
		"plain_http":       {"a.b.c", "--jwks-url", "http://x.example/jwks.json", "--issuer", "https://x"},
		"two_tokens":       {"a.b.c", "d.e.f"},
		"unknown_log":      {"a.b.c", "--log-level", "loud"},
		"password_in_argv": {"a.b.c", "--database-url", "postgres://a:canary@b/c"},
	} {
		if got := execute(t, nil, append([]string{"token", "explain"}, args...)...); got.code != 2 || got.stderr == "" || strings.Contains(got.stderr, "canary") {
			t.Errorf("%s: %+v, want exit code 2", name, got)
		}
	}
	// K-09: the help says where a token is seen by others.
	if got := execute(t, nil, "token", "explain", "--help"); got.code != 0 || !strings.Contains(got.stdout, "standard input") {
		t.Errorf("help: %+v", got)
	}
}
