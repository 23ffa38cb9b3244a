package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// End ends one session of a client with status ended or removed; a removed one also
// leaves the client's list. Ending a dead one is no error. ErrNotFound for a session
// of another client.
func (s *Service) End(ctx context.Context, c ClientID, id ID, status Status) (Session, error) {
	if status != StatusEnded && status != StatusRemoved {
		return Session{}, fmt.Errorf("session: End with status %q, want ended or removed", status)
	}
	if !c.valid() || !id.valid() {
		return Session{}, ErrNotFound
	}
	ss, err := s.finish(ctx, id, status, "signed out", func(ss Session) error {
		if ss.ClientID != c {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return Session{}, wrap("end session", err)
	}
	var removed []ID
	if status == StatusRemoved {
		removed = []ID{id}
	}
	_, err = s.settle(ctx, c, removed)
	return ss, wrap("end session", err)
}

// EndAll ends every session of the client, takes them off its list and keeps the client.
func (s *Service) EndAll(ctx context.Context, c ClientID) (Client, error) {
	client, err := s.Client(ctx, c)
	if err != nil {
		return Client{}, wrap("end all sessions", err)
	}
	for _, id := range client.SessionIDs {
		_, err := s.finish(ctx, id, StatusRemoved, "signed out", nil)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Client{}, wrap("end all sessions", err)
		}
	}
	client, err = s.settle(ctx, c, client.SessionIDs)
	return client, wrap("end all sessions", err)
}

// Revoke ends any session by id with status revoked (operators, "revoke this
// device"). Revoking a dead one is no error.
func (s *Service) Revoke(ctx context.Context, id ID, cause string) (Session, error) {
	if !id.valid() {
		return Session{}, ErrNotFound
	}
	ss, err := s.finish(ctx, id, StatusRevoked, cause, nil)
	if err != nil {
		return Session{}, wrap("revoke session", err)
	}
	if _, err := s.settle(ctx, ss.ClientID, nil); err != nil && !errors.Is(err, ErrNotFound) {
		return Session{}, wrap("revoke session", err)
	}
	return ss, nil
}

// finish gives a session its last status and makes the tokens already minted from it
// dead on every node. It does not touch the client. check may refuse.
func (s *Service) finish(ctx context.Context, id ID, status Status, cause string, check func(Session) error) (Session, error) {
	intent, err := s.intend(ctx, false, id, "")
	if err != nil {
		return Session{}, err
	}
	now := s.now()
	ss, err := s.cfg.Sessions.Update(ctx, id, func(ss *Session) error {
		if check != nil {
			if err := check(*ss); err != nil {
				return err
			}
		}
		switch {
		case ss.Status == StatusActive || ss.Status == StatusPending:
			ss.Cause = cause
			grow(ss, now)
		case status == StatusRemoved && ss.Status != StatusRemoved:
		default:
			return errUnchanged
		}
		ss.Status = status
		return nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		s.conclude(intent, "")
		return s.finishAgain(ctx, id, now)
	case errors.Is(err, ErrNotFound):
		s.conclude(intent, "")
		return Session{}, err
	case err != nil:
		return Session{}, err
	}
	s.conclude(intent, "", ss)
	s.revoked.add(RevocationRecord{SessionID: id, At: now, Cause: ss.Cause}, now)
	s.log.InfoContext(ctx, "session ended", "user_id", ss.UserID, "session_id", ss.ID, "status", ss.Status, "cause", cause)
	return ss, nil
}

// finishAgain publishes the end of a session that is dead already: where the log is not
// written in the same step, whoever ended it may have failed in between.
func (s *Service) finishAgain(ctx context.Context, id ID, now time.Time) (Session, error) {
	ss, err := s.cfg.Sessions.Get(ctx, id)
	if err != nil {
		return Session{}, err
	}
	if now.Before(ss.UpdatedAt.Add(s.revoked.keep)) {
		err = s.publish(context.WithoutCancel(ctx), RevocationRecord{SessionID: id, At: now, Cause: ss.Cause})
	}
	return ss, err
}

// settle brings the client's record in line with its sessions after some have ended:
// removed ones leave the list, the last active one is live, and AuthChangedAt is no
// later than any token of that session minted from now on.
func (s *Service) settle(ctx context.Context, id ClientID, removed []ID) (Client, error) {
	c, err := s.Client(ctx, id)
	if err != nil {
		return Client{}, err
	}
	sessions, err := s.OfClient(ctx, c)
	if err != nil {
		return Client{}, err
	}
	next, err := s.refresh(ctx, lastActive(c, sessions, s.now()))
	if err != nil {
		return Client{}, err
	}
	known := c.SessionIDs
	return s.updateClient(ctx, id, s.now(), func(c *Client) error {
		c.SessionIDs = slices.DeleteFunc(slices.Clone(c.SessionIDs), func(id ID) bool { return slices.Contains(removed, id) })
		if last := c.LastActiveSessionID; last != "" && !slices.Contains(known, last) {
			return nil // a sign-in meanwhile has set the rest
		}
		c.LastActiveSessionID = next.ID
		c.AuthChangedAt = next.UpdatedAt
		return nil
	})
}

// refresh makes the tokens minted from now on new ones: they may not be older than
// the client's AuthChangedAt. It returns the zero Session for one that died meanwhile.
func (s *Service) refresh(ctx context.Context, ss Session) (Session, error) {
	if ss.ID == "" {
		return Session{}, nil
	}
	now := s.now()
	ss, err := s.cfg.Sessions.Update(ctx, ss.ID, func(ss *Session) error {
		if err := s.live(*ss, now); err != nil {
			return err
		}
		grow(ss, now)
		return nil
	})
	if errors.Is(err, ErrNotActive) || errors.Is(err, ErrNotFound) {
		return Session{}, nil
	}
	return ss, err
}

// lastActive returns the client's last active session if it is live, else the live one
// that was used last, else the zero Session.
func lastActive(c Client, sessions []Session, now time.Time) Session {
	var best Session
	for _, ss := range sessions {
		switch {
		case !ss.Live(now):
		case ss.ID == c.LastActiveSessionID:
			return ss
		case best.ID == "" || ss.LastActiveAt.After(best.LastActiveAt):
			best = ss
		}
	}
	return best
}

// deadOf returns those of ids that are not live or gone.
func (s *Service) deadOf(ctx context.Context, ids []ID) ([]ID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	sessions, err := s.cfg.Sessions.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return slices.DeleteFunc(slices.Clone(ids), func(id ID) bool {
		return slices.ContainsFunc(sessions, func(ss Session) bool { return ss.ID == id && s.live(ss, now) == nil })
	}), nil
}

// RevokeUser ends every session of a user but except, and leaves a tombstone, so that
// no sign-in under way slips through. Tokens already minted are refused by every
// node. It may be called again after an error.
func (s *Service) RevokeUser(ctx context.Context, userID, cause string, except ID) error {
	if except != "" && !except.valid() {
		return fmt.Errorf("revoke user: except: %w", ErrNotFound)
	}
	return wrap("revoke user", s.revokeUser(ctx, userID, cause, except, 0))
}

// ExcludeUser is RevokeUser for a user who may not sign in any more. It also stops
// sign-ins on nodes whose clock is up to 10 s ahead of this one's; who is let in again
// sooner has to wait for as long.
func (s *Service) ExcludeUser(ctx context.Context, userID, cause string) error {
	return wrap("exclude user", s.revokeUser(ctx, userID, cause, "", clockSkew))
}

// ExcludeUsers is ExcludeUser for up to 1000 users, in few round trips. After an error some
// may be excluded and others not; it may be called again.
func (s *Service) ExcludeUsers(ctx context.Context, userIDs []string, cause string) error {
	now := s.now()
	ids, err := s.cfg.Sessions.RevokeUsers(ctx, userIDs, UserRevocation{
		At: now, Through: now.Add(clockSkew), KeepUntil: now.Add(s.cfg.Lifetime + tombstoneSlack), Cause: cause,
	})
	if err != nil {
		return wrap("exclude users", err)
	}
	for _, id := range userIDs {
		s.revoked.add(RevocationRecord{UserID: id, At: now, Cause: cause}, now)
	}
	for _, id := range ids {
		s.revoked.add(RevocationRecord{SessionID: id, At: now, Cause: cause}, now)
	}
	s.log.InfoContext(ctx, "sessions of users revoked", "users", len(userIDs), "sessions", len(ids), "cause", cause)
	return nil
}

// clockSkew is how far the clocks of two nodes may differ.
const clockSkew = 10 * time.Second

func (s *Service) revokeUser(ctx context.Context, userID, cause string, except ID, ahead time.Duration) error {
	if userID == "" {
		return errors.New("no user id")
	}
	intent, err := s.intend(ctx, false, "", userID)
	if err != nil {
		return err
	}
	now := s.now()
	ids, err := s.cfg.Sessions.RevokeUser(ctx, userID, UserRevocation{
		At: now, Through: now.Add(ahead), KeepUntil: now.Add(s.cfg.Lifetime + tombstoneSlack), Cause: cause, Except: except,
	})
	if err != nil {
		return err
	}
	s.revoked.add(RevocationRecord{UserID: userID, Except: except, At: now, Cause: cause}, now)
	for _, id := range ids {
		s.revoked.add(RevocationRecord{SessionID: id, At: now, Cause: cause}, now)
	}
	s.concludeAll(ctx, intent, ids)
	s.log.InfoContext(ctx, "sessions of user revoked", "user_id", userID, "sessions", len(ids), "cause", cause)
	return nil
}

// concludeAll concludes the end of sessions of one user; where they cannot be read, whoever
// finds the intent later does it.
func (s *Service) concludeAll(ctx context.Context, i Intent, ids []ID) {
	if i.ID == "" {
		return
	}
	var ended []Session
	if len(ids) > 0 {
		var err error
		if ended, err = s.cfg.Sessions.GetMany(ctx, ids); err != nil {
			return
		}
	}
	s.conclude(i, "", ended...)
}

// tombstoneSlack is how much longer than a session a tombstone is kept: as long as a
// sign-up that began before it may take.
const tombstoneSlack = 24 * time.Hour
