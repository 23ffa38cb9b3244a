package user_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// RFC 7396 Appendix A, as far as both sides are objects, and our own.
func TestMergeMetadata(t *testing.T) {
	f := newFixture(t)
	for n, test := range []struct{ old, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":1}`, `{"a":{"b":null,"c":2}}`, `{"a":{"c":2}}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
		// Numbers keep their digits, and texts are not escaped.
		{`{"n":12345678901234567890,"f":1.10,"e":1e400}`, `{"s":"<&>"}`, `{"e":1e400,"f":1.10,"n":12345678901234567890,"s":"<&>"}`},
		// I-07: names mean nothing.
		{
			`{"a":1}`, `{"__proto__":{"admin":true},"constructor":{"prototype":1},"private_metadata":{"x":1}}`,
			`{"__proto__":{"admin":true},"a":1,"constructor":{"prototype":1},"private_metadata":{"x":1}}`,
		},
	} {
		u := f.add(t, "u"+string(rune('a'+n))+"@example.com", func(nu *user.NewUser) { nu.PublicMetadata = json.RawMessage(test.old) })
		got, err := f.MergeMetadata(t.Context(), u.ID, user.MetadataPatch{Public: json.RawMessage(test.patch)})
		if err != nil || string(got.PublicMetadata) != test.want {
			t.Errorf("%s + %s = %s, %v; want %s", test.old, test.patch, got.PublicMetadata, err, test.want)
		}
		if string(got.PrivateMetadata) != "{}" || string(got.UnsafeMetadata) != "{}" {
			t.Errorf("%s changed private %s or unsafe %s", test.patch, got.PrivateMetadata, got.UnsafeMetadata)
		}
	}
}

func TestMergeEachKind(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	got, err := f.MergeMetadata(t.Context(), u.ID, user.MetadataPatch{
		Public: json.RawMessage(`{"a":1}`), Private: json.RawMessage(`{"b":2}`), Unsafe: json.RawMessage(`{"c":3}`),
	})
	if err != nil || string(got.PublicMetadata) != `{"a":1}` || string(got.PrivateMetadata) != `{"b":2}` || string(got.UnsafeMetadata) != `{"c":3}` {
		t.Errorf("Merge = %s %s %s, %v", got.PublicMetadata, got.PrivateMetadata, got.UnsafeMetadata, err)
	}
}

// nested is an object that nests depth levels.
func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1)
}

// I-06 and I-07
func TestMetadataRules(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	fits := `{"a":"` + strings.Repeat("x", 8192-8) + `"}`
	for _, test := range []struct {
		name, raw string
		rule      user.Rule // "" means accepted
	}{
		{"8192 bytes", fits, ""},
		{"8192 bytes and blanks", "  " + fits + "\n\n", ""},
		{"8192 bytes of <", `{"a":"` + strings.Repeat("<", 8192-8) + `"}`, ""},
		{"8193 bytes", `{"a":"` + strings.Repeat("x", 8192-7) + `"}`, user.RuleTooLarge},
		{"12 megabytes", `{"a":"` + strings.Repeat("x", 12<<20) + `"}`, user.RuleTooLarge},
		{"32 levels", nested(32), ""},
		{"33 levels", nested(33), user.RuleTooLarge},
		{"200000 brackets", strings.Repeat(`[`, 200_000), user.RuleTooLarge},
		{"40000 brackets", `{"a":` + strings.Repeat(`[`, 40_000), user.RuleTooLarge},
		{"array", `[1]`, user.RuleValue},
		{"number", `1`, user.RuleValue},
		{"text", `"a"`, user.RuleValue},
		{"one name twice", `{"a":1,"a":2}`, user.RuleFormat},
		{"two values", `{} {}`, user.RuleFormat},
		{"half", `{"a":`, user.RuleFormat},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", user.RuleFormat},
		{"half a surrogate pair", `{"a":"\ud800"}`, user.RuleFormat},
		{"NUL", `{"a":"\u0000"}`, ""},
		{"comment", `{/**/}`, user.RuleFormat},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, replace := f.Update(t.Context(), u.ID, user.Change{PrivateMetadata: json.RawMessage(test.raw)})
			_, merge := f.MergeMetadata(t.Context(), u.ID, user.MetadataPatch{Private: json.RawMessage(test.raw)})
			// The next case starts from nothing.
			if _, err := f.Update(t.Context(), u.ID, user.Change{PrivateMetadata: json.RawMessage(`{}`)}); err != nil {
				t.Fatal(err)
			}
			for how, err := range map[string]error{"replace": replace, "merge": merge, "create": f.Check(user.NewUser{PrivateMetadata: json.RawMessage(test.raw)})} {
				if test.rule == "" {
					if err != nil {
						t.Errorf("%s: %v", how, err)
					}
					continue
				}
				t.Run(how, func(t *testing.T) { wantRule(t, err, "private_metadata", test.rule) })
			}
		})
	}
}

// I-07: two patches that fit may not fit together.
func TestMergedSizeIsBounded(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	half := strings.Repeat("x", 5000)
	if _, err := f.MergeMetadata(t.Context(), u.ID, user.MetadataPatch{Unsafe: json.RawMessage(`{"a":"` + half + `"}`)}); err != nil {
		t.Fatal(err)
	}
	_, err := f.MergeMetadata(t.Context(), u.ID, user.MetadataPatch{Unsafe: json.RawMessage(`{"b":"` + half + `"}`)})
	wantRule(t, err, "unsafe_metadata", user.RuleTooLarge)
}
