package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrImpersonated means that an impersonated session may not do this.
var ErrImpersonated = errors.New("session: impersonated")

// idleWrite is how often minting records that a session with an idle limit is in
// use, at most; a tenth of the limit if that is less.
const idleWrite = 5 * time.Minute

// Get returns the session with its status brought up to date. ErrNotFound for
// unknown and malformed ids.
func (s *Service) Get(ctx context.Context, id ID) (Session, error) {
	if !id.valid() {
		return Session{}, ErrNotFound
	}
	ss, err := s.cfg.Sessions.Get(ctx, id)
	if err != nil {
		return Session{}, wrap("session", err)
	}
	return s.upToDate(ss, s.now()), nil
}

// OfClient returns the client's sessions, oldest first, status brought up to date
// (expired ones say so); removed ones are gone. Sessions that the caller has just read
// are taken as they are.
func (s *Service) OfClient(ctx context.Context, c Client, read ...Session) ([]Session, error) {
	of := func(id ID) func(Session) bool { return func(ss Session) bool { return ss.ID == id } }
	missing := slices.DeleteFunc(slices.Clone(c.SessionIDs), func(id ID) bool { return slices.ContainsFunc(read, of(id)) })
	if len(missing) > 0 {
		found, err := s.cfg.Sessions.GetMany(ctx, missing)
		if err != nil {
			return nil, wrap("sessions of client", err)
		}
		read = append(slices.Clip(read), found...)
	}
	var sessions []Session
	for _, id := range c.SessionIDs {
		i := slices.IndexFunc(read, of(id))
		if i >= 0 && read[i].Status != StatusRemoved && read[i].ClientID == c.ID {
			sessions = append(sessions, read[i])
		}
	}
	return s.allUpToDate(sessions), nil
}

// OfUser returns the user's sessions, newest first, status brought up to date.
func (s *Service) OfUser(ctx context.Context, userID string) ([]Session, error) {
	sessions, err := s.cfg.Sessions.OfUser(ctx, userID)
	if err != nil {
		return nil, wrap("sessions of user", err)
	}
	return s.allUpToDate(sessions), nil
}

func (s *Service) allUpToDate(sessions []Session) []Session {
	now := s.now()
	for i := range sessions {
		sessions[i] = s.upToDate(sessions[i], now)
	}
	return sessions
}

// causeKeyRevoked is why sessions end that began before a signing key was revoked.
const causeKeyRevoked = "signing key revoked"

// upToDate gives a session that reached a limit the status that says so (S-07), and one
// that began before a signing key was revoked.
func (s *Service) upToDate(ss Session, now time.Time) Session {
	switch {
	case ss.Status != StatusActive && ss.Status != StatusPending:
	case !now.Before(ss.AbandonAt):
		ss.Status, ss.Cause = StatusAbandoned, "abandoned"
	case !now.Before(ss.ExpireAt):
		ss.Status, ss.Cause = StatusExpired, "expired"
	case s.idleLimit(ss) > 0 && !now.Before(ss.LastActiveAt.Add(s.idleLimit(ss))):
		ss.Status, ss.Cause = StatusExpired, "idle for too long"
	case !ss.CreatedAt.After(s.cfg.Keys.sessionsEndedAt()):
		ss.Status, ss.Cause = StatusRevoked, causeKeyRevoked
	}
	return ss
}

// impersonationLife is how long a session with an Actor lasts at most.
const impersonationLife = 30 * time.Minute

// impersonationIdle is the idle limit of a session with an Actor, unless Config has a
// shorter one for all.
const impersonationIdle = 10 * time.Minute

// idleLimit is how long a session may go unused, 0 for as long as it lives.
func (s *Service) idleLimit(ss Session) time.Duration {
	switch limit := s.cfg.IdleTimeout; {
	case ss.Actor == nil:
		return limit
	case limit == 0:
		return impersonationIdle
	default:
		return min(limit, impersonationIdle)
	}
}

// live returns ErrNotActive with the cause unless the session may be used at now.
func (s *Service) live(ss Session, now time.Time) error {
	if ss = s.upToDate(ss, now); !ss.Live(now) {
		return fmt.Errorf("%w: %s", ErrNotActive, ss.Status)
	}
	return nil
}

// Touch marks the session active now, the client's last active one if sel, and stores
// what was seen, if anything. ErrNotActive for a dead session, ErrNotFound for one of another client.
func (s *Service) Touch(ctx context.Context, c ClientID, id ID, sel bool, seen Activity) (Session, error) {
	if !c.valid() || !id.valid() {
		return Session{}, ErrNotFound
	}
	now := s.now()
	ss, err := s.cfg.Sessions.Update(ctx, id, func(ss *Session) error {
		if ss.ClientID != c {
			return ErrNotFound
		}
		if err := s.live(*ss, now); err != nil {
			return err
		}
		if seen != (Activity{}) {
			activity := seen
			activity.ID = ss.Activity.ID
			ss.Activity = activity
		}
		ss.LastActiveAt = now
		grow(ss, now)
		return nil
	})
	if err != nil {
		return Session{}, wrap("touch session", err)
	}
	if !sel {
		return ss, nil
	}
	_, err = s.updateClient(ctx, c, now, func(c *Client) error {
		if c.LastActiveSessionID == id {
			return errUnchanged
		}
		c.LastActiveSessionID = id
		c.AuthChangedAt = ss.UpdatedAt
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return Session{}, wrap("touch session", err)
	}
	return ss, nil
}

// errUnchanged ends an update that would write what is there.
var errUnchanged = errors.New("session: unchanged")

// grow moves UpdatedAt on. Tokens of the session from now on are not older.
func grow(ss *Session, now time.Time) {
	if now.After(ss.UpdatedAt) {
		ss.UpdatedAt = now
	}
}

// Reverified records that a factor was proved again just now. ErrNotActive,
// ErrNotFound, and ErrImpersonated for a session with an Actor (M-06).
func (s *Service) Reverified(ctx context.Context, id ID, first, second bool) (Session, error) {
	if !id.valid() {
		return Session{}, ErrNotFound
	}
	now := s.now()
	ss, err := s.cfg.Sessions.Update(ctx, id, func(ss *Session) error {
		if err := s.live(*ss, now); err != nil {
			return err
		}
		if ss.Actor != nil {
			return ErrImpersonated
		}
		if first {
			ss.FirstFactorAt = now
		}
		if second {
			ss.SecondFactorAt = now
		}
		ss.LastActiveAt = now
		grow(ss, now)
		return nil
	})
	return ss, wrap("record verification", err)
}

// recordUse keeps a session with an idle limit alive when a token is minted, by a
// write now and then.
func (s *Service) recordUse(ctx context.Context, ss Session, now time.Time) error {
	limit := s.idleLimit(ss)
	if limit == 0 || now.Before(ss.LastActiveAt.Add(min(idleWrite, limit/10))) {
		return nil
	}
	_, err := s.cfg.Sessions.Update(ctx, ss.ID, func(ss *Session) error {
		if err := s.live(*ss, now); err != nil {
			return err
		}
		if now.After(ss.LastActiveAt) {
			ss.LastActiveAt = now
		}
		return nil
	})
	return err
}
