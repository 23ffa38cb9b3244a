package flow

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	linkLifetime = 10 * time.Minute
	// linkKept is how long a link is known at all: one that comes late is told to be
	// expired, where people can ask for another.
	linkKept = 24 * time.Hour
	// linkTokenLength is the length of a token of 256 bits in unpadded base64url.
	linkTokenLength = 43
)

// prefixLink begins the id under which a link is stored: the rest is the SHA-256 of
// its token, so that only the whole token finds it.
const prefixLink = "lnk"

// linkState says where a link leads, as it is stored. What it proves, and whether it
// still does, lies in the attempt that asked for it.
type linkState struct {
	Purpose     string                `json:"purpose"` // of the round
	Attempt     string                `json:"attempt"`
	ClientID    session.ClientID      `json:"client_id"`
	SessionID   session.ID            `json:"session_id,omitempty"` // of an added address
	Address     user.IdentificationID `json:"address,omitempty"`    // likewise
	RedirectURL string                `json:"redirect_url"`
}

// The statuses with which a link lands, beside those of proofs.
const statusClientMismatch = "client_mismatch"

// Landing is what following a link led to.
type Landing struct {
	Status      string // verified, expired, failed, client_mismatch, transferable
	RedirectURL string // the page that asked for the link
	SessionID   session.ID
	Client      session.Client  // zero if nothing happened to it
	Cookie      *session.Cookie // a new __client value to set, nil leaves it
}

// sendLink makes a link, stores its hash in place of the challenge under way and sends
// it, as sendCode does with a code.
func (e *Engine) sendLink(ctx context.Context, r *round, strategy string, to destination) error {
	to, err := e.maySend(ctx, r, to)
	if err != nil {
		return err
	}
	if err := e.spendBudget(ctx, r, to, notify.Mail); err != nil {
		return err
	}
	token := random.Token()
	ch := newChallenge(r, strategy, to, linkLifetime)
	ch.ClientID, ch.MAC = r.client, linkHash(token)
	if to.value == "" || to.owner {
		ch.MAC = random.Bytes(sha256.Size) // no link is right
	}
	link := &attempt[linkState]{id: linkID(token), expireAt: r.now.Add(linkKept), state: linkState{
		Purpose: r.purpose, Attempt: r.attempt, ClientID: r.client, RedirectURL: r.redirect,
		SessionID: r.session, Address: to.id,
	}}
	if link.state.RedirectURL == "" {
		link.state.RedirectURL = r.settings.HomeURL
	}
	if err := create(ctx, e, link); err != nil {
		return err
	}
	address := r.settings.VerifyURL + "?" + url.Values{"token": {token}}.Encode()
	return e.sendChallenge(ctx, r, ch, to, address, e.templates.linkOut())
}

// judgeLink reports whether token is the one that was sent last.
func (e *Engine) judgeLink(r *round, strategy, token string) (bool, error) {
	if token == "" {
		strategy = "" // none: a link is followed, it cannot be typed
	}
	ch := r.challenge
	if err := ch.open(strategy, r.now); err != nil {
		return false, err
	}
	if subtle.ConstantTimeCompare(ch.MAC, linkHash(token)) != 1 {
		return false, errFailed // a newer link killed this one (C-03)
	}
	return true, nil
}

// FollowLink finishes what a link from a mail is about, if it is the newest one and the
// browser that asked for it follows it. In any other browser nothing happens, and the
// link stays good (C-08).
//
// Errors: resource_not_found (no such link), and what stores fail with. All else is a
// Landing with a status that is not verified.
func (e *Engine) FollowLink(ctx context.Context, c Caller, token string) (Landing, error) {
	if len(token) != linkTokenLength {
		return Landing{}, errNotFound
	}
	link, err := load[linkState](ctx, e, linkID(token))
	if err != nil {
		return Landing{}, err
	}
	to := Landing{Status: statusVerified, RedirectURL: link.state.RedirectURL}
	if c.Client.ID == "" || c.Client.ID != link.state.ClientID {
		to.Status = statusClientMismatch
		e.event(ctx, "link followed in another browser", slog.String("attempt_id", link.state.Attempt))
		return to, nil
	}
	err = e.finish(ctx, c, link.state, Proof{Strategy: strategyEmailLink, token: token}, &to)
	switch {
	case err == nil:
	case errors.Is(err, errSignUpIfMissing):
		to.Status = statusTransferable
	case errors.Is(err, errExpired), errors.Is(err, errNotFound):
		to.Status = statusExpired
	case refuses(err):
		to.Status = statusFailed
		e.event(ctx, "link failed", slog.String("attempt_id", link.state.Attempt), slog.Any("err", err))
	default:
		return to, err
	}
	return to, nil
}

// finish takes the step that the link was sent for.
func (e *Engine) finish(ctx context.Context, c Caller, link linkState, proof Proof, to *Landing) error {
	var out Outcome
	var err error
	switch link.Purpose {
	case purposeSignIn:
		if out, err = e.AttemptFirstFactor(ctx, c, link.Attempt, proof); err == nil {
			to.SessionID = out.SignIn.CreatedSessionID
		}
	case purposeSignUp:
		if out, err = e.AttemptVerification(ctx, c, link.Attempt, proof); err == nil {
			to.SessionID = out.SignUp.CreatedSessionID
		}
	case purposeAddress:
		var ss session.Session
		if ss, err = e.sessions.Get(ctx, link.SessionID); err == nil {
			if ss.ClientID != c.Client.ID || !ss.Live(e.now()) {
				return errAuthentication
			}
			_, out.Cookie, err = e.AttemptAddress(ctx, c, ss, link.Address, proof)
		}
	default:
		err = fmt.Errorf("flow: link for %q", link.Purpose)
	}
	to.Client, to.Cookie = out.Client, out.Cookie
	return err
}

// refuses reports whether err says no, rather than that something is away.
func refuses(err error) bool {
	if _, ok := errors.AsType[*Error](err); ok {
		return true
	}
	return errors.Is(err, user.ErrIdentifierTaken) || errors.Is(err, user.ErrNotFound) || errors.Is(err, session.ErrNotFound)
}

func linkHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func linkID(token string) string { return prefixLink + "_" + hex.EncodeToString(linkHash(token)) }
