package auth_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

func TestVerifyClaimsOfTheApp(t *testing.T) {
	token := sign(rsaKey(), goodHeader.String(), goodClaims.with("metadata", `{"plan":"gold"}`).String())
	var own struct{ Metadata struct{ Plan string } }
	if err := json.Unmarshal(accepted(t, verifier(t, nil), token).Claims.Raw, &own); err != nil || own.Metadata.Plan != "gold" {
		t.Errorf("own claims = %+v, %v", own, err)
	}
}

// What may be absent, may be.
func TestVerifyMinimal(t *testing.T) {
	claims := goodClaims
	for _, name := range []string{"azp", "jti", "v", "sts", "fva"} {
		claims = claims.without(name)
	}
	a := accepted(t, verifier(t, nil), sign(rsaKey(), goodHeader.without("typ").without("cat").String(), claims.String()))
	if a.SessionStatus != "active" || a.FactorAges.First >= 0 || a.FactorAges.Second >= 0 || a.Actor != nil {
		t.Errorf("Auth = %+v, want an active session, no factor ever, no actor", a)
	}
}

func TestVerifyActor(t *testing.T) {
	v := verifier(t, nil)
	a := accepted(t, v, sign(rsaKey(), goodHeader.String(),
		goodClaims.with("act", `{"sub":"user_op","iss":"https://d","sid":"sess_op","type":"agent","x":{}}`).String()))
	if want := (auth.Actor{Subject: "user_op", Issuer: "https://d", SessionID: "sess_op", Type: "agent"}); a.Actor == nil || *a.Actor != want {
		t.Errorf("Actor = %+v, want %+v", a.Actor, want)
	}
	for _, raw := range []string{`{}`, `{"sub":""}`, `{"sub":1}`, `null`, `"user_op"`, `["user_op"]`, `{"sub":"a","sid":null}`} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("act", raw).String()), auth.ReasonTokenClaims)
	}
}

// T-11: integers, all there, within five seconds.
func TestVerifyTimes(t *testing.T) {
	v := verifier(t, nil)
	for _, name := range []string{"exp", "iat", "nbf"} {
		for _, raw := range []string{
			`"1800000060"`, "1800000060.0", "1800000060.5", "18e8", "1.8e9", "null", "-1", "-1800000060", "0", "true", "[1800000060]", "{}",
			"1e400", "9223372036854775808", "99999999999999999999999", "9223372036854775807", `""`,
		} {
			refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with(name, raw).String()), auth.ReasonTokenClaims)
		}
		e := refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.without(name).String()), auth.ReasonTokenClaims)
		if want := "claim " + name + " is missing or malformed"; e.Err == nil || e.Err.Error() != want {
			t.Errorf("refused with %v, want %q", e, want)
		}
	}
	for _, test := range []struct {
		name          string
		iat, nbf, exp int64 // seconds from now
		want          auth.Reason
	}{
		{"fresh", 0, -10, 60, auth.ReasonNone},
		{"exp_within_leeway", -60, -70, -4, auth.ReasonNone},
		{"exp_at_leeway", -60, -70, -5, auth.ReasonTokenExpired},
		{"expired", -120, -130, -60, auth.ReasonTokenExpired},
		{"iat_at_leeway", 5, -10, 65, auth.ReasonNone},
		{"iat_in_future", 6, -10, 66, auth.ReasonTokenNotYet},
		{"nbf_at_leeway", 0, 5, 60, auth.ReasonNone},
		{"nbf_in_future", 0, 6, 60, auth.ReasonTokenNotYet},
		{"exp_is_iat", 0, -10, 0, auth.ReasonTokenClaims},
		{"exp_before_iat", 3, -10, 2, auth.ReasonTokenClaims},
		{"a_day", 0, 0, 86400, auth.ReasonNone},
		{"more_than_a_day", 0, 0, 86401, auth.ReasonTokenClaims},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := epoch.Unix()
			claims := goodClaims.with("iat", fmt.Sprint(now+test.iat)).with("nbf", fmt.Sprint(now+test.nbf)).with("exp", fmt.Sprint(now+test.exp))
			token := sign(rsaKey(), goodHeader.String(), claims.String())
			if test.want == auth.ReasonNone {
				accepted(t, v, token)
				return
			}
			e := refused(t, v, token, test.want)
			if (e.Expired != nil) != (test.want == auth.ReasonTokenExpired) {
				t.Errorf("Expired = %v", e.Expired)
			}
		})
	}
}

// An expired token vouches for its session only if nothing else is wrong with it.
func TestVerifyExpired(t *testing.T) {
	v := verifier(t, func(cfg *auth.VerifierConfig) { cfg.AuthorizedParties = []string{"https://app.example.com"} })
	expired := goodClaims.with("iat", "1799990000").with("exp", "1799990060")
	e := refused(t, v, sign(rsaKey(), goodHeader.String(), expired.String()), auth.ReasonTokenExpired)
	if c := e.Expired; c == nil || c.SessionID != "sess_3cD" || c.Subject != "user_2aB" || c.IssuedAt != 1799990000 {
		t.Errorf("Expired = %+v", c)
	}
	for _, claims := range []object{
		expired.with("iss", `"https://evil.example"`), expired.with("aud", `"x"`), expired.with("azp", `"https://evil.example"`),
		expired.with("nbf", "1900000000"),
	} {
		if _, err := v.Verify(t.Context(), sign(rsaKey(), goodHeader.String(), claims.String())); err.(*auth.TokenError).Expired != nil {
			t.Errorf("%v vouches for a session", err)
		}
	}
}

