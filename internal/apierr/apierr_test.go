package apierr_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

var update = flag.Bool("update", false, "rewrite docs/errors.md")

// ours are the codes that the SDKs' list lacks.
var ours = []string{"method_not_allowed"}

func TestCatalogue(t *testing.T) {
	all := apierr.Catalogue()
	codes := make([]string, len(all))
	for i, e := range all {
		codes[i] = e.Code
		if e.Message == "" || e.LongMessage == "" {
			t.Errorf("%s lacks a text", e.Code)
		}
		if !strings.HasSuffix(e.Message, ".") || !strings.HasSuffix(e.LongMessage, ".") {
			t.Errorf("%s: texts are sentences", e.Code)
		}
		if e.Status < 400 || e.Status > 599 {
			t.Errorf("%s has status %d", e.Code, e.Status)
		}
	}
	if !slices.IsSorted(codes) {
		t.Error("codes are not sorted")
	}
	if len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Error("codes are not unique")
	}
}

// C-07: the SDKs branch on status and code together.
func TestCatalogueStatuses(t *testing.T) {
	want := statuses(t)
	for _, e := range apierr.Catalogue() {
		status, known := want[e.Code]
		if !known && !slices.Contains(ours, e.Code) {
			t.Errorf("%s is no code that the SDKs know", e.Code)
		}
		if known && status != fmt.Sprint(e.Status) {
			t.Errorf("%s has status %d, want %s", e.Code, e.Status, status)
		}
		delete(want, e.Code)
	}
	for code := range want {
		t.Errorf("%s left the catalogue", code)
	}
}

func statuses(t *testing.T) map[string]string {
	t.Helper()
	table, err := os.ReadFile("testdata/statuses.tsv")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(table)) {
		code, status, _ := strings.Cut(strings.TrimSpace(line), "\t")
		out[code] = status
	}
	return out
}

func TestErrorsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Errors\n\nEvery error answer of the Frontend API and the Backend API is\n" +
		"`{\"errors\":[{\"code\",\"message\",\"long_message\",\"meta\"}],\"clerk_trace_id\"}`. Branch on `code`; show\n" +
		"`long_message` to people. `meta.param_name` names the field to blame. The trace id stands in the\n" +
		"server's log beside the cause, which no answer holds.\n\n" +
		"This page is made by `go test ./internal/apierr -update`.\n\n| status | code | long message |\n|---|---|---|\n")
	for _, e := range apierr.Catalogue() {
		fmt.Fprintf(&b, "| %d | `%s` | %s |\n", e.Status, e.Code, e.LongMessage)
	}
	const page = "../../docs/errors.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("docs/errors.md differs from the catalogue; run go test ./internal/apierr -update")
	}
}

func TestFrom(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("create user: %w", err) }
	tests := []struct {
		name   string
		err    error
		status int
		code   string
		param  string
	}{
		{"own", wrapped(apierr.NotFound), 404, "resource_not_found", ""},
		{"flow", wrapped(&flow.Error{Code: "form_code_incorrect", Param: "code"}), 422, "form_code_incorrect", "code"},
		{"flow wins over its cause", &flow.Error{Code: "form_identifier_not_found", Param: "identifier", Err: user.ErrNotFound}, 422, "form_identifier_not_found", "identifier"},
		{"flow with an unknown code", &flow.Error{Code: "no_such_code"}, 500, "internal_clerk_error", ""},
		{"taken", wrapped(&user.TakenError{Kind: user.KindUsername}), 422, "form_identifier_exists", "username"},
		{"field", wrapped(&user.FieldError{Field: "password", Rule: user.RulePasswordTooShort, Limit: 8}), 422, "form_password_length_too_short", "password"},
		{"field with an unknown rule", &user.FieldError{Field: "locale", Rule: "odd"}, 422, "form_param_value_invalid", "locale"},
		{"busy", wrapped(user.ErrBusy), 503, "service_unavailable", ""},
		{"store away", wrapped(session.ErrUnavailable), 503, "service_unavailable", ""},
		{"database away", wrapped(sqldb.ErrUnavailable), 503, "service_unavailable", ""},
		{"time-out", wrapped(context.DeadlineExceeded), 503, "service_unavailable", ""},
		{"unknown", errors.New("sql: no rows in result set"), 500, "internal_clerk_error", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := apierr.From(tt.err)
			if e.Status != tt.status || e.Code != tt.code || e.Param != tt.param {
				t.Errorf("From = %d %s %q, want %d %s %q", e.Status, e.Code, e.Param, tt.status, tt.code, tt.param)
			}
		})
	}
}

func TestFromNamesBounds(t *testing.T) {
	for _, tt := range []struct {
		rule user.Rule
		want string
	}{
		{user.RulePasswordTooShort, "Passwords must have 12 or more characters."},
		{user.RulePasswordTooLong, "Passwords must have 12 or fewer characters."},
		{user.RuleTooLong, "Use 12 characters or fewer."},
		{user.RuleTooShort, "Use 12 characters or more."},
	} {
		if got := apierr.From(&user.FieldError{Field: "f", Rule: tt.rule, Limit: 12}).LongMessage; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.rule, got, tt.want)
		}
	}
}

func TestFromKeepsRetryAfterAndSession(t *testing.T) {
	e := apierr.From(&flow.Error{Code: "too_many_requests", RetryAfter: 7 * time.Second})
	if e.RetryAfter != 7*time.Second {
		t.Errorf("RetryAfter = %v, want 7s", e.RetryAfter)
	}
	e = apierr.From(&flow.Error{Code: "identifier_already_signed_in", SessionID: "sess_1"})
	if e.Meta["session_id"] != "sess_1" {
		t.Errorf("Meta = %v, want session_id", e.Meta)
	}
}

// E-06: a cause is for the log.
func TestEnvelopeHidesTheCause(t *testing.T) {
	const cause = "pq: secret table at /srv/db.go:12"
	e := apierr.From(errors.New(cause))
	body, err := json.Marshal(e.Envelope("0123456789abcdef0123456789abcdef", nil))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "secret") {
		t.Errorf("the answer holds the cause: %s", body)
	}
	if !strings.Contains(e.Error(), cause) {
		t.Errorf("the log line lacks the cause: %s", e)
	}
	if !strings.Contains(string(body), `"clerk_trace_id":"0123456789abcdef0123456789abcdef"`) {
		t.Errorf("the answer lacks the trace id: %s", body)
	}
}

func TestEnvelopeMeta(t *testing.T) {
	e := apierr.ParamUnknown.At("bogus").With("session_id", "sess_1")
	body, err := json.Marshal(e.Envelope("t", map[string]string{"id": "client_1"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"param_name":"bogus"`, `"session_id":"sess_1"`, `"meta":{"client":{"id":"client_1"}}`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("answer %s lacks %s", body, want)
		}
	}
	if apierr.ParamUnknown.Param != "" || apierr.ParamUnknown.Meta != nil {
		t.Error("At and With changed the catalogue")
	}
}
