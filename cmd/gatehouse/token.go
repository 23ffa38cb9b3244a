package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/session"
)

// tokenCommand groups what is about session tokens.
type tokenCommand struct {
	Explain tokenExplainCommand `cmd:"" help:"Say what a session token means, and the one reason why it would be refused. Exit code 0: good, 1: refused."`
}

// tokenExplainCommand explains one token. It judges it as the middleware does: by the
// keys of the configured server, or by those at an address.
type tokenExplainCommand struct {
	inspectFlags
	Token     string   `arg:"" optional:"" default:"-" placeholder:"JWT" help:"The token, or - (the default) to read it from standard input, which others on this machine cannot see; on the command line they can, which is for tokens of a minute only."`
	JWKSURL   string   `name:"jwks-url" placeholder:"URL" help:"Verify with the keys at this address instead of the configured server's. Whether the session has ended is then not known."`
	Issuer    string   `placeholder:"URL" help:"With --jwks-url: the issuer that the token must name."`
	Audiences []string `name:"audience" placeholder:"NAME" help:"With --jwks-url: a name in the token's audience."`
}

// errRefused is the exit code 1 of a token that is no good.
var errRefused = errors.New("the token is refused")

// Run implements command.
func (c *tokenExplainCommand) Run(ctx context.Context, p *program) error {
	if c.PrintConfig {
		return c.printConfig(p)
	}
	token, err := c.token(p)
	if err != nil {
		return err
	}
	judge, stop, err := c.judge(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	e := explainToken(token, judge(r), time.Now())
	if c.JSON {
		err = writeJSON(p.stdout, e)
	} else {
		err = e.print(p.stdout)
	}
	if err == nil && !e.Good {
		err = fmt.Errorf("%w: %s", errRefused, e.Reason)
	}
	return err
}

// token is the argument or what standard input holds, up to a bound.
func (c *tokenExplainCommand) token(p *program) (string, error) {
	text := c.Token
	if text == "-" {
		// One byte more than the verifier takes, with some for line ends.
		data, err := io.ReadAll(io.LimitReader(p.stdin, auth.MaxTokenLength+16))
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		text = string(data)
	}
	text = strings.TrimSpace(text)
	text = strings.TrimSpace(strings.TrimPrefix(text, "Bearer "))
	if text == "" {
		return "", &usageError{errors.New("there is no token: give it as an argument or on standard input")}
	}
	return text, nil
}

// judge returns what says who a request is from.
func (c *tokenExplainCommand) judge(ctx context.Context, p *program) (judge func(*http.Request) auth.Auth, stop func(), err error) {
	if c.JWKSURL == "" {
		if c.Issuer != "" || len(c.Audiences) > 0 {
			return nil, nil, &usageError{errors.New("--issuer and --audience go with --jwks-url")}
		}
		i, err := c.inspect(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range i.Findings {
			if i.SigningKey == "" && f.Fix != "" {
				fmt.Fprintf(p.stderr, "%s: %s. %s\n", f.Check, f.Detail, f.Fix)
			}
		}
		return i.Auth, func() { _ = i.Close() }, nil
	}
	if c.Issuer == "" {
		return nil, nil, &usageError{errors.New("--jwks-url needs --issuer, the claim iss of good tokens")}
	}
	logger := settings{logFormat: "text"}.logger(p)
	keys, err := jwks.New(jwks.Config{URL: c.JWKSURL, Logger: logger})
	if err != nil {
		return nil, nil, &usageError{err}
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: c.Issuer, Audiences: c.Audiences})
	if err != nil {
		return nil, nil, &usageError{err}
	}
	m, err := middleware.New(middleware.Config{Verifier: verifier})
	if err != nil {
		return nil, nil, err
	}
	return func(r *http.Request) auth.Auth { return m.Explain(r, m.Auth(r)) }, func() {}, nil
}

// explanation is what is said of one token.
type explanation struct {
	Good   bool        `json:"good"`
	Reason auth.Reason `json:"reason,omitempty"`
	Detail string      `json:"detail,omitempty"`
	// Signed reports whether the signature held, so that the claims are the issuer's words.
	Signed bool    `json:"signed"`
	Size   int     `json:"size"` // bytes
	Header []field `json:"header,omitempty"`
	Claims []field `json:"claims,omitempty"`
}

func explainToken(token string, a auth.Auth, now time.Time) explanation {
	e := explanation{Good: a.IsAuthenticated, Reason: a.Reason, Detail: a.Detail, Signed: signed(a), Size: len(token)}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return e
	}
	e.Header, e.Claims = decodeFields(parts[0], headerMeanings, now), decodeFields(parts[1], claimMeanings, now)
	return e
}

// signed reports whether a verdict was reached after the signature had held (T-09).
func signed(a auth.Auth) bool {
	switch a.Reason {
	case auth.ReasonNone, auth.ReasonTokenClaims, auth.ReasonTokenExpired, auth.ReasonTokenNotYet, auth.ReasonTokenIssuer,
		auth.ReasonTokenAudience, auth.ReasonTokenParty, auth.ReasonSessionPending, auth.ReasonSessionRevoked, auth.ReasonRevocationUnknown:
		return true
	}
	return false
}

func (e explanation) print(out io.Writer) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if e.Good {
		fmt.Fprintln(w, "good")
	} else {
		fmt.Fprintf(w, "refused: %s\n", e.Reason)
		if e.Detail != "" {
			fmt.Fprintf(w, "  %s\n", printable(e.Detail))
		}
	}
	fmt.Fprintf(w, "\nsize: %d bytes, %s\n", e.Size, sizeMeaning(e.Size))
	switch {
	case e.Signed:
		fmt.Fprintln(w, "signature: good")
	case len(e.Claims) > 0:
		fmt.Fprintln(w, "signature: bad or not looked at, so anybody may have written this")
	}
	for _, part := range []struct {
		name   string
		fields []field
	}{{"header", e.Header}, {"claims", e.Claims}} {
		if len(part.fields) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", part.name)
		for _, f := range part.fields {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", printable(f.Name), printable(string(f.Value)), printable(f.Meaning))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

// maxCookieSize is the least that browsers take of name, value and attributes (RFC 6265 §6.1).
const maxCookieSize = 4096

func sizeMeaning(n int) string {
	switch {
	case n > auth.MaxTokenLength:
		return fmt.Sprintf("more than the %d that are looked at", auth.MaxTokenLength)
	case n > maxCookieSize:
		return fmt.Sprintf("more than the %d that browsers keep in a cookie", maxCookieSize)
	case n > session.MaxTokenSize:
		return fmt.Sprintf("more than the %d of the longest that this server makes; with name and attributes it may exceed the %d of a cookie", session.MaxTokenSize, maxCookieSize)
	}
	return fmt.Sprintf("of %d at most, so that a cookie stays below %d", session.MaxTokenSize, maxCookieSize)
}
