package flow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// What one-time codes are held to (C-01).
const (
	codeDigits   = 6
	codeLifetime = 10 * time.Minute
	codeTries    = 5
	codeResend   = 30 * time.Second // between two codes of one attempt
)

// The statuses of a proof on the wire.
const (
	statusUnverified = "unverified"
	statusVerified   = "verified"
	statusFailed     = "failed"
	statusExpired    = "expired"
	// statusTransferable is a proof that a sign-up may take over.
	statusTransferable = "transferable"
)

// challenge is a proof under way, as an attempt keeps it. It is bound to that attempt,
// and so to its client and purpose; to the identification, and to the value that had
// when the code was sent; and it ends with the next one (C-03).
type challenge struct {
	ID             string                `json:"id"` // "ver_…"
	Strategy       string                `json:"strategy"`
	Identification user.IdentificationID `json:"identification,omitempty"`
	Key            string                `json:"key,omitempty"` // canonical value when sent
	MAC            []byte                `json:"mac,omitempty"` // of the code (C-02), or the SHA-256 of the link's token
	Verified       bool                  `json:"verified,omitempty"`
	Transferable   bool                  `json:"transferable,omitempty"` // verified, of an address of nobody
	ClientID       session.ClientID      `json:"client_id,omitempty"`    // of a link: the one browser it is good in
	Attempts       int                   `json:"attempts,omitempty"`
	SentAt         time.Time             `json:"sent_at,omitzero"`
	ExpireAt       time.Time             `json:"expire_at,omitzero"`
}

// status says where the challenge is at now.
func (c *challenge) status(now time.Time) string {
	switch {
	case c.Transferable:
		return statusTransferable
	case c.Verified:
		return statusVerified
	case c.Attempts >= codeTries:
		return statusFailed
	case !c.ExpireAt.IsZero() && !now.Before(c.ExpireAt):
		return statusExpired
	}
	return statusUnverified
}

// open fails for a challenge that a proof by strategy cannot meet now.
func (c *challenge) open(strategy string, now time.Time) error {
	switch {
	case c == nil:
		return errVerificationMissing
	case c.Verified:
		return errVerified
	case c.Strategy != strategy:
		return errStrategyMismatch
	case !now.Before(c.ExpireAt):
		return errExpired
	}
	return nil
}

// Verification is the public state of one proof.
type Verification struct {
	Object      string // "verification_otp", "verification_password"
	Status      string // unverified, verified, failed, expired, transferable; "": nothing was sent yet
	Strategy    string // "": nothing was sent yet
	Attempts    int
	ExpireAt    time.Time // zero: none
	NextAction  string    // sign-ups only: needs_prepare, needs_attempt, ""
	Supported   []string  // sign-ups only
	Channel     string
	RedirectURL string
	Nonce       string
	// ClientID is the browser that followed the link, "" for all other proofs.
	ClientID session.ClientID
}

// verification shows a challenge; nil shows as nil, so that a browser asks for the
// code to be sent.
func (e *Engine) verification(c *challenge) *Verification {
	if c == nil {
		return nil
	}
	v := &Verification{
		Object: e.objectOf(c.Strategy), Status: c.status(e.now()), Strategy: c.Strategy,
		Attempts: c.Attempts, ExpireAt: c.ExpireAt,
	}
	if c.Verified {
		v.ClientID = c.ClientID
	}
	return v
}

// proved is the challenge of a strategy that needs no preparation, done.
func proved(strategy string, now time.Time) *challenge {
	return &challenge{ID: random.ID("ver", now), Strategy: strategy, Verified: true}
}

// resendable fails while the last code of the attempt is too young for another.
func resendable(c *challenge, now time.Time) error {
	if c == nil || c.SentAt.IsZero() {
		return nil
	}
	if wait := c.SentAt.Add(codeResend).Sub(now); wait > 0 {
		return tooMany("verification_code_too_many_requests", wait)
	}
	return nil
}

// maySend fails if there is nothing to send any more, or if too much was sent of late.
// It returns the destination, which is nobody's where too much is not to be told.
func (e *Engine) maySend(ctx context.Context, r *round, to destination) (destination, error) {
	if r.challenge != nil && r.challenge.Verified {
		return to, errVerified
	}
	if err := resendable(r.challenge, r.now); err != nil {
		return to, err
	}
	reaches, err := e.allowSend(ctx, r.client, to, r.now)
	if !reaches {
		to.value = ""
	}
	return to, err
}

