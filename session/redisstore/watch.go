package redisstore

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
)

// silence is how long a watched connection may say nothing before it is asked whether
// it lives, and then before it is given up.
const silence = time.Second

// WatchRevocations implements session.RevocationWatcher, by a subscription to the
// channel "r". On Cluster every node hands on what is published on any.
func (s *Store) WatchRevocations(ctx context.Context, listening func(), fn func(session.RevocationRecord)) error {
	const op = "watch revocations"
	sub := s.client.Subscribe(ctx, s.channel())
	defer sub.Close()
	defer context.AfterFunc(ctx, func() { sub.Close() })()
	asked := false
	for {
		message, err := sub.ReceiveTimeout(ctx, silence)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if isTimeout(err) && !asked {
			asked, err = true, sub.Ping(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return fail(op, answer(ctx, err))
		}
		asked = false
		switch m := message.(type) {
		case *redis.Subscription:
			listening()
		case *redis.Message:
			if r, err := unpackRevocation(m.Payload); err == nil { // a stranger's words are passed over
				fn(r)
			}
		}
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
