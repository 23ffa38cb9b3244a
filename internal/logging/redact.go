package logging

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Redacted stands in the log where a secret would.
const Redacted = "[redacted]"

// secretWords are the words that make a key's value secret, wherever they stand
// in it: "password", "reset_password", "client_token". Keys are compared without
// case, split at anything that is no letter and at changes of case.
var secretWords = map[string]bool{
	"authorization": true, "cookie": true, "cookies": true,
	"token": true, "tokens": true, "jwt": true, "bearer": true,
	"code": true, "codes": true, "otp": true, "pin": true,
	"password": true, "passwords": true, "passphrase": true, "digest": true,
	"ticket": true, "state": true, "nonce": true, "verifier": true,
	"secret": true, "secrets": true, "pepper": true, "credential": true, "credentials": true,
	"body": true, "query": true, "form": true, "dsn": true,
}

// secretKeys are whole keys whose words are harmless apart.
var secretKeys = map[string]bool{
	"private_metadata": true, "private_key": true, "api_key": true, "signing_key": true,
	"encryption_key": true, "encryption_keys": true, "raw_query": true, "request_uri": true,
}

// plainKeys hold a secret word and are not secret: they name a rule or an outcome.
var plainKeys = map[string]bool{
	"error_code": true, "status_code": true, "country_code": true, "exit_code": true,
	"token_id": true, "code_expires_at": true, "token_type": true,
}

// secretText finds what is secret whatever its key: session tokens and other JWTs,
// secret keys of this server and of webhooks, bearer credentials.
var secretText = regexp.MustCompile(
	`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*` +
		`|(?i:\b(?:password|passwd|secret|token|__client|__session)=[^\s&;"',]+)` +
		`|\bsk_(?:live|test)_[A-Za-z0-9_-]+` +
		`|\bwhsec_[A-Za-z0-9+/=_-]+` +
		`|(?i:\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,})`)

// urlTail finds in text what a URL or a path carries after its path, and the
// user and password before its host.
var (
	urlTail     = regexp.MustCompile(`((?:[a-zA-Z][a-zA-Z0-9+.-]*://|/)[^\s"'?#]*)[?#][^\s"']*`)
	urlUserinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@"']+@`)
)

// secretKey reports whether values under key are never logged.
func secretKey(key string) bool {
	words := splitWords(key)
	joined := strings.Join(words, "_")
	if plainKeys[joined] {
		return false
	}
	if secretKeys[joined] {
		return true
	}
	for _, w := range words {
		if secretWords[w] {
			return true
		}
	}
	return false
}

// splitWords turns "resetPassword", "Set-Cookie" and "raw_query" into lower-case words.
func splitWords(key string) []string {
	var b strings.Builder
	lower := false
	for _, r := range key {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
			lower = true
			continue
		case r >= 'A' && r <= 'Z':
			if lower {
				b.WriteByte(' ')
			}
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteByte(' ')
		}
		lower = false
	}
	return strings.Fields(b.String())
}

// scrub takes secrets out of free text: an error's message, a path, a URL.
func scrub(text string) string {
	if strings.ContainsAny(text, "?#") {
		text = urlTail.ReplaceAllString(text, "$1")
	}
	if strings.Contains(text, "@") {
		text = urlUserinfo.ReplaceAllString(text, "$1"+Redacted+"@")
	}
	return secretText.ReplaceAllString(text, Redacted)
}

// redact returns a without secrets. Groups are walked, LogValuers resolved.
func redact(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	if secretKey(a.Key) && a.Value.Kind() != slog.KindGroup && !isErrorCode(a) {
		return slog.String(a.Key, Redacted)
	}
	switch a.Value.Kind() {
	case slog.KindGroup:
		// A group under a secret name ("cookies") is secret as a whole.
		if a.Key != "" && secretKey(a.Key) {
			return slog.String(a.Key, Redacted)
		}
		group := a.Value.Group()
		out := make([]slog.Attr, len(group))
		for i, member := range group {
			out[i] = redact(member)
		}
		a.Value = slog.GroupValue(out...)
	case slog.KindString:
		a.Value = slog.StringValue(scrub(a.Value.String()))
	case slog.KindAny:
		a.Value = redactAny(a.Value.Any())
	}
	return a
}

// isErrorCode reports whether a is the code of an error of the API, such as
// "form_code_incorrect", and not one that proves an address: those are digits.
func isErrorCode(a slog.Attr) bool {
	return a.Key == "code" && a.Value.Kind() == slog.KindString && errorCode.MatchString(a.Value.String())
}

var errorCode = regexp.MustCompile(`^[a-z]+(?:_[a-z]+)+$`)

// redactAny makes a value that is safe from one of any type. Errors become their
// scrubbed text. Whatever carries a request, or is no plain data, is left out; the
// rest is seen as JSON, so that a secret type answers with its MarshalText and a
// field is judged by its name.
func redactAny(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(scrub(v.Error()))
	case *url.URL:
		return slog.StringValue(scrub(v.Redacted()))
	case url.URL:
		return slog.StringValue(scrub(v.Redacted()))
	case *http.Request, http.Request, http.Header, *http.Response, *http.Cookie, []*http.Cookie, url.Values, []byte, json.RawMessage:
		return slog.StringValue(Redacted)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(Redacted)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return slog.StringValue(Redacted)
	}
	plain = redactJSON(plain)
	if s, ok := plain.(string); ok {
		return slog.StringValue(s)
	}
	return slog.AnyValue(plain)
}

func redactJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if secretKey(key) {
				v[key] = Redacted
			} else {
				v[key] = redactJSON(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = redactJSON(v[i])
		}
	case string:
		return scrub(v)
	}
	return v
}

// StoreURL shows where a store is without what opens it: scheme, hosts and path.
// It takes what net/url does not, such as several hosts; a text without "://", the
// path of a SQLite file among them, stays as it is up to a query.
func StoreURL(text string) string {
	text, _, _ = strings.Cut(text, "?")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := len(rest)
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		end = i
	}
	// The last @ ends the credentials, wherever a slash in them may stand.
	if at := strings.LastIndexByte(rest, '@'); at >= end {
		return scheme + "://" + Redacted
	} else if at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}
