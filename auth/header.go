package auth

import (
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// The classes of tokens that one instance signs with one key, in the header
// parameter cat. A token of one class never stands in for another (T-16).
const (
	CategorySession  = "cl_B7d4PD111AAA"
	CategoryTemplate = "cl_B7d4PD222AAA" // made from a JWT template
	CategoryM2M      = "cl_B7d4PD333AAA" // machine to machine
)

// maxTokenDepth is how deep header and claims may nest.
const maxTokenDepth = 8

// header is what counts of a JOSE header.
type header struct {
	alg, kid string
}

// readHeader reads a decoded header and refuses those that say that the token is
// anything but a plainly signed session token.
func readHeader(raw []byte) (header, error) {
	var (
		h       header
		refused *TokenError
		r       = strictjson.NewReader(raw, maxTokenDepth)
		o       = r.Object()
	)
	blame := func(reason Reason, name string) {
		if refused == nil {
			refused = refuse(reason, fmt.Errorf("header parameter %s", name))
		}
	}
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		switch string(name) {
		case "alg":
			s, _ := r.String()
			if h.alg = algorithm(s); h.alg == "" {
				blame(ReasonTokenAlgorithm, "alg")
			}
		case "kid":
			s, ok := r.String()
			if !ok || len(s) == 0 || len(s) > MaxKeyIDLength {
				blame(ReasonTokenKeyUnknown, "kid")
				continue
			}
			h.kid = string(s)
		case "typ":
			if s, _ := r.String(); string(s) != "JWT" {
				blame(ReasonTokenType, "typ")
			}
		case "cat":
			if s, _ := r.String(); string(s) != CategorySession {
				blame(ReasonTokenType, "cat")
			}
		default:
			if foreign(name) {
				blame(ReasonTokenHeader, string(name))
			}
			r.Skip()
		}
	}
	if err := r.Close(); err != nil {
		return header{}, refuse(ReasonTokenMalformed, err)
	}
	switch {
	case refused != nil:
		return header{}, refused
	case h.alg == "":
		return header{}, refuse(ReasonTokenAlgorithm, errors.New("no alg"))
	case h.kid == "":
		return header{}, refuse(ReasonTokenKeyUnknown, errors.New("no kid"))
	}
	return h, nil
}

// algorithm returns the algorithm that is written so, "" for any other.
func algorithm(s []byte) string {
	switch string(s) {
	case RS256:
		return RS256
	case ES256:
		return ES256
	case EdDSA:
		return EdDSA
	}
	return ""
}

// foreign reports whether a header parameter must not be there: keys and
// addresses of keys that the sender brings along (T-03), extensions that must be
// understood (T-05, RFC 7515 §4.1.11, RFC 7797 §3), and what belongs to
// encryption, nesting or compression (T-17).
func foreign(name []byte) bool {
	switch string(name) {
	case "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256",
		"crit", "b64",
		"cty", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c":
		return true
	}
	return false
}
