package auth_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// T-06: three parts, counted before anything is made of them.
func TestVerifyParts(t *testing.T) {
	v := verifier(t, nil)
	good := goodToken()
	h, rest, _ := strings.Cut(good, ".")
	p, s, _ := strings.Cut(rest, ".")
	for name, token := range map[string]string{
		"one": h, "two": h + "." + p, "four": good + ".", "five": good + "." + h + "." + p, "leading_dot": "." + good,
		"dots": strings.Repeat(".", 8000), "many_dots": strings.Repeat(".", 10_000), "megabyte": good + strings.Repeat("A", 1<<20),
		"json":        `{"payload":"` + p + `","signatures":[{"protected":"` + h + `","signature":"` + s + `"}]}`,
		"json_flat":   `{"protected":"` + h + `","payload":"` + p + `","signature":"` + s + `"}`,
		"empty_parts": "..", "no_header": "." + p + "." + s, "no_payload_no_signature": h + "..",
	} {
		if name == "no_payload_no_signature" { // three parts: it is the signature that is missing
			refused(t, v, token, auth.ReasonTokenSignature)
			continue
		}
		refused(t, v, token, auth.ReasonTokenMalformed)
	}
	refused(t, v, "", auth.ReasonTokenMissing)

	long := goodClaims.with("x", `"`+strings.Repeat("a", 7000)+`"`)
	refused(t, v, sign(rsaKey(), goodHeader.String(), long.String()), auth.ReasonTokenMalformed)

	dots := strings.Repeat(".", 10_000)
	few := testing.AllocsPerRun(10, func() { _, _ = v.Verify(t.Context(), "..x.") })
	if many := testing.AllocsPerRun(10, func() { _, _ = v.Verify(t.Context(), dots) }); many > few {
		t.Errorf("%v allocations for 10000 dots, %v for three", many, few)
	}
}

// T-07: base64url to the letter.
func TestVerifyBase64(t *testing.T) {
	v := verifier(t, nil)
	good := goodToken()
	h, rest, _ := strings.Cut(good, ".")
	p, s, _ := strings.Cut(rest, ".")
	next := func(part string) string { // the last digit plus one: other stray bits, same bytes
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		return part[:len(part)-1] + string(digits[strings.IndexByte(digits, part[len(part)-1])+1])
	}
	if len(s)%4 == 0 || len(s) != 342 {
		t.Fatalf("signature of %d digits: it needs stray bits for this test", len(s))
	}
	for name, token := range map[string]string{
		"padding_header":    h + "=." + p + "." + s,
		"padding_signature": good + "==",
		"stray_bits":        h + "." + p + "." + next(s),
		"line_feed":         h + "." + p + "." + s[:10] + "\n" + s[10:],
		"carriage_return":   h + "." + p + "." + s[:10] + "\r" + s[10:],
		"line_end":          good + "\r\n",
		"blank":             h + "." + p + "." + s[:10] + " " + s[10:],
		"blank_first":       " " + good,
		"percent":           h + "." + p + "." + s[:10] + "%0a" + s[10:],
		"comma":             good + "," + good[:10],
		"nul":               good + "\x00",
		"one_digit":         h + "." + p + ".A",
		"standard_alphabet": h + "." + p + "." + s[:len(s)-4] + "+/+/",
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, token, auth.ReasonTokenMalformed) })
	}
	// In header and payload, where the signature covers what is written.
	for name, header := range map[string]string{
		"line_feed": b64(goodHeader.String())[:8] + "\n" + b64(goodHeader.String())[8:],
		"standard":  base64.StdEncoding.EncodeToString([]byte(goodHeader.with("x", `"???>>>"`).String())),
	} {
		signed := header + "." + p
		token := signed + "." + base64.RawURLEncoding.EncodeToString(signature(rsaKey(), signed))
		t.Run("signed_"+name, func(t *testing.T) { refused(t, v, token, auth.ReasonTokenMalformed) })
	}
	payload := b64(goodClaims.with("x", `"y"`).String()) // a multiple of three bytes or not, stray bits or not
	for len(payload)%4 == 0 {
		payload = b64(goodClaims.with("x", `"yy"`).String())
	}
	signed := h + "." + next(payload)
	refused(t, v, signed+"."+base64.RawURLEncoding.EncodeToString(signature(rsaKey(), signed)), auth.ReasonTokenMalformed)
}

// T-08: one strict reader for header and claims.
func TestVerifyStrictJSON(t *testing.T) {
	v := verifier(t, nil)
	good, deep := goodClaims.String(), strings.Repeat("[", 8)+strings.Repeat("]", 8)
	for name, payload := range map[string]string{
		"not_json": "x", "empty": "", "array": "[" + good + "]", "string": `"x"`, "null": "null",
		"trailing": good + "x", "two": good + good, "nul_behind": good + "\x00", "bom": "\ufeff" + good,
		"duplicate":         good[:len(good)-1] + `,"sub":"user_other"}`,
		"duplicate_escaped": good[:len(good)-1] + `,"\u0073ub":"user_other"}`,
		"duplicate_own":     goodClaims.with("x", `{"a":1,"a":2}`).String(),
		"too_deep":          goodClaims.with("x", deep).String(),
		"not_utf8":          goodClaims.with("x", "\"\xff\"").String(),
		"half_surrogate":    goodClaims.with("x", `"\ud800"`).String(),
		"single_quotes":     strings.ReplaceAll(good, `"`, `'`),
		"comment":           "/**/" + good,
		"open":              good[:len(good)-1],
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, v, sign(rsaKey(), goodHeader.String(), payload), auth.ReasonTokenMalformed)
		})
	}
	for name, header := range map[string]string{
		"duplicate":    goodHeader.String()[:len(goodHeader.String())-1] + `,"alg":"RS256"}`,
		"trailing":     goodHeader.String() + "{}",
		"too_deep":     goodHeader.with("x", deep).String(),
		"not_utf8":     goodHeader.with("x", "\"\xff\"").String(),
		"not_an_array": "[]",
	} {
		t.Run("header_"+name, func(t *testing.T) {
			refused(t, v, sign(rsaKey(), header, good), auth.ReasonTokenMalformed)
		})
	}
}

// T-08: names are matched case-sensitively.
func TestVerifyNameCase(t *testing.T) {
	v := verifier(t, nil)
	expired := goodClaims.with("iat", "1799990000").with("exp", "1799990060")
	refused(t, v, sign(rsaKey(), goodHeader.String(), expired.with("EXP", "1800000060").with("Exp", "1800000060").String()), auth.ReasonTokenExpired)
	a := accepted(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("Sub", `"user_other"`).with("SID", `"sess_other"`).String()))
	if a.UserID != "user_2aB" || a.SessionID != "sess_3cD" {
		t.Errorf("Auth = %+v, want the claims sub and sid", a)
	}
	refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.without("sub").with("SUB", `"user_2aB"`).String()), auth.ReasonTokenClaims)
	refused(t, v, withHeader(goodHeader.without("kid").with("KID", `"`+kid+`"`)), auth.ReasonTokenKeyUnknown)
	accepted(t, v, withHeader(goodHeader.with("CRIT", `["x"]`).with("Alg", `"none"`)))
}
