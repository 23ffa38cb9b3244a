package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/gatehouse-dev/gatehouse/session"
)

// seat is the client that a step happens on.
type seat struct {
	client session.Client
	sent   string          // the cookie value the browser sent
	cookie *session.Cookie // a new value to set
	made   bool            // the client was made by this step
}

// seatOf returns the caller's client, making one if it has none.
func (e *Engine) seatOf(ctx context.Context, c Caller) (*seat, error) {
	if c.Client.ID != "" {
		return &seat{client: c.Client, sent: c.Cookie}, nil
	}
	client, cookie, err := e.sessions.NewClient(ctx)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &seat{client: client, cookie: &cookie, made: true}, nil
}

// outcome shows the seat.
func (s *seat) outcome() Outcome { return Outcome{Client: s.client, Cookie: s.cookie} }

// point makes an attempt the client's current one. Attempts of the other kind are
// dropped: a browser that comes back would take up the wrong one.
func (e *Engine) point(ctx context.Context, s *seat, signIn, signUp string) error {
	c, err := e.sessions.UpdateClient(ctx, s.client.ID, func(c *session.Client) error {
		c.SignInID, c.SignUpID = signIn, signUp
		return nil
	})
	if err != nil {
		return fmt.Errorf("update client: %w", err)
	}
	s.client = c
	return nil
}

// enter starts a session on the seat. The cookie is rotated first, so that a value
// planted before never names a signed-in client (S-04): it dies at once unless
// the client already had somebody signed in, whose other requests may be under way.
func (e *Engine) enter(ctx context.Context, s *seat, ns session.NewSession) (session.Session, error) {
	if !s.made {
		live, err := e.liveOn(ctx, s.client)
		if err != nil {
			return session.Session{}, err
		}
		if s.cookie, err = e.rotate(ctx, s.client.ID, s.sent, len(live) > 0); err != nil {
			return session.Session{}, err
		}
	}
	ns.ClientID = s.client.ID
	ss, err := e.sessions.Start(ctx, ns)
	if errors.Is(err, session.ErrUserRevoked) {
		return session.Session{}, &Error{Code: errUserGone.Code, Err: err}
	}
	if err != nil {
		return session.Session{}, fmt.Errorf("start session: %w", err)
	}
	e.event(ctx, "signed in", slog.String("user_id", ns.UserID), slog.String("session_id", string(ss.ID)),
		slog.String("client_id", string(s.client.ID)), slog.String("strategy", ns.Strategy))
	if ss.Actor != nil { // both ids, in one line
		e.event(ctx, "impersonation began", slog.String("user_id", ns.UserID), slog.String("session_id", string(ss.ID)),
			slog.String("actor_id", actorID(ss.Actor)))
	}
	return ss, nil
}

// liveOn returns the client's live sessions.
func (e *Engine) liveOn(ctx context.Context, c session.Client) ([]session.Session, error) {
	if c.ID == "" || len(c.SessionIDs) == 0 {
		return nil, nil
	}
	all, err := e.sessions.OfClient(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	now := e.now()
	live := all[:0:0]
	for _, ss := range all {
		if ss.Live(now) {
			live = append(live, ss)
		}
	}
	return live, nil
}

// mayEnter fails if the client is signed in already: session_creation_not_allowed while
// somebody acts as somebody else there (B-05), session_exists on a single-session
// instance, identifier_already_signed_in for the same user. userID
// is "" while nobody knows yet who it will be.
func (e *Engine) mayEnter(ctx context.Context, c session.Client, userID string, s Settings) error {
	live, err := e.liveOn(ctx, c)
	if err != nil {
		return err
	}
	return mayJoin(live, userID, s)
}

// mayJoin is mayEnter for a client with these live sessions.
func mayJoin(live []session.Session, userID string, s Settings) error {
	if slices.ContainsFunc(live, func(ss session.Session) bool { return ss.Actor != nil }) {
		return errSessionCreation
	}
	if s.SingleSession && len(live) > 0 {
		return errSessionExists
	}
	for _, ss := range live {
		if userID != "" && ss.UserID == userID {
			return &Error{Code: "identifier_already_signed_in", SessionID: ss.ID}
		}
	}
	return nil
}

// SignOut ends one session of the caller (status ended or removed) or, with id "",
// all of them. The cookie is rotated; the old value may be read for 10 s (S-04).
func (e *Engine) SignOut(ctx context.Context, c Caller, id session.ID, status session.Status) (session.Client, *session.Cookie, error) {
	client := c.Client
	if id == "" {
		after, err := e.sessions.EndAll(ctx, client.ID)
		if err != nil {
			return session.Client{}, nil, fmt.Errorf("end sessions: %w", err)
		}
		client = after
	} else {
		if _, err := e.sessions.End(ctx, client.ID, id, status); err != nil {
			return session.Client{}, nil, fmt.Errorf("end session: %w", err)
		}
		after, err := e.sessions.Client(ctx, client.ID)
		if err != nil {
			return session.Client{}, nil, fmt.Errorf("read client: %w", err)
		}
		client = after
	}
	cookie, err := e.rotate(ctx, client.ID, c.Cookie, true)
	if err != nil {
		return session.Client{}, nil, err
	}
	e.event(ctx, "signed out", slog.String("client_id", string(client.ID)), slog.String("session_id", string(id)))
	return client, cookie, nil
}

// rotate gives the client a new cookie. If another request did so meanwhile, its
// answer carries the new value: with grace there is nothing to set then, without
// it this step must not go on (session.ErrConflict).
func (e *Engine) rotate(ctx context.Context, id session.ClientID, old string, grace bool) (*session.Cookie, error) {
	cookie, err := e.sessions.RotateCookie(ctx, id, old, grace)
	if grace && errors.Is(err, session.ErrConflict) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rotate cookie: %w", err)
	}
	return &cookie, nil
}
