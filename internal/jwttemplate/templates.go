// Package jwttemplate keeps JWT templates: claims of an operator's choosing, with
// shortcodes such as {{user.id}} in them, for tokens that other services verify.
//
// Templates are one document of the database ([document.Document]): [Templates] holds
// them in memory, follows changes of other processes, and changes by compare-and-set.
// [Template.Render] fills shortcodes in. The package knows neither users nor sessions:
// whoever renders says what each shortcode stands for.
package jwttemplate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// What templates are held to.
const (
	maxTemplates   = 100
	maxNameLength  = 64   // bytes
	maxClaimsBytes = 8192 // of compact JSON

	MinLifetime = 30 * time.Second
	MaxLifetime = 315_360_000 * time.Second // ten years
	MaxSkew     = 300 * time.Second

	defaultLifetime = 60 * time.Second
	defaultSkew     = 5 * time.Second
)

var (
	// ErrNotFound is a template that there is not.
	ErrNotFound = errors.New("jwttemplate: not found")
	// ErrTooMany is one template more than an instance may have.
	ErrTooMany = errors.New("jwttemplate: too many templates")
	// ErrBusy is a change that others were faster than, several times in a row.
	ErrBusy = errors.New("jwttemplate: changed by somebody else meanwhile")
)

// FieldError is a field that a template cannot have so.
type FieldError struct {
	Field string // on the wire
	Rule  Rule
}

// Rule says what a field breaks.
type Rule string

// The rules of fields.
const (
	RuleMissing  Rule = "missing"
	RuleFormat   Rule = "format"
	RuleTooLarge Rule = "too large"
	RuleBounds   Rule = "out of bounds"
	RuleTaken    Rule = "taken" // another template has the name
)

func (e *FieldError) Error() string { return "jwttemplate: " + e.Field + ": " + string(e.Rule) }

// Template is one template. Treat it as read-only.
type Template struct {
	ID        string          `json:"id"`   // "jtmp_…"
	Name      string          `json:"name"` // by which tokens are asked for
	Claims    json.RawMessage `json:"claims"`
	Lifetime  int             `json:"lifetime"` // of a token, in seconds
	Skew      int             `json:"skew"`     // how far nbf lies back, in seconds
	CreatedAt int64           `json:"created_at"`
	UpdatedAt int64           `json:"updated_at"` // both in Unix milliseconds

	claims node
}

// Fields are what a template is made of. nil leaves a field as it is, or at its default.
type Fields struct {
	Name     *string         // letters, digits, "_" and "-"; required to create
	Claims   json.RawMessage // an object; required to create
	Lifetime *int            // in seconds, 30 to 315360000; 60 by default
	Skew     *int            // in seconds, 0 to 300; 5 by default
}

// Templates are those of an instance. They are safe for concurrent use.
type Templates struct {
	doc *document.Document[[]Template]
	now func() time.Time
}

// Open reads the templates. now nil means time.Now.
func Open(ctx context.Context, documents *document.Store, now func() time.Time) (*Templates, error) {
	if now == nil {
		now = time.Now
	}
	doc, err := document.Open(ctx, documents, "jwt_templates", decode, now)
	if err != nil {
		return nil, err
	}
	return &Templates{doc: doc, now: now}, nil
}

// Refresh takes over what other processes changed.
func (t *Templates) Refresh(ctx context.Context) error { return t.doc.Refresh(ctx) }

// All lists the templates, oldest first.
func (t *Templates) All() []Template { return slices.Clone(t.doc.Current().Value) }

// ByID returns a template or ErrNotFound.
func (t *Templates) ByID(id string) (Template, error) {
	return find(t.doc.Current().Value, func(x Template) bool { return x.ID == id })
}

// ByName returns a template or ErrNotFound.
func (t *Templates) ByName(name string) (Template, error) {
	return find(t.doc.Current().Value, func(x Template) bool { return x.Name == name })
}

func find(all []Template, is func(Template) bool) (Template, error) {
	if n := slices.IndexFunc(all, is); n >= 0 {
		return all[n], nil
	}
	return Template{}, ErrNotFound
}

