package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrEviction is a Redis that drops keys when its memory is full: a dropped
// tombstone is a revoked session that lives again (D-03).
var ErrEviction = errors.New("redisstore: the maxmemory-policy of Redis must be noeviction")

// errUntold is a Redis that keeps its policy to itself.
var errUntold = errors.New("redisstore: no answer about the maxmemory-policy")

// check pings every master and checks its policy. Users of Redis that may run
// neither INFO nor CONFIG are served with a warning.
func (s *Store) check(ctx context.Context, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := s.Ping(ctx); err != nil {
		return err
	}
	err := s.eachMaster(ctx, checkEviction)
	if errors.Is(err, errUntold) {
		log.WarnContext(ctx, "cannot read the maxmemory-policy of Redis; it must be noeviction", "err", err)
		return nil
	}
	return err
}

func (s *Store) eachMaster(ctx context.Context, fn func(context.Context, redis.Cmdable) error) error {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return fn(ctx, master) })
	}
	return fn(ctx, s.client)
}

func checkEviction(ctx context.Context, master redis.Cmdable) error {
	policy, err := evictionPolicy(ctx, master)
	if err == nil && policy != "noeviction" {
		err = fmt.Errorf("%w, not %s", ErrEviction, policy)
	}
	return err
}

// evictionPolicy asks by INFO and, where that is denied or silent, by CONFIG.
func evictionPolicy(ctx context.Context, master redis.Cmdable) (string, error) {
	info, infoErr := master.Info(ctx, "memory").Result()
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); ok {
			return policy, nil
		}
	}
	config, configErr := master.ConfigGet(ctx, "maxmemory-policy").Result()
	if policy, ok := config["maxmemory-policy"]; ok {
		return policy, nil
	}
	return "", errors.Join(errUntold, infoErr, configErr)
}
