package flow

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// The statuses of a sign-in.
const (
	statusNeedsIdentifier   = "needs_identifier"
	statusNeedsFirstFactor  = "needs_first_factor"
	statusNeedsSecondFactor = "needs_second_factor"
	statusNeedsNewPassword  = "needs_new_password"
	statusComplete          = "complete"
)

// SignIn is an attempt to sign in. A decoy (unknown identifier under enumeration
// protection) looks like any other.
type SignIn struct {
	ID                       string // "sia_…"
	Status                   string // needs_identifier, needs_first_factor, needs_second_factor, needs_new_password, complete
	Identifier               string // as typed
	SupportedIdentifiers     []string
	SupportedFirstFactors    []Factor
	SupportedSecondFactors   []Factor
	FirstFactorVerification  *Verification
	SecondFactorVerification *Verification
	UserData                 *UserData
	CreatedSessionID         session.ID
	AbandonAt                time.Time
}

// UserData is what a sign-in shows of the user it found.
type UserData struct {
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Image     string `json:"image,omitempty"` // user.User.ImageName
	HasImage  bool   `json:"has_image,omitempty"`
}

// SignInFields start a sign-in.
type SignInFields struct {
	Identifier string
	Strategy   string // "" with Password means password
	Password   string
	Ticket     string // the secret of one, for the strategy ticket: nothing else is needed then
	Locale     string
	// RedirectURL is Prepare.RedirectURL, for a strategy that sends a link.
	RedirectURL string
	Transfer    bool // take up what a sign-up found to be an account; nothing is transferable yet
	// SignUpIfMissing lets whoever proves an address of nobody go on with a sign-up.
	SignUpIfMissing bool
}

// signInState is a sign-in as it is stored. UserID is "" for a decoy and while there
// is no identifier.
type signInState struct {
	ClientID   session.ClientID      `json:"client_id"`
	Status     string                `json:"status"`
	Identifier string                `json:"identifier,omitempty"`
	Hidden     bool                  `json:"hidden,omitempty"` // begun under enumeration protection
	UserID     user.ID               `json:"user_id,omitempty"`
	Found      user.IdentificationID `json:"found,omitempty"`
	Joins      bool                  `json:"joins,omitempty"`   // whoever proves the identifier may sign up with it
	Factors    []Factor              `json:"factors,omitempty"` // as offered
	UserData   *UserData             `json:"user_data,omitempty"`

	First         *challenge `json:"first,omitempty"`
	FirstFactorAt time.Time  `json:"first_factor_at,omitzero"`
	SessionID     session.ID `json:"session_id,omitempty"`
}

type signInAttempt = attempt[signInState]

// signInView shows a sign-in.
func (e *Engine) signInView(a *signInAttempt) *SignIn {
	st := a.state
	v := &SignIn{
		ID: a.id, Status: st.Status, Identifier: st.Identifier,
		SupportedIdentifiers:    e.settings().identifiers(),
		SupportedFirstFactors:   st.Factors,
		FirstFactorVerification: e.verification(st.First),
		UserData:                st.UserData,
		CreatedSessionID:        st.SessionID,
		AbandonAt:               a.expireAt,
	}
	return v
}

