package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// field is one parameter of a header, or one claim, with what it means.
type field struct {
	Name    string          `json:"name"`
	Value   json.RawMessage `json:"value"`
	Meaning string          `json:"meaning,omitempty"`
}

// meaning says what a value means at a time.
type meaning struct {
	name string
	tell func(value json.RawMessage, now time.Time) string
}

func says(text string) func(json.RawMessage, time.Time) string {
	return func(json.RawMessage, time.Time) string { return text }
}

// headerMeanings and claimMeanings are in the order in which people want to read them.
var (
	headerMeanings = []meaning{
		{"alg", says("how it is signed")},
		{"kid", says("the key that signed it")},
		{"typ", nil},
		{"cat", category},
	}
	claimMeanings = []meaning{
		{"iss", says("the server that made it")},
		{"sub", says("the user")},
		{"sid", says("the session")},
		{"azp", says("the origin that asked for it")},
		{"aud", says("the app that it is for")},
		{"iat", moment("made")},
		{"nbf", moment("good from")},
		{"exp", moment("good until")},
		{"fva", factorAges},
		{"sts", status},
		{"act", says("somebody else acts in the user's name (impersonation)")},
		{"v", says("version of the claims")},
		{"jti", says("the token's own id")},
	}
)

// decodeFields reads a part of a token to be shown: leniently, as nothing is decided
// by it. It returns nil for what is no JSON object.
func decodeFields(part string, meanings []meaning, now time.Time) []field {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil
	}
	var fields []field
	for _, m := range meanings {
		value, ok := values[m.name]
		if !ok {
			continue
		}
		delete(values, m.name)
		f := field{Name: m.name, Value: compact(value)}
		if m.tell != nil {
			f.Meaning = m.tell(value, now)
		}
		fields = append(fields, f)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, field{Name: name, Value: compact(values[name])})
	}
	return fields
}

func compact(value json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return value
	}
	return b.Bytes()
}

func category(value json.RawMessage, _ time.Time) string {
	var s string
	_ = json.Unmarshal(value, &s) // of another type it is none of these
	switch s {
	case auth.CategorySession:
		return "a session token"
	case auth.CategoryTemplate:
		return "made from a JWT template: no session token"
	case auth.CategoryM2M:
		return "between machines: no session token"
	}
	return "an unknown class of token"
}

// moment tells a NumericDate (RFC 7519 §2).
func moment(what string) func(json.RawMessage, time.Time) string {
	return func(value json.RawMessage, now time.Time) string {
		var unix int64
		if err := json.Unmarshal(value, &unix); err != nil {
			return "no whole number of seconds"
		}
		at := time.Unix(unix, 0).UTC()
		return fmt.Sprintf("%s %s, %s", what, at.Format(time.RFC3339), relative(at.Sub(now)))
	}
}

func relative(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 0 {
		return (-d).String() + " ago"
	}
	return "in " + d.String()
}

func factorAges(value json.RawMessage, _ time.Time) string {
	var minutes []int64
	if err := json.Unmarshal(value, &minutes); err != nil || len(minutes) != 2 {
		return "no two ages in minutes"
	}
	age := func(m int64) string {
		if m < 0 {
			return "never"
		}
		return fmt.Sprintf("%d min before it was made", m)
	}
	return "first factor proved " + age(minutes[0]) + ", second " + age(minutes[1])
}

func status(value json.RawMessage, _ time.Time) string {
	if string(value) == `"pending"` {
		return "the session has tasks left to do"
	}
	return "state of the session"
}
