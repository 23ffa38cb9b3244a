package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// replaceClient stores ARGV[2] for ARGV[3] ms if the version is ARGV[1].
// 1 done, 0 another version, -1 no such client.
var replaceClient = redis.NewScript(`
local version = redis.call('GETRANGE', KEYS[1], 0, 7)
if version == '' then return -1 end
if version ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// CreateClient stores c. ErrConflict if its id is taken.
func (s *Store) CreateClient(ctx context.Context, c session.Client) error {
	const op = "create client"
	if err := rules.NewClient(c); err != nil {
		return fail(op, err)
	}
	stored, err := s.client.SetNX(ctx, s.clientKey(c.ID), packClient(c), ttl(c.ExpireAt)).Result()
	if err = answer(ctx, err); err == nil && !stored {
		err = session.ErrConflict
	}
	return fail(op, err)
}

// Client implements session.ClientStore.
func (s *Store) Client(ctx context.Context, id session.ClientID) (session.Client, error) {
	c, err := s.getClient(ctx, id)
	return c, fail("get client", err)
}

func (s *Store) getClient(ctx context.Context, id session.ClientID) (session.Client, error) {
	if !rules.ClientID(id) {
		return session.Client{}, session.ErrNotFound
	}
	b, err := s.client.Get(ctx, s.clientKey(id)).Bytes()
	if err := answer(ctx, err); errors.Is(err, redis.Nil) {
		return session.Client{}, session.ErrNotFound
	} else if err != nil {
		return session.Client{}, err
	}
	c, err := unpackClient(id, b)
	if err != nil {
		return session.Client{}, errors.Join(session.ErrNotFound, err)
	}
	return c, nil
}

// UpdateClient implements session.ClientStore.
func (s *Store) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	var packed []byte
	err := tryAgain(func() error {
		current, err := s.getClient(ctx, id)
		if err != nil {
			return err
		}
		next, err := rules.UpdateClient(current, fn)
		if err != nil {
			return err
		}
		packed = packClient(next)
		done, err := replaceClient.Run(ctx, s.scripts, []string{s.clientKey(id)},
			packVersion(current.Version), packed, ttl(next.ExpireAt).Milliseconds()).Int()
		return replaced(done, answer(ctx, err))
	})
	if err != nil {
		return session.Client{}, fail("update client", err)
	}
	return unpackClient(id, packed)
}

// replaced says what a script that compares and sets has answered.
func replaced(done int, err error) error {
	switch {
	case err != nil:
		return err
	case done < 0:
		return session.ErrNotFound
	case done == 0:
		return errLost
	}
	return nil
}

// DeleteClient implements session.ClientStore. Deleting what is not there is no error.
func (s *Store) DeleteClient(ctx context.Context, id session.ClientID) error {
	if !rules.ClientID(id) {
		return nil
	}
	return fail("delete client", answer(ctx, s.client.Del(ctx, s.clientKey(id)).Err()))
}
