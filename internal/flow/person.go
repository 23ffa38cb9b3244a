package flow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/user"
)

// person is whoever an attempt is about: a user, or nobody. Under enumeration
// protection nobody has to look like anybody (E-01), so every field that a
// strategy shows of a hidden person follows from what was typed.
type person struct {
	user       *user.User // nil: nobody
	identifier string     // as typed; "" in a reverification
	found      user.IdentificationID
	key        string // keyed hash of what was typed
	hidden     bool   // show what any identifier shows
	joins      bool   // nobody, who may prove what was typed and sign up with it; then also hidden
}

// lookUp finds who an identifier points to. The person's user is nil if it points to
// nobody, or to something that may not begin a sign-in here.
func (e *Engine) lookUp(ctx context.Context, identifier string, s Settings) (*person, error) {
	p := &person{identifier: identifier, key: e.keyOf(identifier), hidden: s.EnumerationProtect}
	u, i, err := e.users.ByIdentifier(ctx, identifier)
	switch {
	case errors.Is(err, user.ErrNotFound):
		return p, nil
	case errors.Is(err, user.ErrInvalid):
		if s.EnumerationProtect {
			return p, nil
		}
		return nil, &Error{Code: "form_param_format_invalid", Param: "identifier", Err: err}
	case err != nil:
		return nil, err
	}
	if s.identifies(i.Kind) {
		p.user, p.found = u, i.ID
	}
	return p, nil
}

// refresh reads the person's user again and returns the moment just before. A user
// who is gone leaves nobody.
func (e *Engine) refresh(ctx context.Context, p *person) (asOf time.Time, err error) {
	asOf = e.now()
	if p.user == nil {
		return asOf, nil
	}
	u, err := e.users.ByID(ctx, p.user.ID)
	switch {
	case errors.Is(err, user.ErrNotFound):
		p.user = nil
	case err != nil:
		return asOf, err
	default:
		p.user = u
	}
	return asOf, nil
}

// standing is the user as if neither banned nor locked: whether the password is
// right is asked of it, what that leads to is decided apart.
func (p *person) standing() *user.User {
	if p.user == nil {
		return nil
	}
	u := *p.user
	u.Banned, u.Locked = false, false
	return &u
}

// usable returns the user's identifications of a kind that may prove something:
// verified ones, and those that an operator reserved.
func (p *person) usable(k user.Kind) []user.Identification {
	if p.user == nil {
		return nil
	}
	var out []user.Identification
	for _, i := range p.user.Identifications {
		if i.Kind == k && i.Claimed && (i.Verified() || i.Reserved) {
			out = append(out, i)
		}
	}
	return out
}

// verified returns the usable identifications of a kind that were really proved.
func (p *person) verified(k user.Kind) []user.Identification {
	return slices.DeleteFunc(p.usable(k), func(i user.Identification) bool { return !i.Verified() })
}

// preferred picks one of the person's identifications: the one with the id; with "" the
// one that was typed, else the primary one, else the first.
func (p *person) preferred(all []user.Identification, id user.IdentificationID) (user.Identification, bool) {
	wanted := []user.IdentificationID{id}
	if id == "" && len(all) > 0 {
		wanted = []user.IdentificationID{p.found, p.user.PrimaryEmailAddressID, p.user.PrimaryPhoneNumberID, all[0].ID}
	}
	for _, w := range wanted {
		if n := slices.IndexFunc(all, func(i user.Identification) bool { return i.ID == w }); n >= 0 {
			return all[n], true
		}
	}
	return user.Identification{}, false
}

// typedKey is the canonical form of what was typed, "" if it has none.
func (p *person) typedKey() string {
	_, key, _ := user.ParseIdentifier(p.identifier)
	return key
}

func (p *person) destination(i user.Identification) destination {
	to := destination{id: i.ID, value: i.Value, key: i.Key, name: p.user.FirstName, place: i.Key}
	if p.hidden {
		to.place = p.typedKey() // a country must not tell whether an address has an account with a number
	}
	return to
}

// current fails if the identification that a challenge is about is gone, or is not
// what it was when the proof was sent for (C-03).
func (p *person) current(c *challenge) error {
	if c == nil || c.Identification == "" {
		return nil
	}
	for _, i := range p.user.Identifications {
		if i.ID == c.Identification && i.Key == c.Key && i.Claimed {
			return nil
		}
	}
	return errFailed
}

// safe shows an identification to somebody who has not proved anything yet: as
// typed if it is the one that was typed, else masked (L-06).
func (p *person) safe(i user.Identification) string {
	if i.ID == p.found {
		return p.identifier
	}
	return mask(i.Value)
}

// mask keeps what a person needs to recognise their own address: "j***@e***.com",
// "+49***78".
func mask(address string) string {
	if strings.HasPrefix(address, "+") && len(address) > 7 {
		return address[:3] + "***" + address[len(address)-2:]
	}
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return "***"
	}
	top := ""
	if dot := strings.LastIndexByte(domain, '.'); dot >= 0 {
		top = domain[dot:]
	}
	return first(local) + "***@" + first(domain) + "***" + top
}

func first(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return ""
	}
	return string(r)
}

// keyOf is a keyed hash of what somebody typed, one for all spellings of it (C-06).
func (e *Engine) keyOf(identifier string) string {
	if _, key, err := user.ParseIdentifier(identifier); err == nil {
		return e.nameOf(key)
	}
	return e.nameOf(identifier)
}

// nameOf is a keyed hash of a canonical identifier, in hex: what stands for it in the
// names of counters.
func (e *Engine) nameOf(key string) string {
	m := hmac.New(sha256.New, e.nameKey)
	m.Write([]byte(key))
	return hex.EncodeToString(m.Sum(nil))
}

// fakeID is the id of an identification of some kind that everybody who types the same
// identifier is shown under enumeration protection.
func (e *Engine) fakeID(p *person, k user.Kind) user.IdentificationID {
	m := hmac.New(sha256.New, e.nameKey)
	m.Write([]byte("identification " + string(k) + " " + p.key))
	digits := new(big.Int).SetBytes(m.Sum(nil)).Text(62)
	return user.IdentificationID("idn_" + digits[len(digits)-27:])
}
