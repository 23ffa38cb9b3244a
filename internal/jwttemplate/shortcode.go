package jwttemplate

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Lookup says what a shortcode's path stands for: "user.id". What it does not know is
// nil, which stands as null.
type Lookup func(path string) any

// Render returns the claims with every shortcode filled in.
//
// A text that is one shortcode becomes what that stands for, of whatever type; inside of
// a longer text it is written out, null as "null". {{a || b || 'text'}} is the first of
// them that is neither null nor false, else the last. Braces that do not close, or that
// hold anything else, stay as they are.
func (t Template) Render(lookup Lookup) map[string]any {
	claims, _ := t.claims.render(lookup).(map[string]any)
	return claims
}

// node is a value in the claims.
type node interface{ render(Lookup) any }

type (
	literal struct{ value any }
	array   []node
	object  map[string]node
	text    []part
)

// part is a piece of a text: words as they are, or a shortcode if there are choices.
type part struct {
	words   string
	choices []choice
}

// choice is one of the operands of a shortcode: a path, or a literal text.
type choice struct {
	path string
	text *string
}

func (l literal) render(Lookup) any { return l.value }

func (a array) render(lookup Lookup) any {
	out := make([]any, len(a))
	for i, n := range a {
		out[i] = n.render(lookup)
	}
	return out
}

func (o object) render(lookup Lookup) any {
	out := make(map[string]any, len(o))
	for name, n := range o {
		out[name] = n.render(lookup)
	}
	return out
}

func (t text) render(lookup Lookup) any {
	if len(t) == 1 {
		return t[0].value(lookup)
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(written(p.value(lookup)))
	}
	return b.String()
}

func (p part) value(lookup Lookup) any {
	if p.choices == nil {
		return p.words
	}
	var v any
	for _, c := range p.choices {
		if c.text != nil {
			v = *c.text
		} else {
			v = lookup(c.path)
		}
		if v != nil && v != false {
			break
		}
	}
	return v
}

// written is a value inside of a text.
func written(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// compile takes claims apart once, so that a token costs no parsing.
func compile(claims json.RawMessage) (node, error) {
	dec := json.NewDecoder(bytes.NewReader(claims))
	dec.UseNumber() // numbers keep their digits
	var value map[string]any
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	return nodeOf(value), nil
}

func nodeOf(value any) node {
	switch v := value.(type) {
	case map[string]any:
		o := make(object, len(v))
		for name, inner := range v {
			o[name] = nodeOf(inner)
		}
		return o
	case []any:
		a := make(array, len(v))
		for i, inner := range v {
			a[i] = nodeOf(inner)
		}
		return a
	case string:
		return parse(v)
	}
	return literal{value}
}

// parse finds the shortcodes of a text.
func parse(s string) node {
	var t text
	words := func(w string) {
		if n := len(t); n > 0 && t[n-1].choices == nil {
			t[n-1].words += w
		} else if w != "" {
			t = append(t, part{words: w})
		}
	}
	for {
		before, rest, opened := strings.Cut(s, "{{")
		inner, after, closed := strings.Cut(rest, "}}")
		if !opened || !closed {
			words(s)
			break
		}
		words(before)
		if choices, ok := choicesOf(inner); ok {
			t = append(t, part{choices: choices})
		} else {
			words("{{" + inner + "}}")
		}
		s = after
	}
	if len(t) == 0 {
		return literal{""}
	}
	return t
}

// choicesOf reads what stands between braces.
func choicesOf(s string) ([]choice, bool) {
	var all []choice
	for {
		s = strings.TrimSpace(s)
		var c choice
		if quote := strings.IndexAny(s, `'"`); quote == 0 {
			end := strings.IndexByte(s[1:], s[0])
			if end < 0 {
				return nil, false
			}
			words := s[1 : end+1]
			c.text, s = &words, s[end+2:]
		} else {
			end := strings.IndexFunc(s, func(r rune) bool { return !inPath(r) })
			if end < 0 {
				end = len(s)
			}
			c.path, s = s[:end], s[end:]
			if c.path == "" {
				return nil, false
			}
		}
		all = append(all, c)
		s = strings.TrimSpace(s)
		if s == "" {
			return all, true
		}
		rest, more := strings.CutPrefix(s, "||")
		if !more {
			return nil, false
		}
		s = rest
	}
}

// inPath reports whether a character may stand in a path. Names of metadata are taken
// as they are, but for what ends a path.
func inPath(r rune) bool { return r > ' ' && !strings.ContainsRune(`|'"{}`, r) }
