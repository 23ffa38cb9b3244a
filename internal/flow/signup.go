package flow

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// statusMissing is the status of a sign-up that still needs something; statusComplete
// the other one.
const statusMissing = "missing_requirements"

// SignUp is an attempt to sign up.
type SignUp struct {
	ID               string   // "sua_…"
	Status           string   // missing_requirements, complete
	RequiredFields   []string // never nil, like the next three
	OptionalFields   []string
	MissingFields    []string
	UnverifiedFields []string

	EmailAddress, PhoneNumber, Username, FirstName, LastName, Locale string
	HasPassword                                                      bool
	PublicMetadata, UnsafeMetadata                                   json.RawMessage
	// EmailVerification and PhoneVerification are nil where nothing has to be
	// verified. Before a code was sent they have only NextAction and Supported.
	EmailVerification, PhoneVerification *Verification

	CreatedSessionID session.ID
	CreatedUserID    user.ID
	AbandonAt        time.Time
	LegalAcceptedAt  time.Time
}

// SignUpFields are the fields a browser may send. nil and "" both mean not given.
type SignUpFields struct {
	EmailAddress, PhoneNumber, Username, FirstName, LastName, Password, Locale *string
	UnsafeMetadata                                                             json.RawMessage
	LegalAccepted                                                              *bool
	Strategy                                                                   string // sends at once; "password" sends nothing, "ticket" brings an invitation
	Ticket                                                                     string // the secret of one, for that strategy
	RedirectURL                                                                string // Prepare.RedirectURL, for a strategy that sends a link
	Transfer                                                                   bool   // begin with the address that the client's sign-in has proved
}

// signUpState is a sign-up as it is stored.
type signUpState struct {
	ClientID session.ClientID `json:"client_id"`

	Email     address `json:"email,omitzero"`
	Phone     address `json:"phone,omitzero"`
	Username  string  `json:"username,omitempty"`
	FirstName string  `json:"first_name,omitempty"`
	LastName  string  `json:"last_name,omitempty"`
	Locale    string  `json:"locale,omitempty"`
	// Digest is the password, hashed when it was sent: nothing stores it plain.
	Digest          string          `json:"digest,omitempty"`
	HasPassword     bool            `json:"has_password,omitempty"` // stays when the digest has gone to the user
	UnsafeMetadata  json.RawMessage `json:"unsafe_metadata,omitempty"`
	Invitation      user.TicketID   `json:"invitation,omitempty"`
	PublicMetadata  json.RawMessage `json:"public_metadata,omitempty"` // of the invitation
	LegalAcceptedAt time.Time       `json:"legal_accepted_at,omitzero"`

	UserID    user.ID    `json:"user_id,omitempty"`
	SessionID session.ID `json:"session_id,omitempty"`
}

// address is an e-mail address or phone number of a sign-up and its proof.
type address struct {
	Value string     `json:"value,omitempty"` // as shown
	Key   string     `json:"key,omitempty"`   // canonical
	Proof *challenge `json:"proof,omitempty"`
}

// verified reports whether the address is proved, at the value it has now.
func (a address) verified() bool {
	return a.Proof != nil && a.Proof.Verified && a.Proof.Key == a.Key
}

// at returns the address of a kind; ok is false for kinds that are none.
func (st *signUpState) at(k user.Kind) (a *address, ok bool) {
	switch k {
	case user.KindEmailAddress:
		return &st.Email, true
	case user.KindPhoneNumber:
		return &st.Phone, true
	}
	return nil, false
}

type signUpAttempt = attempt[signUpState]

// signUpView shows a sign-up.
func (e *Engine) signUpView(a *signUpAttempt) *SignUp {
	st, s := a.state, e.settings()
	need := requirements(st, s)
	v := &SignUp{
		ID: a.id, Status: statusMissing,
		RequiredFields: need.required, OptionalFields: need.optional,
		MissingFields: need.missing, UnverifiedFields: need.unverified,
		EmailAddress: st.Email.Value, PhoneNumber: st.Phone.Value, Username: st.Username,
		FirstName: st.FirstName, LastName: st.LastName, Locale: st.Locale,
		HasPassword: st.HasPassword, UnsafeMetadata: st.UnsafeMetadata, PublicMetadata: st.PublicMetadata,
		EmailVerification: e.addressVerification(st, user.KindEmailAddress, s),
		PhoneVerification: e.addressVerification(st, user.KindPhoneNumber, s),
		CreatedSessionID:  st.SessionID, CreatedUserID: st.UserID,
		AbandonAt: a.expireAt, LegalAcceptedAt: st.LegalAcceptedAt,
	}
	if len(v.UnsafeMetadata) == 0 {
		v.UnsafeMetadata = json.RawMessage(`{}`)
	}
	if st.UserID != "" {
		v.Status = statusComplete
		v.MissingFields, v.UnverifiedFields = []string{}, []string{}
	}
	return v
}

// addressVerification shows where the proof of an address is at. Before a code was
// really sent it says no more than that one is needed: the official components
// would otherwise wait for one that never comes.
func (e *Engine) addressVerification(st signUpState, k user.Kind, s Settings) *Verification {
	a, _ := st.at(k)
	if a.Value == "" || !s.identification(k).VerifyAtSignUp {
		return nil
	}
	v := &Verification{}
	if a.Proof != nil && a.Proof.Key == a.Key {
		v = e.verification(a.Proof)
	}
	switch v.Status {
	case statusVerified:
	case statusUnverified:
		v.NextAction = "needs_attempt"
	default:
		v.NextAction = "needs_prepare"
	}
	v.Supported = []string{}
	for _, strategy := range e.table {
		if by, ok := strategy.(verifier); ok && by.verifies() == k && s.enables(strategy.name()) {
			v.Supported = append(v.Supported, strategy.name())
		}
	}
	return v
}

