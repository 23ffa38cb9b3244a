package session

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// MaxTokenSize is the longest token that is made, in bytes: it leaves room for a
// cookie's name and attributes below the 4096 that browsers take.
const MaxTokenSize = 3800

const (
	// notBefore is how far back nbf lies, for verifiers whose clock is behind.
	notBefore = 10 * time.Second
	// reuseAbove is how much life the last token of a session must have left to be
	// handed out again.
	reuseAbove = 30 * time.Second
	// tokenVersion is the claim v.
	tokenVersion = 2
)

// Mint returns a token for a session of the client that sent cookie: ErrNotFound,
// ErrNotActive. A cookie rotated less than 10 s ago still mints for the sessions that
// were there when it was, since minting only reads (S-04). azp is the request's Origin, "" leaves the claim out.
//
// One round trip to the store, which alone decides. The last token of the session is
// returned again while it has 30 s or more left and nothing about the session changed.
//
// It counts the events against their limits in that same round trip, whatever comes of
// the mint: *LimitError if one has no room.
func (s *Service) Mint(ctx context.Context, cookie string, id ID, azp string, events ...Event) (string, error) {
	v, ok := parseCookie(cookie)
	if !ok {
		return s.mintFor(ctx, "", "", id, azp, events...)
	}
	return s.mintFor(ctx, v.token(), v.client, id, azp, events...)
}

// mintFor is Mint for a cookie of the client that stores know as token.
func (s *Service) mintFor(ctx context.Context, token string, client ClientID, id ID, azp string, events ...Event) (string, error) {
	ss, now, err := s.load(ctx, token, client, id, events...)
	if err != nil {
		return "", wrap("mint", err)
	}
	minted, err := s.mint(ctx, ss, azp, now)
	return minted, wrap("mint", err)
}

// loadFor reads a session of the client that sent cookie, dead or alive, in one round
// trip, and counts the events in it.
func (s *Service) loadFor(ctx context.Context, cookie string, id ID, events ...Event) (ss Session, now time.Time, err error) {
	v, ok := parseCookie(cookie)
	if !ok {
		return s.load(ctx, "", "", id, events...)
	}
	return s.load(ctx, v.token(), v.client, id, events...)
}

// load is loadFor for a cookie of the client that stores know as token.
func (s *Service) load(ctx context.Context, token string, client ClientID, id ID, events ...Event) (ss Session, now time.Time, err error) {
	if len(events) == 0 && (token == "" || !id.valid()) {
		return Session{}, now, ErrNotFound // the store would say so
	}
	now = s.now() // before the read: no token is younger than what was read
	data, ss, err := s.cfg.Sessions.Load(ctx, token, id, now, events...)
	if err != nil {
		return Session{}, now, err
	}
	if c, ok := decodeCookie(data, now); !ok || c.ClientID != client || c.ClientID != ss.ClientID || c.predates(ss) {
		return Session{}, now, ErrNotFound
	}
	return ss, now, nil
}

// Token mints for a session that the caller has just read. ErrNotActive.
func (s *Service) Token(ctx context.Context, ss Session, azp string) (string, error) {
	token, err := s.mint(ctx, ss, azp, s.now())
	return token, wrap("mint", err)
}

// TokenFor mints for a session that the caller has just read, for somebody other than its
// browser: a token of its own that lives for life, in whole seconds, or until the session
// ends, and that says of no origin that it asked. It is no use of the session by its user.
// ErrNotActive, ErrTokenLifetime.
func (s *Service) TokenFor(ctx context.Context, ss Session, life time.Duration) (string, error) {
	now := s.now()
	if err := s.live(ss, now); err != nil {
		return "", wrap("mint", err)
	}
	if life < time.Second || life > s.cfg.MaxTokenLifetime {
		return "", wrap("mint", ErrTokenLifetime)
	}
	token, _, err := s.sign(s.cfg.Keys.current.Load().active, ss, "", now, life)
	if err == nil && life > s.cfg.TokenLifetime {
		s.log.InfoContext(ctx, "long session token minted", "session_id", ss.ID, "user_id", ss.UserID, "seconds", int(life/time.Second))
	}
	return token, wrap("mint", err)
}

// TokenLifetime is how long a session token lives that nobody asked to live longer.
func (s *Service) TokenLifetime() time.Duration { return s.cfg.TokenLifetime }

// Renew implements auth.Renewer, in one round trip where sessionID is given and
// still live. Where it is not, as after signing out and in again, the client's last
// active session takes its place.
func (s *Service) Renew(ctx context.Context, clientCookie, sessionID, azp string) (string, error) {
	if sessionID != "" {
		token, err := s.Mint(ctx, clientCookie, ID(sessionID), azp)
		if err == nil || !signedOut(err) {
			return token, wrap("renew", err)
		}
	}
	last, err := s.lastActiveOf(ctx, clientCookie)
	if err != nil {
		return "", noSession(err)
	}
	token, err := s.Mint(ctx, clientCookie, last, azp)
	return token, noSession(err)
}

func (s *Service) lastActiveOf(ctx context.Context, cookie string) (ID, error) {
	c, err := s.ClientByCookie(ctx, cookie, true)
	if err != nil {
		return "", err
	}
	sessions, err := s.OfClient(ctx, c)
	if err != nil {
		return "", err
	}
	if last := lastActive(c, sessions, s.now()); last.ID != "" {
		return last.ID, nil
	}
	return "", ErrNotActive
}

