package jwttemplate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

func open(t *testing.T) (one, two *jwttemplate.Templates) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := document.NewStore(t.Context(), db)
	must(t, err)
	now := func() time.Time { return time.UnixMilli(1_800_000_000_000) }
	one, err = jwttemplate.Open(t.Context(), store, now)
	must(t, err)
	two, err = jwttemplate.Open(t.Context(), store, now)
	must(t, err)
	return one, two
}

func fields(name, claims string) jwttemplate.Fields {
	return jwttemplate.Fields{Name: &name, Claims: json.RawMessage(claims)}
}

func TestTemplates(t *testing.T) {
	here, there := open(t)
	made, err := here.Create(t.Context(), fields("hasura", `{ "role" : "user" }`))
	must(t, err)
	if made.Lifetime != 60 || made.Skew != 5 || string(made.Claims) != `{"role":"user"}` || made.CreatedAt != 1_800_000_000_000 || !strings.HasPrefix(made.ID, "jtmp_") {
		t.Errorf("created %+v", made)
	}
	must(t, there.Refresh(t.Context()))
	if got, err := there.ByName("hasura"); err != nil || got.ID != made.ID {
		t.Errorf("another process finds %+v, %v", got, err)
	}
	_, err = there.Update(t.Context(), made.ID, jwttemplate.Fields{Lifetime: new(600), Skew: new(0)})
	must(t, err)
	must(t, here.Refresh(t.Context()))
	if got, err := here.ByID(made.ID); err != nil || got.Lifetime != 600 || got.Skew != 0 || got.Name != "hasura" {
		t.Errorf("changed to %+v, %v", got, err)
	}
	must(t, here.Delete(t.Context(), made.ID))
	for _, err := range []error{
		here.Delete(t.Context(), made.ID),
		second(here.ByID(made.ID)),
		second(here.ByName("hasura")),
		second(here.Update(t.Context(), made.ID, fields("x", `{}`))),
	} {
		if !errors.Is(err, jwttemplate.ErrNotFound) {
			t.Errorf("of a template that is gone: %v, want ErrNotFound", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestRefused(t *testing.T) {
	templates, _ := open(t)
	_, err := templates.Create(t.Context(), fields("taken", `{}`))
	must(t, err)
	other, err := templates.Create(t.Context(), fields("other", `{}`))
	must(t, err)
	for name, tt := range map[string]struct {
		fields jwttemplate.Fields
		field  string
		rule   jwttemplate.Rule
	}{
		"no name":        {jwttemplate.Fields{Claims: json.RawMessage(`{}`)}, "name", jwttemplate.RuleMissing},
		"no claims":      {jwttemplate.Fields{Name: new("a")}, "claims", jwttemplate.RuleMissing},
		"name in a path": {fields("../a", `{}`), "name", jwttemplate.RuleFormat},
		"long name":      {fields(strings.Repeat("a", 65), `{}`), "name", jwttemplate.RuleFormat},
		"taken name":     {fields("taken", `{}`), "name", jwttemplate.RuleTaken},
		"no object":      {fields("a", `[]`), "claims", jwttemplate.RuleFormat},
		"twice":          {fields("a", `{"a":1,"a":2}`), "claims", jwttemplate.RuleFormat},
		"deep":           {fields("a", strings.Repeat(`{"a":`, 9)+"1"+strings.Repeat("}", 9)), "claims", jwttemplate.RuleFormat},
		"large":          {fields("a", `{"a":"`+strings.Repeat("x", 8200)+`"}`), "claims", jwttemplate.RuleTooLarge},
		"short life":     {jwttemplate.Fields{Name: new("a"), Claims: json.RawMessage(`{}`), Lifetime: new(29)}, "lifetime", jwttemplate.RuleBounds},
		"long life":      {jwttemplate.Fields{Name: new("a"), Claims: json.RawMessage(`{}`), Lifetime: new(315_360_001)}, "lifetime", jwttemplate.RuleBounds},
		"skew":           {jwttemplate.Fields{Name: new("a"), Claims: json.RawMessage(`{}`), Skew: new(301)}, "allowed_clock_skew", jwttemplate.RuleBounds},
	} {
		_, err := templates.Create(t.Context(), tt.fields)
		if e, ok := errors.AsType[*jwttemplate.FieldError](err); !ok || e.Field != tt.field || e.Rule != tt.rule {
			t.Errorf("%s: Create = %v, want %s %s", name, err, tt.field, tt.rule)
		}
	}
	if e, ok := errors.AsType[*jwttemplate.FieldError](second(templates.Update(t.Context(), other.ID, fields("taken", `{}`)))); !ok || e.Rule != jwttemplate.RuleTaken {
		t.Errorf("Update to a taken name = %v", e)
	}
	for n := len(templates.All()); n < 100; n++ {
		_, err := templates.Create(t.Context(), fields(fmt.Sprintf("t%d", n), `{}`))
		must(t, err)
	}
	if _, err := templates.Create(t.Context(), fields("more", `{}`)); !errors.Is(err, jwttemplate.ErrTooMany) {
		t.Errorf("the 101st: %v, want ErrTooMany", err)
	}
}

// T-19: no template sets a claim that the server itself sets, in whatever case.
func TestReservedClaims(t *testing.T) {
	templates, _ := open(t)
	made, err := templates.Create(t.Context(), fields("a", `{"nested":{"sub":"fine"}}`))
	must(t, err)
	for _, name := range append(auth.ReservedClaims(), "SUB", "Aud") {
		claims := fmt.Sprintf(`{%q:"x"}`, name)
		for call, err := range map[string]error{
			"Create": second(templates.Create(t.Context(), fields("b", claims))),
			"Update": second(templates.Update(t.Context(), made.ID, fields("a", claims))),
		} {
			if e, ok := errors.AsType[*auth.ReservedClaimError](err); !ok || e.Name != name {
				t.Errorf("%s with %s = %v, want a ReservedClaimError", call, claims, err)
			}
		}
	}
}

// values is what shortcodes stand for in these tests.
func values(path string) any {
	return map[string]any{
		"user.id": "user_1", "user.first_name": "Ada \"<&", "user.verified": true, "user.off": false, "user.n": json.Number("12345678901234567890"),
		"user.public_metadata": json.RawMessage(`{"a":[1,2]}`), "user.public_metadata.a b": "blank",
	}[path]
}

func TestRender(t *testing.T) {
	for claims, want := range map[string]string{
		`{"a":"{{user.id}}"}`:                                         `{"a":"user_1"}`,
		`{"a":"{{ user.id  }}"}`:                                      `{"a":"user_1"}`,
		`{"a":"{{user.verified}}","b":"{{user.n}}"}`:                  `{"a":true,"b":12345678901234567890}`,
		`{"a":"{{user.public_metadata}}"}`:                            `{"a":{"a":[1,2]}}`,
		`{"a":"{{user.nothing}}","b":"{{secret}}"}`:                   `{"a":null,"b":null}`,
		`{"a":"Hi {{user.first_name}}, {{user.id}}!"}`:                `{"a":"Hi Ada \"<&, user_1!"}`,
		`{"a":"x {{user.nothing}} {{user.verified}} {{user.n}}"}`:     `{"a":"x null true 12345678901234567890"}`,
		`{"a":"x {{user.public_metadata}}"}`:                          `{"a":"x {\"a\":[1,2]}"}`,
		`{"a":"{{user.nothing || user.off || user.id}}"}`:             `{"a":"user_1"}`,
		`{"a":"{{user.nothing || user.off || 'it || is' }}"}`:         `{"a":"it || is"}`,
		`{"a":"{{user.nothing||user.off}}"}`:                          `{"a":false}`,
		`{"a":"{{user.off||user.nothing}}"}`:                          `{"a":null}`,
		`{"a":"{{user.id || 'x'}}"}`:                                  `{"a":"user_1"}`,
		`{"a":["{{user.id}}",{"b":"{{user.verified}}"},1.50,null]}`:   `{"a":["user_1",{"b":true},1.50,null]}`,
		`{"{{user.id}}":"names stay"}`:                                `{"{{user.id}}":"names stay"}`,
		`{"a":"","b":"plain","c":"{{","d":"}}","e":"{{}}"}`:           `{"a":"","b":"plain","c":"{{","d":"}}","e":"{{}}"}`,
		`{"a":"{{user.id","b":"{{user id}}","c":"{{user.id | x}}"}`:   `{"a":"{{user.id","b":"{{user id}}","c":"{{user.id | x}}"}`,
		`{"a":"{{'open}}","b":"{{|| user.id}}","c":"{{user.id ||}}"}`: `{"a":"{{'open}}","b":"{{|| user.id}}","c":"{{user.id ||}}"}`,
	} {
		templates, _ := open(t)
		made, err := templates.Create(t.Context(), fields("a", claims))
		must(t, err)
		stored, err := templates.ByID(made.ID)
		must(t, err)
		if got := encode(t, stored.Render(values)); got != want {
			t.Errorf("%s\nrenders %s\nwant    %s", claims, got, want)
		}
	}
}

// Whatever a template says, what comes out is JSON, and only the paths in it are looked
// up.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{"{{user.id}}", "a {{b || 'c'}} d", "{{", "}}{{", "{{'}}'}}", "{{\x00}}", "{{a||}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := json.Marshal(map[string]string{"a": text})
		must(t, err)
		var stored map[string]string // JSON has a replacement character for each bad byte
		must(t, json.Unmarshal(claims, &stored))
		rendered, err := jwttemplate.RenderClaims(claims, func(path string) any {
			if path == "" || !strings.Contains(stored["a"], path) {
				t.Errorf("%q looks %q up", text, path)
			}
			return nil
		})
		must(t, err)
		encode(t, rendered)
	})
}

func encode(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	must(t, enc.Encode(v))
	return strings.TrimSpace(b.String())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
