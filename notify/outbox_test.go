package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
)

func fill(t *testing.T, o *notify.Outbox, to string, codes ...string) {
	t.Helper()
	for i, code := range codes {
		err := o.Send(t.Context(), notify.Message{
			ID: "msg_" + code, Channel: notify.Mail, Kind: "verification_code", To: to, Code: code,
			Subject: code + " is your code", Text: "Your code: " + code, At: time.UnixMilli(int64(1000 + i)),
		})
		if err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
}

func TestOutboxKeepsTheLastMessages(t *testing.T) {
	o := &notify.Outbox{Size: 3}
	fill(t, o, "jane@example.org", "111111", "222222")
	fill(t, o, "joe@example.org", "333333")
	fill(t, o, "jane@example.org", "444444")
	if got := ids(o.Messages("")); got != "msg_444444 msg_333333 msg_222222" {
		t.Errorf("Messages = %s", got)
	}
	if got := ids(o.Messages("JANE@example.org")); got != "msg_444444 msg_222222" {
		t.Errorf("Messages(jane) = %s", got)
	}
	if code, ok := o.LastCode("jane@example.org"); code != "444444" || !ok {
		t.Errorf("LastCode = %q, %v", code, ok)
	}
	if code, ok := o.LastCode("eve@example.org"); code != "" || ok {
		t.Errorf("LastCode(eve) = %q, %v", code, ok)
	}
	if err := o.Send(t.Context(), notify.Message{ID: "msg_notice", To: "jane@example.org"}); err != nil {
		t.Fatal(err)
	}
	if code, _ := o.LastCode("jane@example.org"); code != "444444" {
		t.Errorf("LastCode after a notice = %q", code)
	}
}

func ids(ms []notify.Message) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.ID)
	}
	return strings.Join(out, " ")
}

func get(o http.Handler, target, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

func TestOutboxAnswersJSON(t *testing.T) {
	o := &notify.Outbox{}
	fill(t, o, "jane@example.org", "111111", "222222")
	fill(t, o, "joe@example.org", "333333")
	w := get(o, "/dev/outbox?to=jane%40example.org", "*/*")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("answer = %d %v", w.Code, w.Header())
	}
	var got []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("body: %v\n%s", err, w.Body)
	}
	want := map[string]any{
		"id": "msg_222222", "channel": "mail", "kind": "verification_code", "to": "jane@example.org",
		"subject": "222222 is your code", "text": "Your code: 222222", "html": "", "code": "222222", "link": "", "at": 1001.0,
	}
	if len(got) != 2 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("body = %v, want first %v", got, want)
	}
	if w := get(o, "/dev/outbox?to=eve@example.org", ""); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("body for nobody = %s", w.Body)
	}
}

func TestOutboxPage(t *testing.T) {
	o := &notify.Outbox{Stylesheet: "/ui/pages.css"}
	const script = `"><script>alert(1)</script>`
	if err := o.Send(t.Context(), notify.Message{ID: "msg_1", To: script, Subject: script, Text: script, Code: script, Kind: script}); err != nil {
		t.Fatal(err)
	}
	w := get(o, "/dev/outbox?to="+`%22%3E%3Cscript%3Ealert(1)%3C/script%3E`, "text/html,application/xhtml+xml,*/*;q=0.8")
	body := w.Body.String()
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type = %q", got)
	}
	// W-03: escaped in every field; W-01: nothing inline that the policy forbids.
	for _, bad := range []string{"<script", "<style", "style=", "javascript:"} {
		if strings.Contains(body, bad) {
			t.Errorf("page contains %q:\n%s", bad, body)
		}
	}
	if n := strings.Count(body, "&lt;script&gt;"); n != 5 {
		t.Errorf("%d escaped fields, want 5:\n%s", n, body)
	}
	if !strings.Contains(body, `<link rel="stylesheet" href="/ui/pages.css">`) {
		t.Error("page links no stylesheet")
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; style-src 'self'") {
		t.Errorf("Content-Security-Policy = %q", got)
	}
}

func TestOutboxChoosesByAccept(t *testing.T) {
	o := &notify.Outbox{}
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/json": "application/json",
		"application/json, text/html;q=0.9": "application/json",
		"text/html":                         "text/html; charset=utf-8",
		"text/html;q=0.9, */*;q=0.1":        "text/html; charset=utf-8",
		"text/html;q=0":                     "application/json",
		"text/html;q=nonsense":              "application/json",
	} {
		if got := get(o, "/dev/outbox", accept).Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q → %q, want %q", accept, got, want)
		}
	}
}

func TestOutboxIsReadOnly(t *testing.T) {
	w := httptest.NewRecorder()
	(&notify.Outbox{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/dev/outbox", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST = %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