// noSession turns what means signed out into auth.ErrNoSession.
func noSession(err error) error {
	if signedOut(err) {
		return fmt.Errorf("%w: %w", auth.ErrNoSession, err)
	}
	return wrap("renew", err)
}

func signedOut(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrNotActive) || errors.Is(err, ErrUserRevoked)
}

// mint signs a token for a live session or returns the last one again.
func (s *Service) mint(ctx context.Context, ss Session, azp string, now time.Time) (string, error) {
	if err := s.live(ss, now); err != nil {
		return "", err
	}
	if err := s.recordUse(ctx, ss, now); err != nil {
		return "", err
	}
	signer := s.cfg.Keys.current.Load().active
	// One at a time for a session: of parallel renewals one signs.
	shard := s.tokens.lock(ss.ID)
	defer shard.mu.Unlock()
	if last, ok := shard.get(ss.ID); ok && last.version == ss.Version && last.azp == azp &&
		last.kid == signer.key.ID && !now.Add(reuseAbove).After(last.expires) {
		return last.token, nil
	}
	token, expires, err := s.sign(signer, ss, azp, now, s.cfg.TokenLifetime)
	if err != nil {
		return "", err
	}
	shard.put(ss.ID, mintedToken{version: ss.Version, azp: azp, kid: signer.key.ID, expires: expires, token: token})
	return token, nil
}

// sign makes a new token (RFC 7519) that lives for life, or until its session ends.
func (s *Service) sign(signer *signer, ss Session, azp string, now time.Time, life time.Duration) (token string, expires time.Time, err error) {
	issued := now.Truncate(time.Second)
	// A node whose clock is ahead may have changed the session: no token of the state
	// that it wrote is older than that, or readers of __client_uat take it for stale.
	if changed := ss.UpdatedAt.Truncate(time.Second); changed.After(issued) {
		issued = changed
	}
	issued = s.afterRevocation(issued)
	expires = issued.Add(life)
	if end := ss.ExpireAt.Add(time.Second - 1).Truncate(time.Second); end.Before(expires) {
		expires = end // no token outlives its session
	}
	claims, err := s.appendClaims(make([]byte, 0, 512), ss, azp, now, issued, expires)
	if err != nil {
		return "", time.Time{}, err
	}
	size := len(signer.head) + base64.RawURLEncoding.EncodedLen(len(claims))
	buf := append(make([]byte, 0, size+1+base64.RawURLEncoding.EncodedLen(rsaBits/8)), signer.head...)
	buf = base64.RawURLEncoding.AppendEncode(buf, claims)
	signature, err := signer.method.Sign(string(buf), signer.private)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign: %w", err)
	}
	buf = base64.RawURLEncoding.AppendEncode(append(buf, '.'), signature)
	if len(buf) > MaxTokenSize {
		return "", time.Time{}, fmt.Errorf("%w: %d bytes, at most %d", ErrTokenTooLarge, len(buf), MaxTokenSize)
	}
	return string(buf), expires, nil
}

// issuedAt is the claim iat of a token that is made now.
func (s *Service) issuedAt(now time.Time) time.Time {
	return s.afterRevocation(now.Truncate(time.Second))
}

// afterRevocation moves iat out of the second in which a signing key was revoked, whose
// tokens are refused.
func (s *Service) afterRevocation(issued time.Time) time.Time {
	if ended := s.cfg.Keys.sessionsEndedAt().Truncate(time.Second); !issued.After(ended) {
		return ended.Add(time.Second)
	}
	return issued
}

// appendClaims writes the payload. By hand, since encoding/json costs a quarter of
// what an Ed25519 signature does.
func (s *Service) appendClaims(b []byte, ss Session, azp string, now, issued, expires time.Time) ([]byte, error) {
	b = append(b, '{')
	if ss.Actor != nil {
		if !json.Valid(ss.Actor) {
			return nil, errors.New("the session's actor is no JSON")
		}
		b = append(append(b, `"act":`...), ss.Actor...)
		b = append(b, ',')
	}
	if azp != "" {
		b = appendString(append(b, `"azp":`...), azp)
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, `"exp":`...), expires.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"fva":[`...), minutesSince(ss.FirstFactorAt, now), 10)
	b = strconv.AppendInt(append(b, ','), minutesSince(ss.SecondFactorAt, now), 10)
	b = strconv.AppendInt(append(b, `],"iat":`...), issued.Unix(), 10)
	b = appendString(append(b, `,"iss":`...), s.cfg.Issuer)
	b = hex.AppendEncode(append(b, `,"jti":"`...), random.Bytes(16))
	b = strconv.AppendInt(append(b, `","nbf":`...), issued.Add(-notBefore).Unix(), 10)
	b = appendString(append(b, `,"sid":`...), string(ss.ID))
	b = appendString(append(b, `,"sts":`...), string(ss.Status))
	b = appendString(append(b, `,"sub":`...), ss.UserID)
	b = strconv.AppendInt(append(b, `,"v":`...), tokenVersion, 10)
	return append(b, '}'), nil
}

// minutesSince is an entry of the claim fva: whole minutes, -1 for never.
func minutesSince(proved, now time.Time) int64 {
	if proved.IsZero() {
		return -1
	}
	return max(0, int64(now.Sub(proved)/time.Minute))
}

// appendString appends text as a JSON string.
func appendString(b []byte, text string) []byte {
	if slices.ContainsFunc([]byte(text), func(c byte) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) {
		quoted, _ := json.Marshal(text) // a string always marshals
		return append(b, quoted...)
	}
	b = append(append(b, '"'), text...)
	return append(b, '"')
}
