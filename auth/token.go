package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// parts are the three parts of a JWS in compact serialisation, as sent.
type parts struct {
	header, payload, signature string
	signed                     string // header "." payload
}

// split takes a token apart (RFC 7515 §7.1). It counts the dots before it splits
// (T-06).
func split(token string) (parts, error) {
	switch {
	case token == "":
		return parts{}, refuse(ReasonTokenMissing, nil)
	case len(token) > MaxTokenLength:
		return parts{}, refuse(ReasonTokenMalformed, errors.New("token too long"))
	case strings.Count(token, ".") != 2:
		return parts{}, refuse(ReasonTokenMalformed, errors.New("want three parts"))
	}
	first, last := strings.IndexByte(token, '.'), strings.LastIndexByte(token, '.')
	p := parts{
		header:    token[:first],
		payload:   token[first+1 : last],
		signature: token[last+1:],
		signed:    token[:last],
	}
	// Go's decoder skips line breaks wherever they stand (T-07).
	if strings.IndexByte(token, '\n') >= 0 || strings.IndexByte(token, '\r') >= 0 {
		return parts{}, refuse(ReasonTokenMalformed, errors.New("line break in token"))
	}
	return p, nil
}

// base64url is RFC 7515 §2 to the letter: no padding, and the bits that the last
// digit does not need must be zero.
var base64url = base64.RawURLEncoding.Strict()

// decode returns what s stands for.
func decode(s string) ([]byte, error) {
	b, err := base64url.DecodeString(s)
	if err != nil {
		return nil, refuse(ReasonTokenMalformed, err)
	}
	return b, nil
}

// VerifySignature checks a token as far as its signature and returns the payload,
// unread. Every error is a [*TokenError]. It is for tokens of the same issuer that
// are no session tokens, such as handshakes; whose token it is, and whether it
// still lives, is left to the caller. Use [Verifier.Verify] for session tokens.
func VerifySignature(ctx context.Context, keys KeySet, token string) (payload []byte, err error) {
	p, err := split(token)
	if err != nil {
		return nil, err
	}
	raw, err := decode(p.header)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(raw)
	if err != nil {
		return nil, err
	}
	key, err := findKey(ctx, keys, h)
	if err != nil {
		return nil, err
	}
	signature, err := decode(p.signature)
	if err != nil {
		return nil, err
	}
	if err := method(key.Algorithm).Verify(p.signed, signature, key.Public); err != nil {
		return nil, refuse(ReasonTokenSignature, err)
	}
	return decode(p.payload)
}

// findKey returns the key that a header names, if it is fit for use and the
// header agrees with it.
func findKey(ctx context.Context, keys KeySet, h header) (Key, error) {
	key, err := keys.Key(ctx, h.kid)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return Key{}, refuse(ReasonTokenKeyUnknown, fmt.Errorf("no key has the kid %q", h.kid))
	case err != nil:
		return Key{}, refuse(ReasonKeysUnavailable, err)
	}
	if err := key.check(); err != nil {
		return Key{}, refuse(ReasonKeysUnavailable, err)
	}
	// T-01: the key says which algorithm, the token may only agree.
	if h.alg != key.Algorithm {
		return Key{}, refuse(ReasonTokenAlgorithm, fmt.Errorf("alg is %s, the key is for %s", h.alg, key.Algorithm))
	}
	return key, nil
}
