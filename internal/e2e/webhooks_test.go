package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	svix "github.com/svix/svix-webhooks/go"

	"github.com/gatehouse-dev/gatehouse/webhook"
)

// hookReceiver is an app that gets webhooks.
type hookReceiver struct {
	*httptest.Server
	mu  sync.Mutex
	all []hookRequest
	// fails says whether the nth request is answered 500; no message fails twice.
	fails  func(n int) bool
	failed map[string]bool
}

type hookRequest struct {
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

func newHookReceiver(t *testing.T) *hookReceiver {
	r := &hookReceiver{fails: func(int) bool { return false }, failed: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if id := request.Header.Get("svix-id"); r.fails(len(r.all)) && !r.failed[id] {
			r.failed[id] = true
			r.all = append(r.all, hookRequest{})
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.all = append(r.all, hookRequest{request.Header, string(body)})
	}))
	t.Cleanup(r.Close)
	return r
}

// event is what one request says.
type event struct {
	ID        string
	Type      string          `json:"type"`
	Data      json.RawMessage `json:"data"`
	Timestamp int64           `json:"timestamp"`
	Instance  string          `json:"instance_id"`
	Object    string          `json:"object"`
	Attribute struct {
		Request struct {
			ClientIP string `json:"client_ip"`
		} `json:"http_request"`
	} `json:"event_attributes"`
	user string
}

// requests are those that were answered 200.
func (r *hookReceiver) requests() []hookRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.all), func(h hookRequest) bool { return h.Header == nil })
}

func (r *hookReceiver) events(t *testing.T) []event {
	t.Helper()
	var out []event
	for _, request := range r.requests() {
		e := event{ID: request.Header.Get("svix-id")}
		if err := json.Unmarshal([]byte(request.Body), &e); err != nil {
			t.Fatal(err)
		}
		var data struct {
			ID     string `json:"id"`
			UserID string `json:"user_id"`
		}
		_ = json.Unmarshal(e.Data, &data)
		e.user = data.ID
		if data.UserID != "" {
			e.user = data.UserID
		}
		out = append(out, e)
	}
	return out
}

// waitFor waits until the events of the type are there.
func (r *hookReceiver) waitFor(t *testing.T, eventType string, n int) []event {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		found := slices.DeleteFunc(r.events(t), func(e event) bool { return e.Type != eventType })
		if len(found) >= n {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %s arrived, want %d", len(found), eventType, n)
		}
	}
}

// A person's story as an app hears of it, on all stores: verified with the official
// libraries, and in the audit log.
func TestWebhooks(t *testing.T) {
	for _, kind := range allStores {
		t.Run(kind, func(t *testing.T) { webhooksTell(t, newStack(t, kind)) })
	}
}