// SignUp returns a sign-up of the caller's client, completed ones included.
// resource_not_found for all others.
func (e *Engine) SignUp(ctx context.Context, c Caller, id string) (*SignUp, error) {
	a, err := e.loadSignUp(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return e.signUpView(a), nil
}

// loadSignUp reads a sign-up of the caller's client; one of another client counts as
// unknown (S-11).
func (e *Engine) loadSignUp(ctx context.Context, c Caller, id string) (*signUpAttempt, error) {
	if err := knownID(prefixSignUp, id); err != nil {
		return nil, err
	}
	a, err := load[signUpState](ctx, e, id)
	if err != nil {
		return nil, err
	}
	if c.Client.ID == "" || a.state.ClientID != c.Client.ID {
		return nil, errNotFound
	}
	return a, nil
}

// CreateSignUp starts a sign-up and makes it the client's current one. Where nothing
// has to be verified it completes at once.
//
// Errors: *user.FieldError, form_identifier_exists, form_param_unknown (a field that
// is off), sign_up_mode_restricted, session_exists, account_transfer_invalid,
// user.ErrBusy, and with a strategy those of PrepareVerification. With a ticket:
// ticket_invalid_code, *user.TicketError, sign_in_token_not_in_sign_in_code, and
// form_param_value_invalid (email_address) for another address than the invited one.
func (e *Engine) CreateSignUp(ctx context.Context, c Caller, f SignUpFields) (Outcome, error) {
	s := e.settings()
	if err := e.mayEnter(ctx, c.Client, "", s); err != nil {
		return Outcome{}, err
	}
	state, ask, err := e.beginWith(ctx, c, f, s)
	if err != nil {
		return Outcome{}, err
	}
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	state.ClientID = seat.client.ID
	a := &signUpAttempt{id: random.ID(prefixSignUp, e.now()), expireAt: e.now().Add(signUpLifetime), state: state}
	if err := create(ctx, e, a); err != nil {
		return seat.outcome(), err
	}
	if err := e.point(ctx, seat, "", a.id); err != nil {
		return seat.outcome(), err
	}
	return e.advanceSignUp(ctx, c, seat, a, ask)
}

// beginWith is what a new sign-up holds: what was sent, on top of what a sign-in hands
// over; and what is to be sent. The proof of the sign-in is used up only when nothing is left to refuse.
func (e *Engine) beginWith(ctx context.Context, c Caller, f SignUpFields, s Settings) (signUpState, Prepare, error) {
	var st signUpState
	var from *signInAttempt
	var err error
	if f.Transfer {
		if from, st, err = e.transferable(ctx, c); err != nil {
			return signUpState{}, Prepare{}, err
		}
	}
	edit, ask, err := e.readSignUp(ctx, f, st, s)
	if err != nil {
		return signUpState{}, Prepare{}, err
	}
	if from != nil {
		if err := e.spend(ctx, from); err != nil {
			return signUpState{}, Prepare{}, err
		}
	}
	edit(&st)
	return st, ask, nil
}

// UpdateSignUp changes fields of the client's current sign-up and completes it if
// nothing is missing any more. An address that changes loses its proof.
//
// Errors: those of CreateSignUp, resource_not_found, resource_forbidden (not the
// current one), sign_up_cannot_be_updated (complete).
func (e *Engine) UpdateSignUp(ctx context.Context, c Caller, id string, f SignUpFields) (Outcome, error) {
	s := e.settings()
	if f.Transfer {
		return Outcome{}, errTransfer
	}
	a, err := e.openSignUp(ctx, c, id, errSignUpClosed)
	if err != nil {
		return Outcome{}, err
	}
	edit, ask, err := e.readSignUp(ctx, f, a.state, s)
	if err != nil {
		return Outcome{}, err
	}
	err = change(ctx, e, a, func(a *signUpAttempt) error {
		if a.state.UserID != "" {
			return errSignUpClosed
		}
		edit(&a.state)
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	return e.advanceSignUp(ctx, c, seat, a, ask)
}

// openSignUp loads the client's current sign-up; closed is the error for one that is
// complete.
func (e *Engine) openSignUp(ctx context.Context, c Caller, id string, closed error) (*signUpAttempt, error) {
	a, err := e.loadSignUp(ctx, c, id)
	switch {
	case err != nil:
		return nil, err
	case a.state.UserID != "":
		return nil, closed
	case c.Client.SignUpID != a.id:
		return nil, errStale
	}
	return a, nil
}

// advanceSignUp completes a sign-up that has all it needs, or sends what ask
// asks for, or shows what is there.
func (e *Engine) advanceSignUp(ctx context.Context, c Caller, seat *seat, a *signUpAttempt, ask Prepare) (Outcome, error) {
	s := e.settings()
	need := requirements(a.state, s)
	if need.met() {
		return e.completeSignUp(ctx, seat, a, c.Activity)
	}
	out := seat.outcome()
	if ask.Strategy != "" {
		c.Client = seat.client
		sent, err := e.PrepareVerification(ctx, c, a.id, ask)
		if err != nil {
			return out, err
		}
		out.SignUp = sent.SignUp
		return out, nil
	}
	out.SignUp = e.signUpView(a)
	return out, nil
}