// Create adds a template. Errors: *FieldError, *auth.ReservedClaimError (T-19),
// ErrTooMany, ErrBusy, the store's.
func (t *Templates) Create(ctx context.Context, f Fields) (Template, error) {
	now := t.now()
	made := Template{
		ID: random.ID("jtmp", now), CreatedAt: now.UnixMilli(),
		Lifetime: int(defaultLifetime / time.Second), Skew: int(defaultSkew / time.Second),
	}
	switch {
	case f.Name == nil || *f.Name == "":
		return Template{}, &FieldError{"name", RuleMissing}
	case f.Claims == nil:
		return Template{}, &FieldError{"claims", RuleMissing}
	}
	if err := made.set(f, now); err != nil {
		return Template{}, err
	}
	err := t.change(ctx, func(all []Template) ([]Template, error) {
		if len(all) >= maxTemplates {
			return nil, ErrTooMany
		}
		return append(all, made), nil
	})
	return made, err
}

// Update changes a template. Errors: ErrNotFound and those of Create.
func (t *Templates) Update(ctx context.Context, id string, f Fields) (made Template, err error) {
	err = t.change(ctx, func(all []Template) ([]Template, error) {
		n := slices.IndexFunc(all, func(x Template) bool { return x.ID == id })
		if n < 0 {
			return nil, ErrNotFound
		}
		if err := all[n].set(f, t.now()); err != nil {
			return nil, err
		}
		made = all[n]
		return all, nil
	})
	return made, err
}

// Delete removes a template. Tokens made of it stay good until they expire. ErrNotFound.
func (t *Templates) Delete(ctx context.Context, id string) error {
	return t.change(ctx, func(all []Template) ([]Template, error) {
		rest := slices.DeleteFunc(all, func(x Template) bool { return x.ID == id })
		if len(rest) == len(all) {
			return nil, ErrNotFound
		}
		return rest, nil
	})
}

// change stores what fn makes of a copy of the newest templates.
func (t *Templates) change(ctx context.Context, fn func([]Template) ([]Template, error)) error {
	_, err := t.doc.Update(ctx, func(now *document.Snapshot[[]Template]) ([]byte, error) {
		next, err := fn(slices.Clone(now.Value))
		if err != nil {
			return nil, err
		}
		for n, x := range next {
			if slices.ContainsFunc(next[:n], func(y Template) bool { return y.Name == x.Name }) {
				return nil, &FieldError{"name", RuleTaken}
			}
		}
		return json.Marshal(next)
	})
	if errors.Is(err, document.ErrConflict) {
		return ErrBusy
	}
	return err
}

// set changes the fields that are given, after it has checked them.
func (t *Template) set(f Fields, now time.Time) error {
	if f.Name != nil {
		if !isName(*f.Name) {
			return &FieldError{"name", RuleFormat}
		}
		t.Name = *f.Name
	}
	if f.Claims != nil {
		claims, err := checkClaims(f.Claims)
		if err != nil {
			return err
		}
		t.Claims = claims
	}
	if f.Lifetime != nil {
		if *f.Lifetime < int(MinLifetime/time.Second) || *f.Lifetime > int(MaxLifetime/time.Second) {
			return &FieldError{"lifetime", RuleBounds}
		}
		t.Lifetime = *f.Lifetime
	}
	if f.Skew != nil {
		if *f.Skew < 0 || *f.Skew > int(MaxSkew/time.Second) {
			return &FieldError{"allowed_clock_skew", RuleBounds}
		}
		t.Skew = *f.Skew
	}
	t.UpdatedAt = now.UnixMilli()
	return nil
}

// isName reports whether a name can stand in a path as it is.
func isName(name string) bool {
	return len(name) > 0 && len(name) <= maxNameLength && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}

// checkClaims returns claims without blanks: one object of bounded size that sets none
// of the claims which the server itself sets (T-19).
func checkClaims(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) > 4*maxClaimsBytes { // blanks may make it longer than it counts
		return nil, &FieldError{"claims", RuleTooLarge}
	}
	if err := auth.CheckTemplateClaims(raw); err != nil {
		if errors.Is(err, auth.ErrTemplateClaims) {
			return nil, &FieldError{"claims", RuleFormat}
		}
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, &FieldError{"claims", RuleFormat}
	}
	if out.Len() > maxClaimsBytes {
		return nil, &FieldError{"claims", RuleTooLarge}
	}
	return out.Bytes(), nil
}

// decode reads the document.
func decode(body []byte) ([]Template, error) {
	var all []Template
	if body == nil {
		return nil, nil
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("decode templates: %w", err)
	}
	for n := range all {
		var err error
		if all[n].claims, err = compile(all[n].Claims); err != nil {
			return nil, fmt.Errorf("template %s: %w", all[n].ID, err)
		}
	}
	return all, nil
}