func webhooksTell(t *testing.T, s *stack) {
	app := newHookReceiver(t)
	jane := s.newBrowser(1, http.DefaultTransport)
	made := jane.backend(http.MethodPost, "/webhook_endpoints", map[string]any{"url": app.URL + "/in"}).want(t, 200, "")
	secret := made.str("signing_secret")

	up := jane.form("/v1/client/sign_ups", "email_address", "jane+clerk_test@example.com", "password", "a long enough secret").want(t, 200, "")
	path := "/v1/client/sign_ups/" + up.str("response", "id")
	jane.form(path+"/prepare_verification", "strategy", "email_code").want(t, 200, "")
	up = jane.form(path+"/attempt_verification", "strategy", "email_code", "code", testCode).want(t, 200, "")
	id, sessionID := up.str("response", "created_user_id"), up.str("response", "created_session_id")

	created := app.waitFor(t, "user.created", 1)[0]
	if created.user != id || created.Object != "event" || !strings.HasPrefix(created.Instance, "ins_") || created.Attribute.Request.ClientIP == "" {
		t.Errorf("user.created = %+v", created)
	}
	if began := app.waitFor(t, "session.created", 1)[0]; began.user != id || !bytes.Contains(began.Data, []byte(sessionID)) {
		t.Errorf("session.created = %s", began.Data)
	}

	// What is told of a change is the user as the Backend API answered it.
	changed := jane.backend(http.MethodPatch, "/users/"+id, map[string]any{"first_name": "Jane <&>", "private_metadata": map[string]any{"n": 1}}).want(t, 200, "")
	found := app.waitFor(t, "user.updated", 1)
	last := found[len(found)-1]
	var told, answered any
	if json.Unmarshal(last.Data, &told) != nil || json.Unmarshal([]byte(changed.text), &answered) != nil || fmt.Sprint(told) != fmt.Sprint(answered) {
		t.Errorf("user.updated tells %s\nthe answer was %s", last.Data, changed.text)
	}

	jane.backend(http.MethodPatch, "/users/"+id, map[string]any{"external_id": "crm-7"}).want(t, 200, "")
	jane.backend(http.MethodPost, "/sessions/"+sessionID+"/revoke", nil).want(t, 200, "")
	if ended := app.waitFor(t, "session.revoked", 1)[0]; !bytes.Contains(ended.Data, []byte(sessionID)) {
		t.Errorf("session.revoked = %s", ended.Data)
	}
	in := jane.form("/v1/client/sign_ins", "identifier", "jane+clerk_test@example.com", "password", "not the secret")
	in.want(t, 422, "form_password_incorrect")
	jane.form("/v1/client/sign_ins", "identifier", "jane+clerk_test@example.com", "password", "a long enough secret").want(t, 200, "")
	jane.backend(http.MethodDelete, "/users/"+id, nil).want(t, 200, "")
	gone := app.waitFor(t, "user.deleted", 1)[0]
	if want := fmt.Sprintf(`{"object":"user","id":"%s","deleted":true,"external_id":"crm-7"}`, id); string(gone.Data) != want {
		t.Errorf("user.deleted = %s, want %s", gone.Data, want)
	}
	app.waitFor(t, "session.revoked", 2) // the deletion ended the other one

	verifyAll(t, secret, app.requests())
	auditTells(t, jane, id)
}

// verifyAll checks requests with the libraries of Go: Svix's and our own.
func verifyAll(t *testing.T, secret string, requests []hookRequest) {
	t.Helper()
	library, err := svix.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		if err := library.Verify([]byte(r.Body), r.Header); err != nil {
			t.Errorf("svix refuses %s: %v", r.Body, err)
		}
		if _, err := webhook.Verify(r.Header, []byte(r.Body), secret); err != nil {
			t.Errorf("our own helper refuses %s: %v", r.Body, err)
		}
	}
	if len(requests) == 0 {
		t.Error("nothing to verify")
	}
}

// auditTells looks for the story in the audit log (L-04), by whom and from where.
func auditTells(t *testing.T, b *browser, id string) {
	t.Helper()
	var types []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		types = nil
		log := b.backend(http.MethodGet, "/audit_logs?limit=500&subject="+id, nil).want(t, 200, "")
		all, _ := log.json["data"].([]any)
		for _, e := range all {
			entry, _ := e.(map[string]any)
			actor, _ := entry["actor"].(map[string]any)
			types = append(types, fmt.Sprintf("%v by %v", entry["type"], actor["type"]))
			if trace, _ := entry["trace_id"].(string); len(trace) != 32 || entry["ip_address"] == nil {
				t.Errorf("%v lacks a trace id or an address: %v", entry["type"], entry)
			}
		}
		missing := slices.DeleteFunc([]string{
			"user.created by user", "email_address.created by user", "email_address.verified by user", "session.created by user",
			"user.updated by secret_key", "user.metadata.updated by secret_key", "session.revoked by secret_key",
			"sign_in.password.failed by user", "user.deleted by secret_key", "secret_key.used by secret_key",
		}, func(want string) bool { return slices.Contains(types, want) })
		if len(missing) == 0 {
			return
		}
		if time.Until(deadline) < time.Second {
			t.Fatalf("audit log lacks %q, has %q", missing, types)
		}
	}
}

