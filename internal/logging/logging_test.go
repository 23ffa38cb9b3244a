package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

// canary is what no test may find in a log.
const canary = "canary7Zq"

// secret is a type that hides itself from MarshalText but not from %v.
type secret string

func (secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

type profile struct {
	ID       string `json:"id"`
	Password string `json:"password"`
	Nested   struct {
		PrivateMetadata map[string]string `json:"private_metadata"`
	} `json:"nested"`
	Key secret `json:"key"`
}

// L-01: whatever is secret by its name, its type or its form stays out of the log.
func TestRedact(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), "GET", "https://example.com/?q="+canary, strings.NewReader(canary))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+canary)
	address, err := url.Parse("https://user:" + canary + "@example.com/path?ticket=" + canary + "#" + canary)
	if err != nil {
		t.Fatal(err)
	}
	deep := profile{ID: "user_1", Password: canary, Key: canary}
	deep.Nested.PrivateMetadata = map[string]string{"note": canary}
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ." + canary

	tests := map[string]slog.Attr{
		"by_name":                     slog.String("password", canary),
		"by_name_in_camel_case":       slog.String("resetPassword", canary),
		"by_name_in_upper_case":       slog.String("SET-COOKIE", canary),
		"by_name_with_prefix":         slog.String("client_token", canary),
		"code":                        slog.Int("code", 424242),
		"code_in_words":               slog.String("code", canary),
		"authorization":               slog.String("Authorization", canary),
		"state":                       slog.String("state", canary),
		"nonce":                       slog.String("nonce", canary),
		"ticket":                      slog.String("ticket", canary),
		"body":                        slog.String("body", canary),
		"body_as_bytes":               slog.Any("request", []byte(canary)),
		"query":                       slog.String("raw_query", canary),
		"private_metadata":            slog.String("private_metadata", canary),
		"dsn":                         slog.String("dsn", canary),
		"group_by_name":               slog.Group("cookies", slog.String("a", canary)),
		"in_a_group":                  slog.Group("request", slog.String("token", canary)),
		"in_a_struct":                 slog.Any("user", deep),
		"in_a_pointer":                slog.Any("user", &deep),
		"in_a_map":                    slog.Any("user", map[string]any{"list": []any{map[string]any{"secret": canary}}}),
		"request":                     slog.Any("r", request),
		"headers":                     slog.Any("h", request.Header),
		"cookies":                     slog.Any("jar", []*http.Cookie{{Name: "a", Value: canary}}),
		"form":                        slog.Any("values", url.Values{"a": {canary}}),
		"URL":                         slog.Any("url", address),
		"URL_as_text":                 slog.String("url", address.String()),
		"path_with_query":             slog.String("path", "/v1/verify?token="+canary),
		"error_with_URL":              slog.Any("err", fmt.Errorf("get: %w", &url.Error{Op: "Get", URL: address.String(), Err: errors.New("refused")})),
		"error_with_connection_words": slog.Any("err", errors.New("connect host=db password="+canary+" sslmode=off")),
		"database_URL":                slog.String("where", "postgres://gatehouse:"+canary+"@db:5432/app"),
		"JWT_in_text":                 slog.String("msg", "refused "+jwt),
		"secret_key_in_text":          slog.String("msg", "used sk_live_"+canary),
		"webhook_secret_in_text":      slog.String("msg", "used whsec_"+canary),
		"bearer_in_text":              slog.String("msg", "sent bearer "+canary),
		"LogValuer":                   slog.Any("v", valuer{}),
		"channel":                     slog.Any("token", make(chan int)),
	}
	for name, attr := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(logging.Redact(slog.NewJSONHandler(&out, nil)))
			log.Info("event", attr)
			log.With(attr).Info("with")
			log.WithGroup("g").Info("group", attr)
			log.WithGroup("secret").With(slog.String("x", canary)).Info("secret group", slog.String("y", canary))
			log.Info("message with " + jwt)
			if strings.Contains(out.String(), canary) || strings.Contains(out.String(), "424242") {
				t.Errorf("leaked:\n%s", out.String())
			}
		})
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("password", canary)) }

// What an operator needs is still there.
func TestRedactKeeps(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(logging.Redact(slog.NewJSONHandler(&out, nil)))
	log.Info("request refused", "user_id", "user_1", "status", 401, "path", "/api/me", "code", "form_code_incorrect",
		"duration", time.Second, "err", errors.New("no rows"), "user", profile{ID: "user_2"}, "ok", true, "nothing", nil)
	for _, want := range []string{
		`"user_id":"user_1"`, `"status":401`, `"path":"/api/me"`, `"code":"form_code_incorrect"`,
		`"duration":1000000000`, `"err":"no rows"`, `"id":"user_2"`, `"ok":true`, `"nothing":null`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing from %s", want, out.String())
		}
	}
}

