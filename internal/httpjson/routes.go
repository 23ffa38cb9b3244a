package httpjson

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// Routes finds what serves a request. Unlike http.ServeMux it answers unknown paths and
// methods through the error catalogue, tolerates one trailing slash without a redirect
// (which would turn a POST into a GET), and neither cleans nor decodes a path: "//", dot
// segments and encoded slashes match nothing. The zero value is empty.
type Routes[T any] struct{ entries []entry[T] }

type entry[T any] struct {
	method, pattern string
	parts           []string
	value           T
}

// Found is the result of a look-up.
type Found[T any] struct {
	Pattern string            // "GET /v1/users/{id}"
	Values  map[string]string // what the {names} of the pattern stand for
	Value   T
}

// Add registers value for "METHOD /path"; a segment {name} stands for one that is not
// empty. Patterns with fixed segments go before those with names in their place.
func (rs *Routes[T]) Add(pattern string, value T) {
	method, path, _ := strings.Cut(pattern, " ")
	rs.entries = append(rs.entries, entry[T]{
		method: method, pattern: pattern, parts: strings.Split(path[1:], "/"), value: value,
	})
}

// Patterns lists what was added, in that order.
func (rs *Routes[T]) Patterns() []string {
	out := make([]string, len(rs.entries))
	for i, e := range rs.entries {
		out[i] = e.pattern
	}
	return out
}

// Find looks a request up as if it had the given method. [apierr.NotFound] for an unknown
// path; [apierr.MethodNotAllowed], with the header Allow set, for a known one that does
// not take the method.
func (rs *Routes[T]) Find(w http.ResponseWriter, r *http.Request, method string) (Found[T], error) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	if !strings.HasPrefix(path, "/") || r.URL.RawPath != "" && r.URL.RawPath != r.URL.Path {
		return Found[T]{}, apierr.NotFound
	}
	parts := strings.Split(path[1:], "/")
	var allowed []string
	for _, e := range rs.entries {
		values, ok := e.match(parts)
		if !ok {
			continue
		}
		// RFC 9110 §9.3.2: HEAD is GET without the body, which net/http leaves out.
		if e.method == method || method == http.MethodHead && e.method == http.MethodGet {
			return Found[T]{Pattern: e.pattern, Values: values, Value: e.value}, nil
		}
		allowed = append(allowed, e.method)
		if e.method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	if len(allowed) == 0 {
		return Found[T]{}, apierr.NotFound
	}
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(slices.Compact(allowed), ", "))
	return Found[T]{}, apierr.MethodNotAllowed
}

func (e *entry[T]) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(e.parts) {
		return nil, false
	}
	var values map[string]string
	for i, p := range e.parts {
		name, ok := strings.CutPrefix(p, "{")
		switch {
		case !ok && p != parts[i], ok && parts[i] == "":
			return nil, false
		case ok:
			if values == nil {
				values = map[string]string{}
			}
			values[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return values, true
}

// At returns the value of the i-th pattern.
func (rs *Routes[T]) At(i int) T { return rs.entries[i].value }
