package session_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// parts decodes the header and the claims of a token.
func parts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("token has %d parts", len(segments))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(segments[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	}
	return header, claims
}

// T-16: the header names the class of session tokens, and nothing else is in it.
func TestTokenHeader(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	header, _ := parts(t, h.mustMint(cookie, ss.ID))
	want := map[string]any{"alg": "EdDSA", "typ": "JWT", "cat": "cl_B7d4PD111AAA", "kid": h.keys.All()[0].ID}
	if fmt.Sprint(header) != fmt.Sprint(want) {
		t.Errorf("header = %v, want %v", header, want)
	}
}

func TestTokenClaims(t *testing.T) {
	h := open(t)
	c, cookie := h.client()
	now := h.clock.Now()
	ss, err := h.Start(t.Context(), session.NewSession{
		ClientID: c.ID, UserID: userA, AsOf: now, Strategy: "password",
		FirstFactorAt:  now.Add(-3*time.Minute - 59*time.Second),
		SecondFactorAt: now.Add(-time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.Mint(t.Context(), cookie, ss.ID, "https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	_, claims := parts(t, token)
	jti, _ := claims["jti"].(string)
	if len(jti) != 32 {
		t.Errorf("jti = %q, want 128 bits in hex", jti)
	}
	iat := float64(now.Unix())
	want := map[string]any{
		"iss": issuer, "sub": userA, "sid": string(ss.ID), "azp": "https://app.example.com",
		"iat": iat, "nbf": iat - 10, "exp": iat + 60, "jti": jti, "v": 2.0, "sts": "active",
		"fva": []any{3.0, 1.0},
	}
	if fmt.Sprint(claims) != fmt.Sprint(want) {
		t.Errorf("claims = %v\nwant     %v", claims, want)
	}
	a := h.verify(token)
	if a.UserID != userA || a.SessionID != string(ss.ID) || a.SessionStatus != "active" || a.FactorAges.First != 3*time.Minute {
		t.Errorf("verified as %+v", a)
	}
}

func TestTokenWithoutOriginOrSecondFactor(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	_, claims := parts(t, h.mustMint(cookie, ss.ID))
	if _, ok := claims["azp"]; ok || fmt.Sprint(claims["fva"]) != "[0 -1]" {
		t.Errorf("claims = %v, want no azp and fva [0 -1]", claims)
	}
}

// What a browser sends as Origin cannot break out of its claim.
func TestTokenEscapesOrigin(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	for _, azp := range []string{`https://x","sub":"` + userB, "https://x\\", "https://é\x00\xff<"} {
		token, err := h.Mint(t.Context(), cookie, ss.ID, azp)
		if err != nil {
			t.Fatal(err)
		}
		if a := h.verify(token); a.UserID != userA || a.Claims.AuthorizedParty != strings.ToValidUTF8(azp, "\uFFFD") {
			t.Errorf("azp %q: verified as %s, azp %q", azp, a.UserID, a.Claims.AuthorizedParty)
		}
	}
}

func TestImpersonation(t *testing.T) {
	h := open(t)
	c, cookie := h.client()
	start := func(actor string) (session.Session, error) {
		return h.Start(t.Context(), session.NewSession{
			ClientID: c.ID, UserID: userA, AsOf: h.clock.Now(), Strategy: "password",
			Actor: json.RawMessage(actor), Lifetime: 30 * time.Minute,
		})
	}
	for _, bad := range []string{`{`, `[]`, `null`, `{}`, `{"sub":1}`} {
		if _, err := start(bad); err == nil {
			t.Errorf("actor %s was taken", bad)
		}
	}
	ss, err := start(`{"sub":"` + userB + `", "iss":"https://ops.example.com", "n":12345678901234567890, "n":1}`)
	if err != nil {
		t.Fatal(err)
	}
	a := h.verify(h.mustMint(cookie, ss.ID))
	if a.Actor == nil || a.Actor.Subject != userB || a.Actor.Issuer != "https://ops.example.com" {
		t.Errorf("actor = %+v", a.Actor)
	}
	// M-06: impersonation proves no factor, and cannot.
	if a.FactorAges.First >= 0 || a.FactorAges.Second >= 0 {
		t.Errorf("factor ages = %v, want never", a.FactorAges)
	}
	if _, err := h.Reverified(t.Context(), ss.ID, true, false); !errors.Is(err, session.ErrImpersonated) {
		t.Errorf("Reverified = %v, want ErrImpersonated", err)
	}
}

func TestTokenTooLarge(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	if token, err := h.Mint(t.Context(), cookie, ss.ID, "https://"+strings.Repeat("a", 2000)); err != nil || len(token) > 3800 {
		t.Errorf("Mint = %d bytes, %v", len(token), err)
	}
	if _, err := h.Mint(t.Context(), cookie, ss.ID, "https://"+strings.Repeat("a", 2800)); !errors.Is(err, session.ErrTokenTooLarge) {
		t.Errorf("Mint = %v, want ErrTokenTooLarge", err)
	}
}

// The last token comes again while it has 30 s left and nothing changed.
func TestTokenReuse(t *testing.T) {
	for _, tc := range []struct {
		name   string
		azp    string
		change func(h *harness, c session.Client, ss session.Session) error
		reused bool
	}{
		{"nothing_changed", "", nil, true},
		{"30_s_left", "", func(h *harness, _ session.Client, _ session.Session) error {
			h.clock.Advance(30*time.Second - 250*time.Millisecond)
			return nil
		}, true},
		{"less_than_30_s_left", "", func(h *harness, _ session.Client, _ session.Session) error {
			h.clock.Advance(30 * time.Second)
			return nil
		}, false},
		{"other_origin", "https://b.example.com", nil, false},
		{"touched", "", func(h *harness, c session.Client, ss session.Session) error {
			_, err := h.Touch(h.t.Context(), c.ID, ss.ID, false, session.Activity{})
			return err
		}, false},
		{"reverified", "", func(h *harness, _ session.Client, ss session.Session) error {
			_, err := h.Reverified(h.t.Context(), ss.ID, true, true)
			return err
		}, false},
		{"other_key", "", func(h *harness, _ session.Client, _ session.Session) error {
			kid, err := h.keys.Add(h.t.Context())
			if err != nil {
				return err
			}
			return h.keys.Promote(h.t.Context(), kid)
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := open(t)
			c, cookie, ss := h.signedIn(userA)
			first := h.mustMint(cookie, ss.ID)
			if tc.change != nil {
				if err := tc.change(h, c, ss); err != nil {
					t.Fatal(err)
				}
			}
			second, err := h.Mint(t.Context(), cookie, ss.ID, tc.azp)
			if err != nil {
				t.Fatal(err)
			}
			if (first == second) != tc.reused {
				t.Errorf("reused = %v, want %v", first == second, tc.reused)
			}
			h.verify(second)
		})
	}
}

// Many sessions do not make the cache grow without end, nor mix up tokens.
func TestTokenCacheIsBounded(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	first := h.mustMint(cookie, ss.ID)
	for i := range 64 * 128 * 3 {
		other := ss
		other.ID = session.NewSessionID(userB)
		other.UserID = userB
		token, err := h.Token(t.Context(), other, "")
		if err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			if a := h.verify(token); a.UserID != userB || a.SessionID != string(other.ID) {
				t.Fatalf("minted for %s of %s", a.SessionID, a.UserID)
			}
		}
	}
	if h.mustMint(cookie, ss.ID) == first {
		t.Error("the first of 24,577 tokens is still kept")
	}
	if n := h.CachedTokens(); n > 64*128*2 {
		t.Errorf("%d tokens are kept, want at most %d", n, 64*128*2)
	}
}

// A mint is one round trip, and so is a renewal of a known session.
func TestMintIsOneRoundTrip(t *testing.T) {
	clients, sessions := &countingClients{}, &countingSessions{}
	h := open(t, func(cfg *session.Config) {
		clients.ClientStore, sessions.SessionStore = cfg.Clients, cfg.Sessions
		cfg.Clients, cfg.Sessions = clients, sessions
	})
	_, cookie, ss := h.signedIn(userA)
	for name, mint := range map[string]func() error{
		"Mint":  func() error { _, err := h.Mint(t.Context(), cookie, ss.ID, ""); return err },
		"Renew": func() error { _, err := h.Renew(t.Context(), cookie, string(ss.ID), ""); return err },
	} {
		clients.calls.Store(0)
		sessions.loads.Store(0)
		sessions.others.Store(0)
		if err := mint(); err != nil {
			t.Fatal(err)
		}
		if a, b, c := sessions.loads.Load(), sessions.others.Load(), clients.calls.Load(); a != 1 || b+c != 0 {
			t.Errorf("%s: %d loads, %d other calls for sessions, %d for clients; want one load", name, a, b, c)
		}
	}
}

func TestMintOnlyForTheOwnClient(t *testing.T) {
	h := open(t)
	_, _, ss := h.signedIn(userA)
	_, other, _ := h.signedIn(userB)
	if _, err := h.Mint(t.Context(), other, ss.ID, ""); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Mint with another client's cookie = %v, want ErrNotFound", err)
	}
	for _, id := range []session.ID{"", "sess_*", session.NewSessionID(userA)} {
		if _, err := h.Mint(t.Context(), other, id, ""); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Mint(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

// S-08: whatever ends a session ends minting at once, though a token is kept.
func TestNoTokenAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(h *harness, c session.Client, ss session.Session) error{
		"End": func(h *harness, c session.Client, ss session.Session) error {
			_, err := h.End(h.t.Context(), c.ID, ss.ID, session.StatusEnded)
			return err
		},
		"EndAll": func(h *harness, c session.Client, _ session.Session) error {
			_, err := h.EndAll(h.t.Context(), c.ID)
			return err
		},
		"Revoke": func(h *harness, _ session.Client, ss session.Session) error {
			_, err := h.Revoke(h.t.Context(), ss.ID, "by an operator")
			return err
		},
		"RevokeUser": func(h *harness, _ session.Client, ss session.Session) error {
			return h.RevokeUser(h.t.Context(), ss.UserID, "user banned", "")
		},
		"expiry": func(h *harness, _ session.Client, _ session.Session) error {
			h.clock.Advance(7 * 24 * time.Hour)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			other := h.node() // has minted and cached too
			c, cookie, ss := h.signedIn(userA)
			h.mustMint(cookie, ss.ID)
			if _, err := other.Mint(t.Context(), cookie, ss.ID, ""); err != nil {
				t.Fatal(err)
			}
			if err := end(h, c, ss); err != nil {
				t.Fatal(err)
			}
			for _, node := range []*session.Service{h.Service, other} {
				if _, err := node.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotActive) {
					t.Errorf("Mint = %v, want ErrNotActive", err)
				}
				for _, id := range []string{string(ss.ID), ""} {
					if _, err := node.Renew(t.Context(), cookie, id, ""); !errors.Is(err, auth.ErrNoSession) {
						t.Errorf("Renew(%q) = %v, want ErrNoSession", id, err)
					}
				}
				if _, err := node.Touch(t.Context(), c.ID, ss.ID, true, session.Activity{}); !errors.Is(err, session.ErrNotActive) {
					t.Errorf("Touch = %v, want ErrNotActive", err)
				}
				if _, err := node.Reverified(t.Context(), ss.ID, true, false); !errors.Is(err, session.ErrNotActive) {
					t.Errorf("Reverified = %v, want ErrNotActive", err)
				}
			}
		})
	}
}

// S-07: no token outlives its session.
func TestTokenEndsWithItsSession(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	h.clock.Advance(ss.ExpireAt.Sub(h.clock.Now()) - 20*time.Second)
	_, claims := parts(t, h.mustMint(cookie, ss.ID))
	if got, limit := claims["exp"].(float64), float64(ss.ExpireAt.Unix()+1); got > limit {
		t.Errorf("exp = %.0f, want at most %.0f", got, limit)
	}
}

func TestClaimsAreUnique(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	var ids []string
	for i := range 5 {
		token, err := h.Mint(t.Context(), cookie, ss.ID, fmt.Sprintf("https://%d.example.com", i))
		if err != nil {
			t.Fatal(err)
		}
		_, claims := parts(t, token)
		if id := claims["jti"].(string); slices.Contains(ids, id) {
			t.Errorf("jti %q came twice", id)
		} else {
			ids = append(ids, id)
		}
	}
}