// SignIn returns a sign-in of the caller's client, completed ones included.
// resource_not_found for all others.
func (e *Engine) SignIn(ctx context.Context, c Caller, id string) (*SignIn, error) {
	a, err := e.loadSignIn(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return e.signInView(a), nil
}

// loadSignIn reads a sign-in of the caller's client; one of another client counts as
// unknown (S-11).
func (e *Engine) loadSignIn(ctx context.Context, c Caller, id string) (*signInAttempt, error) {
	if err := knownID(prefixSignIn, id); err != nil {
		return nil, err
	}
	a, err := load[signInState](ctx, e, id)
	if err != nil {
		return nil, err
	}
	if c.Client.ID == "" || a.state.ClientID != c.Client.ID {
		return nil, errNotFound
	}
	return a, nil
}

// CreateSignIn starts a sign-in and makes it the client's current one. With a
// password it signs in at once; with a strategy that sends something it sends.
//
// Errors: form_identifier_not_found and form_param_format_invalid (identifier),
// those of AttemptFirstFactor and PrepareFirstFactor, session_exists,
// identifier_already_signed_in, account_transfer_invalid, and with SignUpIfMissing
// sign_up_if_missing_not_allowed and sign_up_if_missing_strategy_not_supported. With a ticket:
// ticket_invalid_code, *user.TicketError, invitation_account_not_exists,
// invitation_account_exists, user_locked, user_banned.
func (e *Engine) CreateSignIn(ctx context.Context, c Caller, f SignInFields) (Outcome, error) {
	defer e.evenly(ctx)()
	s := e.settings()
	if f.Transfer {
		return Outcome{}, errTransfer
	}
	live, err := e.liveOn(ctx, c.Client)
	if err != nil {
		return Outcome{}, err
	}
	if err := mayJoin(live, "", s); err != nil {
		return Outcome{}, err
	}
	f.Strategy = implied(f)
	if by, ok := e.bearerNamed(f.Strategy, s); ok {
		return by.signIn(ctx, c, s, f.proof())
	}
	if f.Identifier == "" {
		if f.Strategy != "" {
			return Outcome{}, missing("identifier")
		}
		return e.newSignIn(ctx, c, signInState{Status: statusNeedsIdentifier})
	}
	var st strategy
	if f.Strategy != "" {
		if st, err = e.strategyNamed(f.Strategy, s); err != nil {
			return Outcome{}, err
		}
	}
	if f.SignUpIfMissing {
		if err := mayAskToJoin(st, s); err != nil {
			return Outcome{}, err
		}
	}
	p, err := e.lookUp(ctx, f.Identifier, s)
	if err != nil {
		return Outcome{}, err
	}
	if f.SignUpIfMissing && p.user == nil {
		e.join(p, s)
	}
	if p.user != nil {
		if err := mayJoin(live, string(p.user.ID), s); err != nil {
			return Outcome{}, err
		}
	}
	if p.user == nil && !p.hidden {
		return Outcome{}, e.unknownIdentifier(ctx, p, st, f.proof(), s)
	}
	return e.beginSignIn(ctx, c, s, p, st, f)
}

// proof is what the fields prove at once.
func (f SignInFields) proof() Proof {
	return Proof{Strategy: f.Strategy, Password: f.Password, Ticket: f.Ticket}
}

// unknownIdentifier refuses an identifier of nobody, at the cost of a known one (P-07).
func (e *Engine) unknownIdentifier(ctx context.Context, p *person, st strategy, proof Proof, s Settings) error {
	if _, sends := st.(preparer); st != nil && !sends {
		r := &round{settings: s, now: e.now(), purpose: purposeSignIn, person: p}
		if _, err := st.judge(ctx, r, proof); err != nil {
			return err
		}
	}
	return &Error{Code: "form_identifier_not_found", Param: "identifier"}
}

// beginSignIn stores the sign-in of a person and takes its first step, if st asks for one.
func (e *Engine) beginSignIn(ctx context.Context, c Caller, s Settings, p *person, st strategy, f SignInFields) (Outcome, error) {
	state := signInState{
		Status: statusNeedsFirstFactor, Identifier: p.identifier, Hidden: p.hidden, Found: p.found, Joins: p.joins,
		Factors: e.factorsOf(p, s),
	}
	if p.user != nil {
		state.UserID = p.user.ID
		if !p.hidden {
			state.UserData = &UserData{
				FirstName: p.user.FirstName, LastName: p.user.LastName,
				Image: p.user.ImageName(), HasImage: p.user.ImageID != "",
			}
		}
	}
	_, sends := st.(preparer)
	if st == nil || sends {
		out, err := e.newSignIn(ctx, c, state)
		if err != nil || st == nil {
			return out, err
		}
		seated := c
		seated.Client = out.Client
		sent, err := e.PrepareFirstFactor(ctx, seated, out.SignIn.ID, Prepare{Strategy: st.name(), RedirectURL: f.RedirectURL})
		if err != nil {
			return Outcome{Client: out.Client, Cookie: out.Cookie}, err
		}
		sent.Cookie = out.Cookie
		return sent, nil
	}
	// A proof that needs no preparation is judged before anything is stored: a wrong
	// one makes neither a client nor an attempt.
	r := &round{
		settings: s, now: e.now(), purpose: purposeSignIn, client: c.Client.ID, known: c.Client.KnownUserIDs, person: p,
	}
	asOf, err := e.prove(ctx, r, st, f.proof())
	if err != nil {
		return Outcome{}, err
	}
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	state.ClientID = seat.client.ID
	a := &signInAttempt{id: random.ID(prefixSignIn, e.now()), expireAt: e.now().Add(signInLifetime), state: state}
	if err := create(ctx, e, a); err != nil {
		return seat.outcome(), err
	}
	return e.firstFactorProved(ctx, seat, a, p, proved(st.name(), r.now), asOf, c.Activity)
}

// newSignIn stores a sign-in that waits for its next step.
func (e *Engine) newSignIn(ctx context.Context, c Caller, state signInState) (Outcome, error) {
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	state.ClientID = seat.client.ID
	a := &signInAttempt{id: random.ID(prefixSignIn, e.now()), expireAt: e.now().Add(signInLifetime), state: state}
	if err := create(ctx, e, a); err != nil {
		return seat.outcome(), err
	}
	return e.goOn(ctx, seat, a)
}
