package flow

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// sendLimits bound how often something is sent to one destination, whoever asks (E-02).
var sendLimits = []struct {
	name   string
	limit  int
	window time.Duration
}{
	{"hour", 5, time.Hour},
	{"day", 15, 24 * time.Hour},
}

// preparesPerMinute bounds how often one client may ask for something to be sent.
const preparesPerMinute = 5

// allowSend counts one message to a destination on behalf of a client: *Error
// too_many_requests when either had enough. Where identifiers are hidden that is told by
// what was typed; a destination that had enough by another identifier gets nothing
// more, which reaches says and nobody else.
func (e *Engine) allowSend(ctx context.Context, c session.ClientID, to destination, now time.Time) (reaches bool, err error) {
	if err := e.take(ctx, "flow:prepare:client:"+string(c), preparesPerMinute, time.Minute, now); err != nil {
		return false, err
	}
	if to.typed == "" {
		err := e.countSend(ctx, "flow:send:", e.nameOf(to.key), now)
		return err == nil, err
	}
	if err := e.countSend(ctx, "flow:asked:", to.typed, now); err != nil {
		return false, err
	}
	reaches = true
	for _, l := range sendLimits { // all of them whatever the first says: the same work
		ok, _, err := e.limits.Take(ctx, "flow:send:"+l.name+":"+e.nameOf(to.key), l.limit, l.window, now)
		if err != nil {
			return false, err
		}
		reaches = reaches && ok
	}
	return reaches, nil
}

func (e *Engine) countSend(ctx context.Context, prefix, name string, now time.Time) error {
	for _, l := range sendLimits {
		if err := e.take(ctx, prefix+l.name+":"+name, l.limit, l.window, now); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) error {
	ok, after, err := e.limits.Take(ctx, key, limit, window, now)
	if err != nil {
		return err
	}
	if !ok {
		return tooMany("too_many_requests", after)
	}
	return nil
}