// newChallenge is a challenge that goes to a destination; what judges it is to be added.
func newChallenge(r *round, strategy string, to destination, life time.Duration) *challenge {
	return &challenge{
		ID: random.ID("ver", r.now), Strategy: strategy, Identification: to.id, Key: to.key,
		SentAt: r.now, ExpireAt: r.now.Add(life),
	}
}

// sendCode makes a code, stores its MAC in place of the challenge under way and
// sends it.
func (e *Engine) sendCode(ctx context.Context, r *round, strategy string, to destination, test bool, out outlet) error {
	to, err := e.maySend(ctx, r, to)
	if err != nil {
		return err
	}
	code := random.Code(codeDigits)
	if test {
		code = e.testCode
	} else if err := e.spendBudget(ctx, r, to, out.channel); err != nil {
		return err
	}
	ch := newChallenge(r, strategy, to, codeLifetime)
	ch.MAC = e.codeMAC(ch, code)
	if to.value == "" || to.owner {
		ch.MAC = random.Bytes(sha256.Size) // no code is right
	}
	if test {
		return r.begin(ctx, r.challenge, ch)
	}
	return e.sendChallenge(ctx, r, ch, to, code, out)
}

// sendChallenge stores ch in place of the challenge under way and sends its proof. What
// cannot be handed over is taken back, so that an attempt that shows a challenge has
// sent it; but where identifiers are hidden all that depends on who is there happens
// behind the answer.
func (e *Engine) sendChallenge(ctx context.Context, r *round, ch *challenge, to destination, proof string, out outlet) error {
	if err := r.begin(ctx, r.challenge, ch); err != nil {
		return err
	}
	if r.settings.EnumerationProtect {
		e.post.later(ctx, func(ctx context.Context) error { return e.deliver(ctx, r, ch, to, proof, out) })
		return nil
	}
	if err := e.deliver(ctx, r, ch, to, proof, out); err != nil {
		if undo := r.begin(context.WithoutCancel(ctx), ch, nil); undo != nil {
			e.log.WarnContext(ctx, "proof was not sent and could not be taken back",
				slog.String("attempt_id", r.attempt), slog.Any("err", undo))
		}
		return err
	}
	return nil
}

// deliver hands over a code or a link, to nobody where there is no address.
func (e *Engine) deliver(ctx context.Context, r *round, ch *challenge, to destination, proof string, out outlet) error {
	if to.value == "" {
		return nil
	}
	m, err := out.compose(to, proof, r.settings, r.now)
	if err != nil {
		return err
	}
	if err := e.post.send(ctx, m); err != nil {
		return err
	}
	e.event(ctx, "proof sent", slog.String("attempt_id", r.attempt), slog.String("strategy", ch.Strategy))
	return nil
}

// judgeCode reports whether code is the one that was sent. The try is counted in
// its own committed write before it is judged (C-05).
func (e *Engine) judgeCode(ctx context.Context, r *round, strategy, code string) (bool, error) {
	ch := r.challenge
	if err := ch.open(strategy, r.now); err != nil {
		return false, err
	}
	if code == "" {
		return false, missing("code")
	}
	n, err := e.attempts.Try(ctx, r.attempt, ch.ID, r.now)
	if err != nil {
		return false, err
	}
	if n > codeTries {
		return false, errFailed // C-07: the right code, too
	}
	if !hmac.Equal(ch.MAC, e.codeMAC(ch, code)) {
		r.tried(ctx, n)
		return false, nil
	}
	return true, nil
}

// codeMAC is what is stored of a code. It is of the bytes as they came: nothing is
// trimmed or folded (C-02).
func (e *Engine) codeMAC(ch *challenge, code string) []byte {
	m := hmac.New(sha256.New, e.codeKey)
	m.Write([]byte(ch.ID))
	m.Write([]byte{0})
	m.Write([]byte(code))
	return m.Sum(nil)
}

// wellFormedCode reports whether s is what a code looks like: six ASCII digits.
func wellFormedCode(s string) bool {
	if len(s) != codeDigits {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
