package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// How many live sessions there may be; Start ends the oldest beyond (S-13).
const (
	maxPerClient = 10
	maxPerUser   = 100
)

// abandonAfter is how long after its creation a session counts as abandoned, at least.
const abandonAfter = 30 * 24 * time.Hour

// StrategyTicket is the strategy of a sign-in that proves no factor.
const StrategyTicket = "ticket"

// NewSession is what Start needs.
type NewSession struct {
	ID       ID // from NewSessionID of the user; "" makes one
	ClientID ClientID
	UserID   string
	// AsOf is when the caller read that the user may sign in. A revocation of the
	// user at or after it that does not spare ID makes Start fail; the zero time makes
	// any do.
	AsOf     time.Time
	Strategy string // becomes the client's LastAuthenticationStrategy
	// FirstFactorAt zero means now, but stays never for the strategy "ticket" and with
	// an Actor: those prove no factor (M-06).
	FirstFactorAt  time.Time
	SecondFactorAt time.Time       // zero means never
	Actor          json.RawMessage // who acts in the user's name: the claim act, an object with a sub
	Activity       Activity
	// Lifetime 0 means Config.Lifetime, which it may not exceed. With an Actor it is 30
	// minutes at most, and ends with 10 minutes of doing nothing (B-05).
	Lifetime time.Duration
}

// Start signs a user in on a client: stores the session, makes it the client's last
// active one, bumps AuthChangedAt, and ends the oldest beyond 10 a client and 100 a
// user. ErrUserRevoked if the user was deleted, banned or revoked since AsOf,
// ErrNotFound for an unknown client.
func (s *Service) Start(ctx context.Context, ns NewSession) (Session, error) {
	ss, err := s.newSession(ns)
	if err != nil {
		return Session{}, err
	}
	c, err := s.Client(ctx, ns.ClientID)
	if err != nil {
		return Session{}, wrap("start session", err)
	}
	intent, err := s.intend(ctx, true, ss.ID, ss.UserID)
	if err != nil {
		return Session{}, wrap("start session", err)
	}
	if err := s.cfg.Sessions.Create(ctx, ss, ns.AsOf); err != nil {
		if errors.Is(err, ErrUserRevoked) {
			s.conclude(intent, "")
		}
		return Session{}, wrap("start session", err)
	}
	if err := s.join(ctx, c, ss, ns.Strategy); err != nil {
		// A session that no client holds must not live on.
		_, undone := s.finish(context.WithoutCancel(ctx), ss.ID, StatusAbandoned, "sign-in failed", nil)
		return Session{}, wrap("start session", errors.Join(err, undone))
	}
	s.conclude(intent, ns.Strategy, ss)
	if err := s.endOldestOfUser(ctx, ss.UserID); err != nil {
		return Session{}, wrap("start session", err)
	}
	s.log.InfoContext(ctx, "session started", "user_id", ss.UserID, "session_id", ss.ID, "client_id", ss.ClientID, "strategy", ns.Strategy)
	return ss, nil
}

func (s *Service) newSession(ns NewSession) (Session, error) {
	now := s.now()
	lifetime := cmp.Or(ns.Lifetime, s.cfg.Lifetime)
	if ns.Actor != nil {
		lifetime = min(lifetime, impersonationLife, s.cfg.Lifetime)
	}
	switch {
	case ns.UserID == "":
		return Session{}, errors.New("session: NewSession.UserID is required")
	case ns.ID != "" && !ns.ID.valid():
		return Session{}, fmt.Errorf("session: NewSession.ID: %w", ErrNotFound)
	case lifetime < 0 || lifetime > s.cfg.Lifetime:
		return Session{}, fmt.Errorf("session: NewSession.Lifetime is %v, want at most %v", lifetime, s.cfg.Lifetime)
	}
	actor, err := normalActor(ns.Actor)
	if err != nil {
		return Session{}, fmt.Errorf("session: NewSession.Actor: %w", err)
	}
	first := ns.FirstFactorAt
	if first.IsZero() && ns.Actor == nil && ns.Strategy != StrategyTicket {
		first = now
	}
	id := ns.ID
	if id == "" {
		id = NewSessionID(ns.UserID)
	}
	activity := ns.Activity
	if activity.ID == "" {
		activity.ID = random.ID("sact", now)
	}
	return Session{
		ID: id, ClientID: ns.ClientID, UserID: ns.UserID,
		Status: StatusActive, Actor: actor,
		FirstFactorAt: first, SecondFactorAt: ns.SecondFactorAt, Activity: activity,
		ExpireAt: now.Add(lifetime), AbandonAt: now.Add(max(lifetime, abandonAfter)),
		LastActiveAt: now, CreatedAt: now, UpdatedAt: now,
	}, nil
}

// normalActor checks the claim act (RFC 8693 §4.1) and writes it compactly, in UTF-8
// and without duplicate names, so that verifiers take it.
func normalActor(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var actor map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&actor); err != nil {
		return nil, errors.New("not a JSON object")
	}
	if sub, _ := actor["sub"].(string); sub == "" {
		return nil, errors.New("no sub")
	}
	return json.Marshal(actor)
}

// maxKnownUsers bounds Client.KnownUserIDs.
const maxKnownUsers = 8

// known returns the users with one more, who was the last to sign in.
func known(users []string, userID string) []string {
	users = slices.DeleteFunc(slices.Clone(users), func(id string) bool { return id == userID })
	users = append(users, userID)
	return users[max(0, len(users)-maxKnownUsers):]
}

// join makes ss the client's last active session, drops the dead ones from its list
// and ends the oldest beyond the bound.
func (s *Service) join(ctx context.Context, c Client, ss Session, strategy string) error {
	dead, err := s.deadOf(ctx, c.SessionIDs)
	if err != nil {
		return err
	}
	var surplus []ID
	_, err = s.updateClient(ctx, c.ID, s.now(), func(c *Client) error {
		ids := slices.DeleteFunc(slices.Clone(c.SessionIDs), func(id ID) bool { return slices.Contains(dead, id) })
		ids = append(ids, ss.ID)
		surplus = ids[:max(0, len(ids)-maxPerClient)]
		c.SessionIDs = ids[len(surplus):]
		c.LastActiveSessionID = ss.ID
		c.LastAuthenticationStrategy = strategy
		if !ss.FirstFactorAt.IsZero() { // a ticket, or somebody who acts as the user, has proved nothing
			c.KnownUserIDs = known(c.KnownUserIDs, ss.UserID)
		}
		c.AuthChangedAt = ss.UpdatedAt
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range surplus {
		if _, err := s.finish(ctx, id, StatusEnded, "too many sessions on the client", nil); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

func (s *Service) endOldestOfUser(ctx context.Context, userID string) error {
	sessions, err := s.OfUser(ctx, userID)
	if err != nil {
		return err
	}
	now, live := s.now(), 0
	for _, ss := range sessions { // newest first
		if !ss.Live(now) {
			continue
		}
		if live++; live > maxPerUser {
			if _, err := s.finish(ctx, ss.ID, StatusEnded, "too many sessions of the user", nil); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
	return nil
}