// Redact is a well-behaved slog.Handler.
func TestRedactIsAHandler(t *testing.T) {
	var out bytes.Buffer
	err := slogtest.TestHandler(logging.Redact(slog.NewJSONHandler(&out, nil)), func() []map[string]any {
		var records []map[string]any
		for line := range bytes.Lines(out.Bytes()) {
			var m map[string]any
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatal(err)
			}
			records = append(records, m)
		}
		return records
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRedactTwice(t *testing.T) {
	h := logging.Redact(slog.DiscardHandler)
	if logging.Redact(h) != h {
		t.Error("a redacting handler was wrapped again")
	}
}

func TestTerminal(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name  string
		level slog.Level
		msg   string
		attrs []slog.Attr
		want  string
	}{
		{"refused_request", slog.LevelInfo, "request refused", []slog.Attr{
			slog.Int("status", 401), slog.String("method", "GET"), slog.String("path", "/api/me"),
			slog.String("reason", "session_revoked"), slog.String("detail", "user deleted 0.2 s ago"),
		}, "03:04:05 401 GET /api/me  session_revoked (user deleted 0.2 s ago)\n"},
		{"request_without_reason", slog.LevelDebug, "request", []slog.Attr{
			slog.Int("status", 200), slog.String("method", "GET"), slog.String("path", "/"), slog.Int("duration_ms", 3),
		}, "03:04:05 DEBUG 200 GET / duration_ms=3\n"},
		{
			"plain", slog.LevelWarn, "mail not sent",
			[]slog.Attr{slog.String("err", "no route"), slog.Int("n", 2)},
			"03:04:05 WARN mail not sent err=\"no route\" n=2\n",
		},
		// L-03: nothing that a terminal would act on, nothing that forges a line.
		{
			"control_characters", slog.LevelInfo, "hello\x1b[31m\n401 GET / forged",
			[]slog.Attr{slog.String("name", "a\x1b]0;x\x07\r\nb\u202e")},
			`03:04:05 hello\x1b[31m\n401 GET / forged name="a\x1b]0;x\a\r\nb\u202e"` + "\n",
		},
		{"control_characters_in_the_path", slog.LevelInfo, "r", []slog.Attr{
			slog.Int("status", 404), slog.String("method", "GET"), slog.String("path", "/\x1b[2J\nx"),
		}, `03:04:05 404 GET /\x1b[2J\nx` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			r := slog.NewRecord(at, tt.level, tt.msg, 0)
			r.AddAttrs(tt.attrs...)
			if err := logging.Terminal(&out, slog.LevelDebug).Handle(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.want {
				t.Errorf("got  %q\nwant %q", out.String(), tt.want)
			}
		})
	}
}

func TestTerminalGroupsAndLevel(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(logging.Terminal(&out, nil)).With("a", 1).WithGroup("g").With("b", 2)
	log.Debug("hidden")
	log.Info("shown", "c", 3, slog.Group("h", slog.Int("d", 4)))
	if got := out.String()[len("03:04:05 "):]; got != "shown a=1 g.b=2 g.c=3 g.h.d=4\n" {
		t.Errorf("got %q", got)
	}
}

func TestStoreURL(t *testing.T) {
	for url, want := range map[string]string{
		"":                                     "",
		"sqlite:.gatehouse/gatehouse.db":       "sqlite:.gatehouse/gatehouse.db",
		"sqlite:a.db?_key=canary7Zq":           "sqlite:a.db",
		"postgres://db:5432/app":               "postgres://db:5432/app",
		"postgres://u:canary7Zq@db/app":        "postgres://db/app",
		"postgres://db/app?password=canary7Zq": "postgres://db/app",
		"rediss://:canary7Zq@a:1,b:2/0":        "rediss://a:1,b:2/0",
		"redis://u:canary/7Zq@a/0":             "redis://[redacted]",
		"redis://u:canary@7Zq@a/0":             "redis://a/0",
		"unix:///run/redis.sock":               "unix:///run/redis.sock",
	} {
		if got := logging.StoreURL(url); got != want {
			t.Errorf("StoreURL(%q) = %q, want %q", url, got, want)
		}
	}
}
