package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Refresh tokens let the server of an app on another origin get a session token in place
// of an expired one, without a handshake. A handshake leaves one in the browser, as a
// cookie that no script sees; alone it is good for nothing, since only who has the secret
// key may show it.
//
// There is one for each session and app. It is replaced whenever it is used (RFC 9700
// §4.14.2): the one before is good for 10 s more, for requests that went out together;
// after that, and for every other value, all end, and the next visit is a handshake.
// What is stored is their SHA-256 (K-03), for as long as the session lasts.

const (
	refreshPrefix = "rft"
	// refreshGrace is for how long a refresh token that was replaced still works.
	refreshGrace = 10 * time.Second
	// refreshTries bounds how often a change begins again that others were faster than.
	refreshTries = 4
)

// refreshRecord is the refresh token of a session for an app.
type refreshRecord struct {
	SessionID    ID        `json:"session_id"`
	Origin       string    `json:"origin"`
	CookieSuffix string    `json:"suffix"`
	Current      string    `json:"current"` // SHA-256
	Previous     string    `json:"previous,omitempty"`
	ReplacedAt   time.Time `json:"replaced_at,omitzero"` // when Previous was
}

// replace puts a new token in place of the current one.
func (r *refreshRecord) replace(now time.Time) (token string) {
	token = random.Token()
	r.Previous, r.ReplacedAt, r.Current = r.Current, now, refreshHash(token)
	return token
}

// graced reports whether hash is of the token before, which was replaced just now.
func (r *refreshRecord) graced(hash string, now time.Time) bool {
	return r.Previous != "" && sameToken(r.Previous, hash) && now.Before(r.ReplacedAt.Add(refreshGrace))
}

func refreshHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// refreshID is where the refresh token of a session for an app lies: a new one takes the
// place of the last, so that handshakes do not fill the store.
func refreshID(id ID, origin string) string {
	sum := sha256.Sum256([]byte(string(id) + " " + origin))
	return refreshPrefix + "_" + hex.EncodeToString(sum[:])
}

// issueRefresh makes a refresh token in place of the last one of the session for the app.
func (s *Service) issueRefresh(ctx context.Context, ss Session, q HandshakeRequest) (token string, err error) {
	for range refreshTries {
		now := s.now()
		record, a, err := s.refreshRecord(ctx, ss.ID, q.Origin, now)
		known := err == nil
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", err
		}
		record.SessionID, record.Origin, record.CookieSuffix = ss.ID, q.Origin, q.CookieSuffix
		token := record.replace(now)
		if a.Data, err = json.Marshal(record); err != nil {
			return "", err
		}
		if known {
			_, err = s.cfg.Attempts.ReplaceAttempt(ctx, a, now)
		} else {
			a.ID, a.ExpireAt = refreshID(ss.ID, q.Origin), ss.ExpireAt
			err = s.cfg.Attempts.CreateAttempt(ctx, a)
		}
		if err == nil || !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
			return token, wrap("issue refresh token", err)
		}
	}
	return "", wrap("issue refresh token", ErrConflict)
}

// refreshRecord reads the refresh token of a session for an app. ErrNotFound.
func (s *Service) refreshRecord(ctx context.Context, id ID, origin string, now time.Time) (refreshRecord, Attempt, error) {
	a, err := s.cfg.Attempts.Attempt(ctx, refreshID(id, origin), now)
	if err != nil {
		return refreshRecord{}, Attempt{}, err
	}
	var r refreshRecord
	if err := json.Unmarshal(a.Data, &r); err != nil || r.SessionID != id || r.Origin != origin {
		// Somebody else wrote it: it is in nobody's way.
		if err := s.cfg.Attempts.DeleteAttempt(ctx, a.ID); err != nil {
			return refreshRecord{}, Attempt{}, err
		}
		return refreshRecord{}, Attempt{}, fmt.Errorf("%w: refresh token cannot be read", ErrNotFound)
	}
	return r, a, nil
}

// useRefresh checks a refresh token and, with replace, puts another one in its place: ""
// where a request that came with the same one has done so just now.
func (s *Service) useRefresh(ctx context.Context, id ID, origin, token string, replace bool) (record refreshRecord, next string, err error) {
	hash := refreshHash(token)
	for range refreshTries {
		now := s.now()
		r, a, err := s.refreshRecord(ctx, id, origin, now)
		switch {
		case errors.Is(err, ErrNotFound):
			return r, "", &RefreshError{Rule: RefreshTokenUnknown, Err: err}
		case err != nil:
			return r, "", err
		case !sameToken(r.Current, hash) && r.graced(hash, now):
			return r, "", nil
		case !sameToken(r.Current, hash):
			return r, "", s.endRefresh(ctx, r, hash)
		case !replace:
			return r, "", nil
		}
		next := r.replace(now)
		if a.Data, err = json.Marshal(r); err != nil {
			return r, "", err
		}
		_, err = s.cfg.Attempts.ReplaceAttempt(ctx, a, now)
		if err == nil || !errors.Is(err, ErrConflict) {
			return r, next, err
		}
	}
	return refreshRecord{}, "", ErrConflict
}

// endRefresh ends the refresh token of a session for an app after a value was shown that
// is not the current one: it was used twice, by two who cannot both be the browser.
func (s *Service) endRefresh(ctx context.Context, r refreshRecord, hash string) error {
	if err := s.cfg.Attempts.DeleteAttempt(ctx, refreshID(r.SessionID, r.Origin)); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	s.log.WarnContext(ctx, "refresh token ended: a value that is not the current one was shown", "session_id", r.SessionID, "origin", r.Origin)
	if r.Previous != "" && sameToken(r.Previous, hash) {
		return &RefreshError{Rule: RefreshTokenUsed}
	}
	return &RefreshError{Rule: RefreshTokenUnknown}
}

// refreshCookie is the Set-Cookie value of a refresh token for an app; "" takes it away.
func (s *Service) refreshCookie(suffix, token, origin string, expires time.Time) string {
	age := 0
	if token != "" {
		age = max(0, int(expires.Sub(s.now())/time.Second))
	}
	return "__refresh_" + suffix + "=" + token + "; Path=/; Max-Age=" + strconv.Itoa(age) + "; HttpOnly" + cookieEnd(origin)
}

// cookieEnd are the attributes that every cookie of an app has.
func cookieEnd(origin string) string {
	end := "; SameSite=Lax"
	if strings.HasPrefix(origin, "https://") {
		end += "; Secure"
	}
	return end
}
