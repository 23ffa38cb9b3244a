package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// The names of a handshake on the wire. A handshake tells an app on another origin
// than the Frontend API's who its browser is: the browser is sent to the Frontend
// API, which knows it by the cookie __client, and comes back with an answer.
const (
	// HandshakeCookie carries the answer itself, a signed token. It is also the name of
	// the query parameter that does so on a development server.
	HandshakeCookie = "__clerk_handshake"
	// HandshakeNonce carries what the answer can be fetched with, once: a cookie where
	// app and Frontend API share a domain, else a query parameter.
	HandshakeNonce = "__clerk_handshake_nonce"
	// HandshakeChallenge is the query parameter that binds a handshake to the browser
	// that began it, see [Challenge].
	HandshakeChallenge = "__clerk_hs_challenge"
	// HandshakeTries is the query parameter of an app's own address that counts how often
	// the page has asked.
	HandshakeTries = "__clerk_hs_tries"
	// HandshakeReason is the query parameter that says what the app was missing, for logs.
	HandshakeReason = "__clerk_hs_reason"
)

// BoundNonce begins the nonces of handshakes that have a challenge.
const BoundNonce = "hsc_"

// answerQuery are the query parameters that an answer adds to an app's address;
// handshakeQuery are all that a handshake adds.
var (
	answerQuery    = []string{HandshakeCookie, HandshakeNonce, "__clerk_help", "__clerk_db_jwt", "__dev_session"}
	handshakeQuery = append(slices.Clone(answerQuery), HandshakeTries)
)

// StripHandshake returns a raw query without the parameters that a handshake adds.
// The rest stays byte for byte as it is.
func StripHandshake(query string) string { return strip(query, handshakeQuery) }

// StripAnswer is StripHandshake that keeps [HandshakeTries]: for the Frontend API, which
// sends the browser back to where the app counts.
func StripAnswer(query string) string { return strip(query, answerQuery) }

func strip(query string, names []string) string {
	if query == "" {
		return ""
	}
	return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		return slices.Contains(names, name)
	}), "&")
}

// Challenge is what an app shows of the secret that it left in a browser before it
// sends it into a handshake: its SHA-256 in base64url, as in RFC 7636 §4.2.
func Challenge(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Handshake is the answer of a handshake.
type Handshake struct {
	// Directives are Set-Cookie values. The last whose name begins with __session holds
	// the session token, or nothing if nobody is signed in.
	Directives []string
	// Challenge is the one that the handshake began with, "" if it had none.
	Challenge string
}

// handshakeLifetime is the most that an answer may live, in seconds (H-04).
const handshakeLifetime = 60

// VerifyHandshake returns what a handshake token of VerifierConfig.Issuer says to the app
// at origin. Every
// error is a [*TokenError]. Session tokens are refused, as [Verifier.Verify] refuses
// handshakes (T-16).
func (v *Verifier) VerifyHandshake(ctx context.Context, token, origin string) (*Handshake, error) {
	own := v.issuers[0] // an app has one Frontend API
	payload, err := VerifySignature(ctx, own.Keys, token)
	if err != nil {
		return nil, err
	}
	d := handshakeReader{payloadReader: payloadReader{Reader: strictjson.NewReader(payload, maxTokenDepth)}}
	d.read()
	if err := d.Close(); err != nil {
		return nil, refuse(ReasonTokenMalformed, err)
	}
	now := v.now().Unix()
	switch {
	case d.session || !d.handshake:
		return nil, refuse(ReasonTokenType, errors.New("no handshake token"))
	case d.bad != "":
		return nil, refuse(ReasonTokenClaims, fmt.Errorf("claim %s", d.bad))
	case d.issuer != own.Name:
		return nil, refuse(ReasonTokenIssuer, fmt.Errorf("issued by %q", d.issuer))
	case origin == "" || d.audience != origin:
		return nil, refuse(ReasonTokenAudience, fmt.Errorf("meant for %q", d.audience))
	case d.issuedAt == 0 || d.expiresAt <= d.issuedAt || d.expiresAt-d.issuedAt > handshakeLifetime:
		return nil, refuse(ReasonTokenClaims, errors.New("lives too long"))
	case d.issuedAt > now+v.leeway:
		return nil, refuse(ReasonTokenNotYet, nil)
	case d.expiresAt <= now-v.leeway:
		return nil, refuse(ReasonTokenExpired, nil)
	}
	return &d.answer, nil
}

// handshakeReader reads the claims of a handshake.
type handshakeReader struct {
	payloadReader
	answer              Handshake
	issuer, audience    string
	issuedAt, expiresAt int64
	session             bool // it has a claim of session tokens
}

func (d *handshakeReader) read() {
	o := d.Object()
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		switch string(name) {
		case "iss":
			d.issuer = d.text("iss")
		case "aud":
			d.audience = d.text("aud")
		case "iat":
			d.issuedAt = d.time("iat")
		case "exp":
			d.expiresAt = d.time("exp")
		case "challenge":
			d.answer.Challenge = d.text("challenge")
		case "handshake":
			d.handshake = true
			d.directives()
		case "sub", "sid":
			d.session = true
			d.Skip()
		default:
			d.Skip()
		}
	}
}

func (d *handshakeReader) directives() {
	if d.Peek() != strictjson.KindArray {
		d.blame("handshake")
		d.Skip()
		return
	}
	for a := d.Array(); a.Next(); {
		d.answer.Directives = append(d.answer.Directives, d.text("handshake"))
	}
}
