package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// addressLifetime is how long the proof of an added address may take.
const addressLifetime = 24 * time.Hour

// addressState is the proof of an address that somebody signed in has added, as it is
// stored, under an id that follows from the identification's: one at a time.
type addressState struct {
	UserID   string           `json:"user_id"`
	ClientID session.ClientID `json:"client_id"`
	Proof    *challenge       `json:"proof,omitempty"`
}

type addressAttempt = attempt[addressState]

func addressAttemptID(id user.IdentificationID) string {
	return prefixAddress + "_" + strings.TrimPrefix(string(id), "idn_")
}

// AddAddress adds an e-mail address or phone number to the session's user. It has to be
// proved before it is good for anything.
//
// Errors: those of RequireFresh, *user.FieldError, *user.TakenError (not told of a
// stranger's address where identifiers are hidden, E-01), form_param_unknown (the kind
// is off), too_many_unverified_identifications.
func (e *Engine) AddAddress(ctx context.Context, ss session.Session, k user.Kind, value string) (user.Identification, error) {
	s := e.settings()
	switch {
	case !s.identification(k).Enabled:
		return user.Identification{}, unknownParam(string(k))
	case value == "":
		return user.Identification{}, missing(string(k))
	}
	if err := e.RequireFresh(ss); err != nil {
		return user.Identification{}, err
	}
	if _, err := e.readAddress(ctx, k, value, s); err != nil {
		return user.Identification{}, err
	}
	_, added, err := e.users.AddIdentification(ctx, user.ID(ss.UserID), k, value)
	if err != nil {
		return user.Identification{}, fmt.Errorf("add address: %w", err)
	}
	return added, nil
}

// PrepareAddress sends a code or a link to an address that the session's user has added.
//
// Errors: resource_not_found (not theirs), verification_strategy_invalid,
// verification_already_verified, verification_code_too_many_requests (30 s),
// too_many_requests, *user.TakenError.
func (e *Engine) PrepareAddress(ctx context.Context, c Caller, ss session.Session, iid user.IdentificationID, ask Prepare) (user.Identification, error) {
	defer e.evenly(ctx)()
	st, r, i, err := e.addressRound(ctx, c, ss, iid, ask.Strategy, e.beginAddress)
	if err != nil {
		return user.Identification{}, err
	}
	to := destination{id: i.ID, value: i.Value, key: i.Key, place: i.Key}
	if hides(i.Kind, r.settings) {
		to, err = e.ownerOf(ctx, i.Value, to)
	} else {
		err = e.free(ctx, i.Kind, i.Value)
	}
	if err != nil {
		return user.Identification{}, err
	}
	r.session, r.redirect = ss.ID, ask.RedirectURL
	if err := st.prepare(ctx, r, to); err != nil {
		return user.Identification{}, err
	}
	u, err := e.users.NoteVerification(ctx, user.ID(ss.UserID), iid, user.Verification{
		Status: statusUnverified, Strategy: st.name(), ExpireAt: r.now.Add(codeLifetime),
	})
	if err != nil {
		return user.Identification{}, fmt.Errorf("note verification: %w", err)
	}
	i, _ = u.Identification(iid)
	return i, nil
}

