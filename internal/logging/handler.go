// Package logging holds the slog handlers of the server: one that keeps secrets
// out of every record, and one that writes for a person at a terminal.
//
// Nothing that authenticates is ever logged, whoever passes it in: values under
// names such as "password", "token" or "cookie", request bodies, query strings,
// JWTs and secret keys inside other text (L-01). Control characters reach no
// terminal (L-03). Ids are logged.
package logging

import (
	"context"
	"log/slog"
)

// handler redacts what it hands on.
type handler struct{ next slog.Handler }

// Redact returns a handler that passes records to next without the secrets in
// them (L-01). Wrapping one twice is harmless.
func Redact(next slog.Handler) slog.Handler {
	if h, ok := next.(handler); ok {
		return h
	}
	return handler{next}
}

func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, scrub(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redact(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redact(a)
	}
	return handler{h.next.WithAttrs(clean)}
}

func (h handler) WithGroup(name string) slog.Handler {
	if secretKey(name) {
		// Everything added below a secret name is secret, so none of it is kept.
		return handler{discardAttrs(h)}
	}
	return handler{h.next.WithGroup(name)}
}

// discardAttrs drops every attribute and keeps the message.
type discardAttrs struct{ next slog.Handler }

func (h discardAttrs) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h discardAttrs) Handle(ctx context.Context, r slog.Record) error {
	return h.next.Handle(ctx, slog.NewRecord(r.Time, r.Level, r.Message, r.PC))
}
func (h discardAttrs) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h discardAttrs) WithGroup(string) slog.Handler      { return h }
