package auth

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// verified is an Auth and its claims in one allocation.
type verified struct {
	auth   Auth
	claims Claims
}

// readClaims reads a payload whose signature held. What it returns has every
// required claim, each of its own type.
func readClaims(raw []byte) (*Auth, error) {
	d := payloadReader{Reader: strictjson.NewReader(raw, maxTokenDepth)}
	v := &verified{claims: Claims{Raw: raw, Status: "active", FactorAges: FactorAges{First: -1, Second: -1}}}
	c := &v.claims
	d.read(c)
	if err := d.Close(); err != nil {
		return nil, refuse(ReasonTokenMalformed, err)
	}
	if d.handshake {
		return nil, refuse(ReasonTokenType, errors.New("a handshake token"))
	}
	if d.bad != "" {
		return nil, refuse(ReasonTokenClaims, fmt.Errorf("claim %s", d.bad))
	}
	if name := c.missing(); name != "" {
		return nil, refuse(ReasonTokenClaims, fmt.Errorf("claim %s is missing or malformed", name))
	}
	v.auth = Auth{
		IsAuthenticated: true,
		UserID:          c.Subject,
		SessionID:       c.SessionID,
		SessionStatus:   c.Status,
		Claims:          c,
		Actor:           c.Actor,
		FactorAges:      c.FactorAges,
	}
	return &v.auth, nil
}

// missing names the first required claim that is not there. Zero serves as
// absent: the reader takes no zero time.
func (c *Claims) missing() string {
	switch {
	case c.Issuer == "":
		return "iss"
	case !isID("user_", c.Subject):
		return "sub"
	case !isID("sess_", c.SessionID):
		return "sid"
	case c.ExpiresAt == 0:
		return "exp"
	case c.IssuedAt == 0:
		return "iat"
	case c.NotBefore == 0:
		return "nbf"
	}
	return ""
}

// isID reports whether s is prefix and 1 to 64 letters and digits (T-15).
func isID(prefix, s string) bool {
	s, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return true
}

// payloadReader reads claims and remembers the first that has the wrong type.
type payloadReader struct {
	strictjson.Reader
	bad       string
	handshake bool
}

func (d *payloadReader) read(c *Claims) {
	o := d.Object()
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		switch string(name) {
		case "iss":
			c.Issuer = d.text("iss")
		case "sub":
			c.Subject = d.text("sub")
		case "sid":
			c.SessionID = d.text("sid")
		case "azp":
			c.AuthorizedParty = d.text("azp")
		case "jti":
			c.ID = d.text("jti")
		case "aud":
			c.Audience = d.audience()
		case "iat":
			c.IssuedAt = d.time("iat")
		case "nbf":
			c.NotBefore = d.time("nbf")
		case "exp":
			c.ExpiresAt = d.time("exp")
		case "v":
			c.Version = d.version()
		case "sts":
			c.Status = d.status()
		case "fva":
			c.FactorAges = d.factorAges()
		case "act":
			c.Actor = d.actor()
		case "handshake":
			d.handshake = true
			d.Skip()
		default:
			d.Skip()
		}
	}
}

func (d *payloadReader) blame(name string) {
	if d.bad == "" {
		d.bad = name
	}
}

func (d *payloadReader) text(name string) string {
	s, ok := d.String()
	if !ok {
		d.blame(name)
	}
	return string(s)
}

// time reads a NumericDate (RFC 7519 §2), narrowed to positive integers (T-11)
// that leave room for leeway and lifetime to be added.
func (d *payloadReader) time(name string) int64 {
	n, ok := d.Int()
	if !ok || n <= 0 || n > math.MaxInt64/2 {
		d.blame(name)
		return 0
	}
	return n
}

// version reads v. Later versions may mean something else by the same names.
func (d *payloadReader) version() int {
	n, ok := d.Int()
	if !ok || n < 1 || n > 2 {
		d.blame("v")
		return 0
	}
	return int(n)
}

func (d *payloadReader) status() string {
	switch s, _ := d.String(); string(s) {
	case "active":
		return "active"
	case "pending":
		return "pending"
	}
	d.blame("sts")
	return ""
}

// audience reads aud: one string or an array of them (RFC 7519 §4.1.3).
func (d *payloadReader) audience() []string {
	if d.Peek() != strictjson.KindArray {
		return []string{d.text("aud")}
	}
	all := []string{} // an empty list is not the same as none
	a := d.Array()
	for a.Next() {
		all = append(all, d.text("aud"))
	}
	return all
}

// factorAges reads fva: two ages in minutes, −1 for never.
func (d *payloadReader) factorAges() FactorAges {
	if d.Peek() != strictjson.KindArray {
		d.blame("fva")
		d.Skip()
		return FactorAges{}
	}
	var (
		ages [2]time.Duration
		n    int
	)
	for a := d.Array(); a.Next(); n++ {
		m, ok := d.Int()
		if !ok || n >= len(ages) || m < -1 || m > math.MaxInt32 {
			d.blame("fva")
			continue
		}
		ages[n] = time.Duration(m) * time.Minute
	}
	if n != len(ages) {
		d.blame("fva")
	}
	return FactorAges{First: ages[0], Second: ages[1]}
}

// actor reads act (RFC 8693 §4.1). Someone acts, or the claim is not there.
func (d *payloadReader) actor() *Actor {
	if d.Peek() != strictjson.KindObject {
		d.blame("act")
		d.Skip()
		return nil
	}
	a := new(Actor)
	o := d.Object()
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		switch string(name) {
		case "sub":
			a.Subject = d.text("act")
		case "iss":
			a.Issuer = d.text("act")
		case "sid":
			a.SessionID = d.text("act")
		case "type":
			a.Type = d.text("act")
		default:
			d.Skip()
		}
	}
	if a.Subject == "" {
		d.blame("act")
	}
	return a
}