// T-12: the issuer, byte for byte.
func TestVerifyIssuer(t *testing.T) {
	v := verifier(t, nil)
	for _, iss := range []string{
		"https://clerk.example.com.evil.example", "https://clerk.example.com/", "https://evil.example/https://clerk.example.com",
		"http://clerk.example.com", "https://CLERK.example.com", "https://clerk.example.co", " https://clerk.example.com", "clerk.example.com",
	} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("iss", `"`+iss+`"`).String()), auth.ReasonTokenIssuer)
	}
	for _, raw := range []string{`["` + issuer + `"]`, `null`, `1`, `""`} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("iss", raw).String()), auth.ReasonTokenClaims)
	}
	refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.without("iss").String()), auth.ReasonTokenClaims)
}

// T-13: where parties are configured, one of them asked for the token.
func TestVerifyAuthorizedParty(t *testing.T) {
	v := verifier(t, func(cfg *auth.VerifierConfig) {
		cfg.AuthorizedParties = []string{"https://app.example.com", "https://admin.example.com"}
	})
	accepted(t, v, goodToken())
	accepted(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("azp", `"https://admin.example.com"`).String()))
	refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.without("azp").String()), auth.ReasonTokenParty)
	for _, azp := range []string{"", "https://app.example.com.evil.example", "https://evil.example", "app.example.com", "https://app.example.com/"} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("azp", `"`+azp+`"`).String()), auth.ReasonTokenParty)
	}
	for _, raw := range []string{`["https://app.example.com"]`, `null`, `1`} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("azp", raw).String()), auth.ReasonTokenClaims)
		refused(t, verifier(t, nil), sign(rsaKey(), goodHeader.String(), goodClaims.with("azp", raw).String()), auth.ReasonTokenClaims)
	}
}

// T-14: an audience that names nobody we are.
func TestVerifyAudience(t *testing.T) {
	none := verifier(t, nil)
	some := verifier(t, func(cfg *auth.VerifierConfig) { cfg.Audiences = []string{"api", "web"} })
	anyone := verifier(t, func(cfg *auth.VerifierConfig) { cfg.AllowAnyAudience = true })
	for _, test := range []struct {
		aud                string // "" for absent
		none, some, anyone bool
	}{
		{``, true, false, true},
		{`"api"`, false, true, true},
		{`["x","web"]`, false, true, true},
		{`"other"`, false, false, true},
		{`["x",""]`, false, false, true},
		{`""`, false, false, true},
		{`[]`, false, false, true},
		{`["apis"]`, false, false, true},
	} {
		claims := goodClaims
		if test.aud != "" {
			claims = claims.with("aud", test.aud)
		}
		token := sign(rsaKey(), goodHeader.String(), claims.String())
		for _, which := range []struct {
			v  *auth.Verifier
			ok bool
		}{{none, test.none}, {some, test.some}, {anyone, test.anyone}} {
			if which.ok {
				accepted(t, which.v, token)
			} else {
				refused(t, which.v, token, auth.ReasonTokenAudience)
			}
		}
	}
	for _, raw := range []string{`null`, `1`, `[1]`, `["api",null]`, `{"api":true}`, `[["api"]]`} {
		for _, v := range []*auth.Verifier{none, some, anyone} {
			refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("aud", raw).String()), auth.ReasonTokenClaims)
		}
	}
}

// T-15: the shapes of ids.
func TestVerifyIDs(t *testing.T) {
	v := verifier(t, nil)
	for name, prefix := range map[string]string{"sub": "user_", "sid": "sess_"} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.without(name).String()), auth.ReasonTokenClaims)
		long := strings.Repeat("a", 64)
		accepted(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with(name, `"`+prefix+long+`"`).String()))
		for _, raw := range []string{
			`""`, `1`, `null`, `["` + prefix + `a"]`, `"` + prefix + `"`, `"` + prefix + `a\u0000"`, `"` + prefix + `a-b"`, `"` + prefix + `é"`,
			`"a"`, `"` + strings.ToUpper(prefix) + `a"`, `" ` + prefix + `a"`, `"` + prefix + long + `a"`, `"` + prefix + `a\n"`, `"mch_a"`,
		} {
			refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with(name, raw).String()), auth.ReasonTokenClaims)
		}
	}
}

// T-18: pending sessions are handed over only to whoever asks.
func TestVerifyPending(t *testing.T) {
	v := verifier(t, nil)
	e := refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("sts", `"pending"`).String()), auth.ReasonSessionPending)
	if e.Pending == nil || e.Pending.UserID != "user_2aB" || e.Pending.SessionStatus != "pending" {
		t.Errorf("Pending = %+v", e.Pending)
	}
	for _, raw := range []string{`"ended"`, `""`, `null`, `"ACTIVE"`, `["active"]`, `true`} {
		refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("sts", raw).String()), auth.ReasonTokenClaims)
	}
}

// malformed data about factors or the version denies.
func TestVerifyMalformedOptional(t *testing.T) {
	v := verifier(t, nil)
	for name, raws := range map[string][]string{
		"fva": {`null`, `[]`, `[1]`, `[1,2,3]`, `["1","2"]`, `[1.5,2]`, `[-2,0]`, `[1,null]`, `"1,2"`, `{"0":1}`, `[99999999999,0]`},
		"v":   {`null`, `"2"`, `0`, `3`, `2.0`, `-2`},
		"jti": {`null`, `1`},
	} {
		for _, raw := range raws {
			refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with(name, raw).String()), auth.ReasonTokenClaims)
		}
	}
}
