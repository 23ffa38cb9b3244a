package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
)

// scripts runs scripts on a client, each once: a Cluster's client would send what was
// cut off again, and what was counted or replaced, and then not heard of, must not be
// counted or replaced twice. Where a command moved to another node is no such case.
type scripts struct{ redis.UniversalClient }

func (s scripts) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return s.run(ctx, "eval", script, keys, args)
}

func (s scripts) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return s.run(ctx, "evalsha", hash, keys, args)
}

func (s scripts) run(ctx context.Context, name, script string, keys []string, args []any) *redis.Cmd {
	words := []any{name, script, len(keys)}
	for _, key := range keys {
		words = append(words, key)
	}
	cmd := redis.NewCmd(ctx, append(words, args...)...)
	cmd.SetFirstKeyPos(3)
	_ = s.Process(ctx, once{cmd}) // cmd has the error
	return cmd
}

// once is a command that is sent again only if it was not carried out.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

// answer returns what err, of a command to Redis, means: redis.Nil as it is, a
// caller that gave up as context.Canceled, a reply of Redis about this command as
// it is, and all else as a Redis that is away.
func answer(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(context.Canceled, err)
	}
	if reply, ok := errors.AsType[redis.Error](err); ok {
		word, _, _ := strings.Cut(reply.Error(), " ")
		switch word {
		case "LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "READONLY", "NOREPLICAS", "MISCONF", "OOM", "BUSY", "NOAUTH", "WRONGPASS":
		default:
			return err
		}
	}
	return fmt.Errorf("%w: %w", session.ErrUnavailable, err)
}
