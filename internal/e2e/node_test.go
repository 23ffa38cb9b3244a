package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gatehouse "github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// nodeVariable makes a node of the test binary: one process of an app that runs in
// several, with a protected handler of its own.
const nodeVariable = "GATEHOUSE_E2E_NODE"

// runNode serves until its standard input ends, which it does when the test dies, too.
func runNode() int {
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	if err := serveNode(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serveNode(ctx context.Context) error {
	cfg, err := gatehouse.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	cfg.Development = true
	cfg.Passwords.MemoryKiB = 19456
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	server, err := gatehouse.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	app := http.NewServeMux()
	app.Handle("GET /api/me", server.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, auth.FromContext(r.Context()).UserID)
	})))
	app.HandleFunc("POST /visitors", func(w http.ResponseWriter, r *http.Request) {
		v, err := newVisitor(r.Context(), server, r.FormValue("user"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(v)
	})
	return server.ListenAndServe(ctx, server.Mount(app), nil)
}

// visitor is a person in a browser, signed in without the cost of hashing a password.
type visitor struct {
	UserID, SessionID, Cookie, Token string
}

// newVisitor signs a user in, or a new one.
func newVisitor(ctx context.Context, server *gatehouse.Server, userID string) (v visitor, err error) {
	if userID == "" {
		u, err := server.Users().Create(ctx, user.NewUser{Username: "visitor_" + strings.ToLower(rand.Text()), Password: visitorPassword})
		if err != nil {
			return v, err
		}
		userID = string(u.ID)
	}
	client, cookie, err := server.Sessions().NewClient(ctx)
	if err != nil {
		return v, err
	}
	ss, err := server.Sessions().Start(ctx, session.NewSession{ClientID: client.ID, UserID: userID, AsOf: time.Now(), Strategy: "password"})
	if err != nil {
		return v, err
	}
	token, err := server.Sessions().Mint(ctx, string(cookie.Value), ss.ID, "")
	return visitor{userID, string(ss.ID), string(cookie.Value), token}, err
}

const visitorPassword = "a long enough secret"

// nodes are processes of one app behind one public URL.
type nodes struct {
	t         *testing.T
	publicURL string
	env       []string
}

func newNodes(t *testing.T, env ...string) *nodes {
	return &nodes{t: t, publicURL: "http://" + freeAddr(t), env: append([]string{
		nodeVariable + "=1", "PATH=" + os.Getenv("PATH"), "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1",
		"GATEHOUSE_SECRET_KEY=" + string(gatehouse.NewSecretKey(true)), "GATEHOUSE_ENCRYPTION_KEY=" + string(gatehouse.NewEncryptionKey()),
	}, env...)}
}

// node is one process.
type node struct {
	*nodes
	client *http.Client
}

// start runs one more process, with more in its environment.
func (s *nodes) start(env ...string) *node {
	s.t.Helper()
	addr, dir := freeAddr(s.t), s.t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append([]string{
		"GATEHOUSE_ADDR=" + addr, "GATEHOUSE_PUBLIC_URL=" + s.publicURL, "GATEHOUSE_DIR=" + filepath.Join(dir, "gatehouse"), "HOME=" + dir,
	}, s.env...), env...)
	cmd.Stdout, cmd.Stderr = log, log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.t.Cleanup(func() {
		stdin.Close()
		if err := <-ended; err != nil { // a data race counts
			text, _ := os.ReadFile(log.Name())
			s.t.Errorf("a node ended with %v:\n%s", err, text)
		}
	})
	n := &node{nodes: s, client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 32,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}}}
	s.t.Cleanup(n.client.CloseIdleConnections)
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if response, err := n.client.Get(s.publicURL + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return n
			}
		}
		if len(ended) > 0 || time.Since(begun) > 60*time.Second {
			text, _ := os.ReadFile(log.Name())
			s.t.Fatalf("a node does not start:\n%s", text)
		}
	}
}

// call sends a request with headers, "Name: value" each, and returns status and body.
func (n *node) call(method, path, body string, headers ...string) (status int, answer string) {
	n.t.Helper()
	request, err := http.NewRequest(method, n.publicURL+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := n.client.Do(request)
	if err != nil {
		n.t.Errorf("%s %s: %v", method, path, err)
		return 0, ""
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, _ = text.ReadFrom(response.Body)
	return response.StatusCode, text.String()
}

// must is call for what has to be answered 200.
func (n *node) must(method, path, body string, headers ...string) string {
	n.t.Helper()
	status, answer := n.call(method, path, body, headers...)
	if status != http.StatusOK {
		n.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

// visitor signs somebody in at this node: a user of before, or a new one for "".
func (n *node) visitor(userID string) visitor {
	n.t.Helper()
	var v visitor
	status, answer := n.call("POST", "/visitors?user="+userID, "")
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		n.t.Errorf("sign in: %d %s", status, answer)
	}
	return v
}

// in returns the node for a test within the test that started it.
func (n *node) in(t *testing.T) *node {
	s := *n.nodes
	s.t = t
	return &node{&s, n.client}
}

// admits returns the status with which the protected handler answers a token.
func (n *node) admits(token string) int {
	n.t.Helper()
	status, _ := n.call("GET", "/api/me", "", "Authorization: Bearer "+token)
	return status
}

// browser is what the browser of v sends to the Frontend API, from an address of its own.
func (n *node) browser(v visitor) []string {
	sum := crc32.ChecksumIEEE([]byte(v.SessionID))
	return []string{
		"Cookie: __client=" + v.Cookie, "Origin: " + n.publicURL, "Content-Type: application/x-www-form-urlencoded",
		fmt.Sprintf("X-Forwarded-For: 2001:db8:%x:%x::1", sum>>16, sum&0xffff),
	}
}

// operator is what an app's server sends to the Backend API.
func (n *node) operator() []string {
	for _, variable := range n.env {
		if key, ok := strings.CutPrefix(variable, "GATEHOUSE_SECRET_KEY="); ok {
			return []string{"Authorization: Bearer " + key, "Content-Type: application/json"}
		}
	}
	return nil
}