// AttemptAddress judges a code. A right one makes the address the user's own; the cookie
// is rotated (S-04), and the user's other addresses are told (L-05).
//
// Errors: form_code_incorrect, verification_missing, verification_expired,
// verification_failed (no tries left), verification_already_verified,
// *user.TakenError (somebody else proved it meanwhile), and those of PrepareAddress.
func (e *Engine) AttemptAddress(ctx context.Context, c Caller, ss session.Session, iid user.IdentificationID, proof Proof) (user.Identification, *session.Cookie, error) {
	fail := func(err error) (user.Identification, *session.Cookie, error) {
		return user.Identification{}, nil, err
	}
	st, r, i, err := e.addressRound(ctx, c, ss, iid, proof.Strategy, e.addressUnderWay)
	if err != nil {
		return fail(err)
	}
	right, err := st.judge(ctx, r, proof)
	switch {
	case err != nil:
		return fail(err)
	case !right:
		e.event(ctx, "wrong proof", slog.String("attempt_id", r.attempt), slog.String("purpose", r.purpose), slog.String("user_id", ss.UserID))
		e.record(ctx, audit.Entry{
			Type: audit.IdentifierProofFailed, Subject: ss.UserID, Details: audit.Details{"identification": string(iid), "strategy": st.name()},
		})
		return fail(st.wrong())
	}
	if err := r.use(ctx, r.challenge); err != nil { // C-04
		return fail(err)
	}
	u, err := e.users.VerifyIdentification(ctx, user.ID(ss.UserID), iid, st.name())
	if err != nil {
		return fail(fmt.Errorf("verify address: %w", err))
	}
	e.event(ctx, "address verified", slog.String("user_id", ss.UserID), slog.String("identification_id", string(iid)))
	e.tellOthers(ctx, u, kindAddressAdded, i)
	cookie, err := e.rotate(ctx, c.Client.ID, c.Cookie, true)
	if err != nil {
		return fail(err)
	}
	i, _ = u.Identification(iid)
	return i, cookie, nil
}

// RemoveAddress takes an address from the session's user, unless they could not sign in
// without it or it is the last of a kind that the instance requires.
//
// Errors: those of RequireFresh, resource_not_found, identification_deletion_failed,
// last_required_identification_deletion_failed, delete_linked_identification_disallowed.
func (e *Engine) RemoveAddress(ctx context.Context, c Caller, ss session.Session, k user.Kind, iid user.IdentificationID) (*session.Cookie, error) {
	i, err := e.ownAddress(ctx, ss, k, iid)
	if err != nil {
		return nil, err
	}
	if err := e.RequireFresh(ss); err != nil {
		return nil, err
	}
	s := e.settings()
	u, err := e.users.RemoveIdentification(ctx, user.ID(ss.UserID), iid, both(keepsKind(k, s), e.keepsWayIn(s, errLastWayIn)))
	if err != nil {
		return nil, fmt.Errorf("remove address: %w", err)
	}
	if err := e.attempts.DeleteAttempt(ctx, addressAttemptID(iid)); err != nil && !errors.Is(err, session.ErrNotFound) {
		e.log.WarnContext(ctx, "proof of a removed address not dropped", slog.Any("err", err))
	}
	if !i.Verified() {
		return nil, nil
	}
	e.event(ctx, "address removed", slog.String("user_id", ss.UserID), slog.String("identification_id", string(iid)))
	e.tellOthers(ctx, u, kindAddressRemoved, i)
	if i.Kind == user.KindEmailAddress {
		e.tellAddress(ctx, u, kindAddressRemoved, i.Value, i)
	}
	return e.rotate(ctx, c.Client.ID, c.Cookie, true)
}

// ownAddress reads an address of the session's user: one of another kind or user is
// unknown.
func (e *Engine) ownAddress(ctx context.Context, ss session.Session, k user.Kind, iid user.IdentificationID) (user.Identification, error) {
	u, err := e.users.ByID(ctx, user.ID(ss.UserID))
	if err != nil {
		return user.Identification{}, fmt.Errorf("read user: %w", err)
	}
	i, ok := u.Identification(iid)
	if !ok || i.Kind != k {
		return user.Identification{}, errNotFound
	}
	return i, nil
}

// Address returns an address of the session's user. resource_not_found for every other.
func (e *Engine) Address(ctx context.Context, ss session.Session, k user.Kind, iid user.IdentificationID) (user.Identification, error) {
	return e.ownAddress(ctx, ss, k, iid)
}