// Node's libraries take what was sent: the official SDK's and the one of Standard Webhooks.
func TestWebhooksInNode(t *testing.T) {
	s := newStack(t, "SQLite")
	app := newHookReceiver(t)
	b := s.newBrowser(1, http.DefaultTransport)
	made := b.backend(http.MethodPost, "/webhook_endpoints", map[string]any{"url": app.URL}).want(t, 200, "")
	old := made.str("signing_secret")
	rotated := b.backend(http.MethodPost, "/webhook_endpoints/"+made.str("id")+"/rotate_secret", nil).want(t, 200, "")
	user := map[string]any{
		"email_address": []string{"jane@example.com"}, "skip_password_requirement": true,
		"username": "jane_doe", "first_name": `Jane <b>& "é" 😀`,
		"public_metadata": json.RawMessage(`{"b":1.0,"10":1e3,"2":[-0,"\u003c\/"],"deep":{"n":12345678901234567890,"line":"\u2028"}}`),
	}
	b.backend(http.MethodPost, "/users", user).want(t, 200, "")
	app.waitFor(t, "user.created", 1)
	input, err := json.Marshal(map[string]any{
		"secrets": []string{old, rotated.str("signing_secret")}, "requests": app.requests(),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "requests.json")
	if err := os.WriteFile(file, input, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "support/verify-webhooks.js", file)
	cmd.Dir = "node"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	if got, want := strings.TrimSpace(string(out)), fmt.Sprint("verified ", 4*len(app.requests())); got != want {
		t.Errorf("node said %q, want %q", got, want)
	}
}

const (
	crashUsers = 60
	crashTimes = 3
)

// newcomer is a user to create, without the work of hashing a password.
func newcomer(name string, n int) map[string]any {
	return map[string]any{"email_address": []string{fmt.Sprintf("%s%d@example.com", name, n)}, "skip_password_requirement": true}
}

// A crash between a change and its delivery neither loses an event of a user nor invents
// one, with a receiver that fails now and then.
func TestWebhooksSurviveKills(t *testing.T) {
	const key = "sk_test_Y3Jhc2hlcyBsb3NlIG5vdGhpbmcgaGVyZQ"
	server := newProcess(t, crashConfig, "GATEHOUSE_SECRET_KEY="+key)
	server.start()
	app := newHookReceiver(t)
	app.fails = func(n int) bool { return n%7 == 3 }
	call := func(method, path string, body any) (answer, error) {
		return callBackend(server.url, key, method, path, body)
	}
	if a, err := call(http.MethodPost, "/webhook_endpoints", map[string]any{"url": app.URL, "events": []string{"user.*"}}); err != nil || a.status != 200 {
		t.Fatalf("endpoint: %v %s", err, a.text)
	}
	deleted := map[string]bool{}
	for n := range crashUsers {
		a, err := call(http.MethodPost, "/users", newcomer("person", n))
		if err == nil && n%5 == 0 {
			deleted[a.str("id")] = true
			_, _ = call(http.MethodDelete, "/users/"+a.str("id"), nil)
		}
		if n%(crashUsers/crashTimes) == crashUsers/crashTimes/2 {
			go func() { _, _ = call(http.MethodPost, "/users", newcomer("cut-off", n)) }()
			time.Sleep(time.Duration(n) * time.Millisecond / 4) // into the middle of it
			server.kill()
			server.start()
		}
	}
	time.Sleep(300 * time.Millisecond)
	exist := map[string]bool{}
	a, err := call(http.MethodGet, "/users?limit=500", nil)
	if err != nil || a.status != 200 {
		t.Fatalf("users: %v %s", err, a.text)
	}
	var list []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(a.text), &list); err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		exist[u.ID] = true
	}
	if len(exist) < crashUsers/2 {
		t.Fatalf("only %d users: the kills left no test", len(exist))
	}
	deadline := time.Now().Add(60 * time.Second)
	for {
		created, gone := map[string]string{}, map[string]bool{}
		for _, e := range app.events(t) {
			switch e.Type {
			case "user.created":
				if id := created[e.user]; id != "" && id != e.ID {
					t.Fatalf("user.created of %s came as %s and %s", e.user, id, e.ID)
				}
				created[e.user] = e.ID
			case "user.deleted":
				gone[e.user] = true
			}
		}
		var wrong []string
		for id := range exist {
			if created[id] == "" {
				wrong = append(wrong, "lost the creation of "+id)
			}
		}
		for id := range deleted {
			if !exist[id] && !gone[id] {
				wrong = append(wrong, "lost the deletion of "+id)
			}
		}
		for id := range created {
			if !exist[id] && !gone[id] {
				wrong = append(wrong, "invented or did not end "+id)
			}
		}
		for id := range gone {
			if exist[id] {
				t.Fatalf("the deletion of %s, who exists, was told", id)
			}
		}
		if len(wrong) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(strings.Join(wrong, "\n"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// callBackend calls the Backend API of a process.
func callBackend(base, key, method, path string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest(method, base+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, text: string(read)}
	_ = json.Unmarshal(read, &a.json)
	return a, err
}
