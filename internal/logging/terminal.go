package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Names that a record carries for Terminal to write it as one request line:
//
//	401 GET /api/me  session_revoked (user deleted 0.2 s ago)
const (
	KeyStatus = "status"
	KeyMethod = "method"
	KeyPath   = "path"
	KeyReason = "reason"
	KeyDetail = "detail"
)

// terminal writes records for people: a time of day, the level unless it is
// info, the message, then key=value pairs.
type terminal struct {
	mu     *sync.Mutex
	w      io.Writer
	level  slog.Leveler
	prefix string // of keys: the open groups
	attrs  []slog.Attr
}

// Terminal returns a handler that writes one line per record to w. Records below
// level are dropped; nil means info. Values with blanks, quotes or characters
// that a terminal would act on are quoted (L-03).
func Terminal(w io.Writer, level slog.Leveler) slog.Handler {
	if level == nil {
		level = slog.LevelInfo
	}
	return &terminal{mu: new(sync.Mutex), w: w, level: level}
}

func (h *terminal) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *terminal) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	c.attrs = append(c.attrs[:len(c.attrs):len(c.attrs)], flatten(h.prefix, attrs)...)
	return &c
}

func (h *terminal) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	return &c
}

func (h *terminal) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs[:len(h.attrs):len(h.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, flatten(h.prefix, []slog.Attr{a})...)
		return true
	})
	var b strings.Builder
	if !r.Time.IsZero() {
		b.WriteString(r.Time.Format(time.TimeOnly))
		b.WriteByte(' ')
	}
	if r.Level != slog.LevelInfo {
		b.WriteString(r.Level.String())
		b.WriteByte(' ')
	}
	if line, rest, ok := requestLine(attrs); ok {
		b.WriteString(line)
		attrs = rest
	} else {
		b.WriteString(printable(r.Message))
	}
	for _, a := range attrs {
		fmt.Fprintf(&b, " %s=%s", printable(a.Key), value(a.Value))
	}
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

// requestLine joins status, method and path, and the reason if there is one, and
// returns the attributes that are left. ok is false if it is no request's record.
func requestLine(attrs []slog.Attr) (line string, rest []slog.Attr, ok bool) {
	part := map[string]string{}
	for _, a := range attrs {
		switch a.Key {
		case KeyStatus, KeyMethod, KeyPath, KeyReason, KeyDetail:
			part[a.Key] = printable(a.Value.String())
		default:
			rest = append(rest, a)
		}
	}
	if part[KeyStatus] == "" || part[KeyMethod] == "" || part[KeyPath] == "" {
		return "", attrs, false
	}
	line = part[KeyStatus] + " " + part[KeyMethod] + " " + part[KeyPath]
	if part[KeyReason] != "" {
		line += "  " + part[KeyReason]
	}
	if part[KeyDetail] != "" {
		line += " (" + part[KeyDetail] + ")"
	}
	return line, rest, true
}

// flatten resolves values and turns groups into dotted keys.
func flatten(prefix string, attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		v := a.Value.Resolve()
		switch {
		case v.Kind() == slog.KindGroup && a.Key == "":
			out = append(out, flatten(prefix, v.Group())...)
		case v.Kind() == slog.KindGroup:
			out = append(out, flatten(prefix+a.Key+".", v.Group())...)
		case a.Key == "" && v.Equal(slog.Value{}):
		default:
			out = append(out, slog.Attr{Key: prefix + a.Key, Value: v})
		}
	}
	return out
}

// value quotes what would not read as one word.
func value(v slog.Value) string {
	text := v.String()
	if v.Kind() == slog.KindTime {
		text = v.Time().Format(time.RFC3339)
	}
	if text == "" || strings.ContainsAny(text, " =\"") || printable(text) != text {
		return strconv.Quote(text)
	}
	return text
}

// printable escapes every character that is not printed: control characters,
// ESC, line ends, invisible and direction-changing ones, invalid UTF-8 (L-03).
func printable(text string) string {
	for _, r := range text {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			quoted := strconv.Quote(text)
			return quoted[1 : len(quoted)-1]
		}
	}
	return text
}
