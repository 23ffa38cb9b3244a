package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// RevokeUsers implements session.SessionStore: two pipelines and the log. Where an index
// has changed between them, or a node has forgotten the script, the user is revoked alone.
func (s *Store) RevokeUsers(ctx context.Context, userIDs []string, r session.UserRevocation) (turned []session.ID, err error) {
	const op = "revoke sessions of users"
	r.Except = ""
	for _, id := range userIDs {
		if !rules.UserID(id) {
			return nil, fail(op, session.ErrNotFound)
		}
	}
	if len(userIDs) == 0 {
		return nil, nil
	}
	indexes, err := s.indexes(ctx, userIDs)
	if err != nil {
		return nil, fail(op, err)
	}
	calls := make([]*redis.Cmd, len(userIDs))
	pipe := s.client.Pipeline()
	for n, id := range userIDs {
		keys, args := s.revokeUserCall(id, r, indexes[n])
		calls[n] = revokeUser.EvalSha(ctx, pipe, keys, args...)
	}
	_, _ = pipe.Exec(ctx) // each call has its own error
	var records []session.RevocationRecord
	var alone []string
	var failures []error
	for n, id := range userIDs {
		done, ids, err := revokedCall(ctx, id, calls[n])
		switch {
		case redis.HasErrorPrefix(err, "NOSCRIPT"), err == nil && !done:
			alone = append(alone, id)
		case err != nil:
			failures = append(failures, err)
		default:
			records = append(records, rules.UserRevoked(id, r))
			for _, one := range ids {
				records = append(records, rules.SessionRevoked(one, r.At, r.Cause))
			}
			turned = append(turned, ids...)
		}
	}
	// What was done is in the log, whatever else failed.
	failures = append(failures, s.logAnnounced(ctx, records))
	for _, id := range alone {
		ids, err := s.RevokeUser(ctx, id, r)
		turned = append(turned, ids...)
		failures = append(failures, err)
	}
	if err := errors.Join(failures...); err != nil {
		return nil, fail(op, err)
	}
	return turned, nil
}

// indexes returns the index of each user, in the order asked.
func (s *Store) indexes(ctx context.Context, userIDs []string) ([][]string, error) {
	calls := make([]*redis.StringSliceCmd, len(userIDs))
	pipe := s.client.Pipeline()
	for n, id := range userIDs {
		calls[n] = pipe.ZRange(ctx, s.indexKey(session.Bucket(id), bareUser(id)), 0, -1)
	}
	_, _ = pipe.Exec(ctx) // each call has its own error
	all := make([][]string, len(userIDs))
	for n, call := range calls {
		index, err := call.Result()
		if err := answer(ctx, err); err != nil {
			return nil, err
		}
		all[n] = index
	}
	return all, nil
}

// revokedCall reads the answer of the script revokeUser: whether it knew all sessions of
// the index, and which it turned.
func revokedCall(ctx context.Context, userID string, call *redis.Cmd) (done bool, turned []session.ID, err error) {
	reply, err := call.Slice()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return false, nil, err
	}
	if err := answer(ctx, err); err != nil {
		return false, nil, err
	}
	done, names, err := revokeReply(reply)
	if err != nil || !done {
		return false, nil, err
	}
	bucket := session.Bucket(userID)
	for _, rest := range names {
		if id := joinID(bucket, rest); rules.SessionID(id) { // D-06: the index may name anything
			turned = append(turned, id)
		}
	}
	return true, turned, nil
}
