// Package spec checks answers against the published OpenAPI descriptions of the
// protocols that the server speaks. A difference that docs/divergences.md does not
// list is an error.
package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// API is one described protocol.
type API struct {
	prefix string // of its paths on the server, before "/v1"
	routes []route
}

type route struct {
	template string
	pattern  *regexp.Regexp
	item     *openapi3.PathItem
}

// Load reads a description. prefix is where the server mounts it: "" or "/api".
// base is what the description leaves out of its paths: "" or "/v1".
func Load(file, prefix, base string) (*API, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", file, err)
	}
	api := &API{prefix: prefix}
	parameter := regexp.MustCompile(`\\\{[^/]+?\\\}`)
	for template, item := range doc.Paths.Map() {
		full := prefix + base + template
		pattern := "^" + parameter.ReplaceAllString(regexp.QuoteMeta(full), `[^/]+`) + "$"
		api.routes = append(api.routes, route{template: full, pattern: regexp.MustCompile(pattern), item: item})
	}
	// A literal segment describes a path better than a parameter does.
	slices.SortFunc(api.routes, func(a, b route) int {
		if d := strings.Count(a.template, "{") - strings.Count(b.template, "{"); d != 0 {
			return d
		}
		return strings.Compare(a.template, b.template)
	})
	return api, nil
}

// Operations lists what is described, as "GET /v1/users/{user_id}", sorted.
func (a *API) Operations() []string {
	var out []string
	for _, r := range a.routes {
		for method := range r.item.Operations() {
			out = append(out, method+" "+r.template)
		}
	}
	slices.Sort(out)
	return out
}

// Check returns what an answer to method and path differs in from the description,
// one line each: "GET /v1/client 200 /response/sessions/*/user: additional property x".
// A path that is not described is no difference.
func (a *API) Check(method, path string, status int, body []byte) ([]string, error) {
	path = strings.TrimSuffix(path, "/")
	for _, r := range a.routes {
		if !r.pattern.MatchString(path) {
			continue
		}
		operation := r.item.GetOperation(method)
		if operation == nil {
			continue
		}
		where := fmt.Sprintf("%s %s %d", method, r.template, status)
		response := operation.Responses.Status(status)
		if response == nil {
			return []string{where + ": status not described"}, nil
		}
		media := response.Value.Content.Get("application/json")
		if media == nil || media.Schema == nil {
			return nil, nil
		}
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		err := media.Schema.Value.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.MultiErrors())
		return differences(where, err), nil
	}
	return nil, nil
}

// differences flattens what kin-openapi found, one line a place and kind.
func differences(where string, err error) []string {
	var out []string
	for _, leaf := range leaves(err) {
		if e, ok := leaf.(*openapi3.SchemaError); ok {
			out = append(out, where+" "+pointer(e)+": "+firstLine(e.Reason))
		} else {
			out = append(out, where+" /: "+firstLine(leaf.Error()))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leaves are the errors at the bottom of err: all of an allOf, and of a oneOf or
// anyOf those of the alternative that comes closest. It goes by types, not by
// errors.As, which would stop at the first match.
func leaves(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		var all []error
		for _, one := range e {
			all = append(all, leaves(one)...)
		}
		return all
	case *openapi3.SchemaError:
		inner, ok := errors.Unwrap(e.Origin).(openapi3.MultiError)
		if e.Origin != nil && !ok {
			inner, ok = errors.Unwrap(errors.Unwrap(e.Origin)).(openapi3.MultiError)
		}
		if !ok || len(inner) == 0 {
			return []error{e}
		}
		if e.SchemaField == "allOf" {
			return leaves(inner)
		}
		closest := leaves(inner[0])
		for _, alternative := range inner[1:] {
			if l := leaves(alternative); len(l) < len(closest) {
				closest = l
			}
		}
		return closest
	default:
		return []error{err}
	}
}

var index = regexp.MustCompile(`^\d+$`)

// pointer is the JSON pointer of the place, with * for the elements of arrays.
func pointer(e *openapi3.SchemaError) string {
	parts := e.JSONPointer()
	for i, p := range parts {
		if index.MatchString(p) {
			parts[i] = "*"
		}
	}
	return "/" + strings.Join(parts, "/")
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// Known are the differences that docs/divergences.md lists: the lines of its fenced
// block that opens with ```differences.
func Known(file string) (map[string]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside && line == "```differences"
		case inside && line != "" && !strings.HasPrefix(line, "#"):
			known[line] = true
		}
	}
	return known, nil
}

// Transport checks every answer that passes through it and collects what differs.
type Transport struct {
	Base http.RoundTripper
	APIs []*API

	mu      sync.Mutex
	found   map[string]bool
	checked int
	errs    []error
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.Base.RoundTrip(r)
	if err != nil {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	method := r.Method
	if override := r.URL.Query().Get("_method"); method == http.MethodPost && override != "" {
		method = override
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, api := range t.APIs {
		if api.prefix != "" && !strings.HasPrefix(r.URL.Path, api.prefix+"/") {
			continue
		}
		found, err := api.Check(method, r.URL.Path, response.StatusCode, body)
		if err != nil {
			t.errs = append(t.errs, err)
		}
		if t.found == nil {
			t.found = map[string]bool{}
		}
		for _, f := range found {
			t.found[f] = true
		}
		t.checked++
		break
	}
	return response, nil
}

// Report returns the differences that known lacks, sorted, how many answers were
// checked, and what could not be checked.
func (t *Transport) Report(known map[string]bool) (unknown []string, checked int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.found {
		if !known[f] {
			unknown = append(unknown, f)
		}
	}
	slices.Sort(unknown)
	return unknown, t.checked, errors.Join(t.errs...)
}