// addressRound loads what a step of the proof of an address works on; open finds the
// attempt.
func (e *Engine) addressRound(
	ctx context.Context, c Caller, ss session.Session, iid user.IdentificationID, name string,
	open func(context.Context, Caller, session.Session, user.IdentificationID) (*addressAttempt, error),
) (addressStrategy, *round, user.Identification, error) {
	fail := func(err error) (addressStrategy, *round, user.Identification, error) {
		return nil, nil, user.Identification{}, err
	}
	s := e.settings()
	st, err := e.verifierNamed(name, s)
	if err != nil {
		return fail(err)
	}
	if len(ss.Actor) > 0 {
		return fail(errImpersonated)
	}
	i, err := e.ownAddress(ctx, ss, st.verifies(), iid)
	switch {
	case err != nil:
		return fail(err)
	case i.Verified():
		return fail(errVerified)
	}
	a, err := open(ctx, c, ss, iid)
	if err != nil {
		return fail(err)
	}
	r := &round{
		settings: s, now: e.now(), purpose: purposeAddress, attempt: a.id, client: c.Client.ID, challenge: a.state.Proof,
	}
	r.begin = func(ctx context.Context, old, ch *challenge) error {
		return change(ctx, e, a, func(a *addressAttempt) error {
			return replaceChallenge(&a.state.Proof, old, ch, r.now)
		})
	}
	r.use = func(ctx context.Context, ch *challenge) error {
		return change(ctx, e, a, func(a *addressAttempt) error { return consume(&a.state.Proof, ch) })
	}
	r.tried = func(ctx context.Context, n int) {
		e.note(ctx, a.id, change(ctx, e, a, func(a *addressAttempt) error {
			noteTries(&a.state.Proof, r.challenge.ID, n)
			return nil
		}))
	}
	return st, r, i, nil
}

// addressUnderWay reads the proof that this browser has begun (C-03).
func (e *Engine) addressUnderWay(ctx context.Context, c Caller, ss session.Session, iid user.IdentificationID) (*addressAttempt, error) {
	a, err := load[addressState](ctx, e, addressAttemptID(iid))
	switch {
	case errors.Is(err, errNotFound):
		return nil, errVerificationMissing
	case err != nil:
		return nil, err
	case a.state.ClientID != c.Client.ID || a.state.UserID != ss.UserID:
		return nil, errVerificationMissing
	}
	return a, nil
}

// beginAddress goes on with the proof that this browser has begun, or begins one in the
// place of another's, or of one that was used up though nothing came of it.
func (e *Engine) beginAddress(ctx context.Context, c Caller, ss session.Session, iid user.IdentificationID) (*addressAttempt, error) {
	a, err := e.addressUnderWay(ctx, c, ss, iid)
	if err == nil && (a.state.Proof == nil || !a.state.Proof.Verified) {
		return a, nil
	}
	if err != nil && !errors.Is(err, errVerificationMissing) {
		return nil, err
	}
	id := addressAttemptID(iid)
	if err := e.attempts.DeleteAttempt(ctx, id); err != nil && !errors.Is(err, session.ErrNotFound) {
		return nil, fmt.Errorf("drop attempt: %w", err)
	}
	a = &addressAttempt{id: id, expireAt: e.now().Add(addressLifetime)}
	a.state = addressState{UserID: ss.UserID, ClientID: c.Client.ID}
	if err := create(ctx, e, a); errors.Is(err, session.ErrConflict) {
		return nil, errAttemptBusy
	} else if err != nil {
		return nil, err
	}
	return a, nil
}

// tellOthers tells the user's verified addresses, but for the one it is about, that an
// address came or went (L-05).
func (e *Engine) tellOthers(ctx context.Context, u *user.User, kind string, about user.Identification) {
	for _, i := range u.Identifications {
		if i.Kind == user.KindEmailAddress && i.Verified() && i.ID != about.ID {
			e.tellAddress(ctx, u, kind, i.Value, about)
		}
	}
}

func (e *Engine) tellAddress(ctx context.Context, u *user.User, kind, to string, about user.Identification) {
	s := e.settings()
	if e.isTest(user.KindEmailAddress, to, s) {
		return
	}
	m, err := e.templates.compose(kind, to, words{AppName: s.AppName, Name: u.FirstName, SignIn: s.SignInURL, Address: mask(about.Value)}, e.now())
	if err != nil {
		e.log.ErrorContext(ctx, "notice not written", slog.Any("err", err))
		return
	}
	e.post.sendLater(ctx, m)
}
