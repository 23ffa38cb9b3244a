package middleware

import (
	"net/http"
	"strings"
)

// The cookies that are read.
const (
	sessionCookie = "__session"
	clientCookie  = "__client"
)

// credentials are what a request brings along, unverified.
type credentials struct {
	ambiguous  bool   // one credential was given twice, differently
	fromHeader bool   // bearer decides alone, even if it is empty
	bearer     string // of the header Authorization
	suffixed   string // of the cookie __session_<suffix>
	plain      string // of the cookie __session
	client     string // of the cookie __client; "" also if it is given twice, differently
}

// read takes the credentials from the headers of a request, and from nowhere
// else. It allocates nothing.
func (m *Middleware) read(h http.Header) (c credentials) {
	m.readInto(&c, h)
	return c
}

// readInto is read for the way of every request, which spares a copy.
func (m *Middleware) readInto(c *credentials, h http.Header) {
	switch lines := h["Authorization"]; len(lines) {
	case 0:
	case 1:
		if c.bearer, c.fromHeader = bearer(lines[0]); c.fromHeader {
			return
		}
	default:
		c.ambiguous = true
		return
	}
	m.readCookies(h["Cookie"], c)
}

func (m *Middleware) readCookies(lines []string, c *credentials) {
	var plain, suffixed, client slot
	for _, line := range lines {
		for line != "" {
			var name, value string
			name, value, line = nextCookie(line)
			switch name {
			case "":
			case sessionCookie:
				plain.put(value)
			case m.suffixed:
				suffixed.put(value)
			case clientCookie:
				client.put(value)
			}
		}
	}
	c.plain, c.suffixed = plain.value, suffixed.value
	c.ambiguous = plain.twice || suffixed.twice
	if !client.twice {
		c.client = client.value
	}
}

// bearer returns the token of an Authorization header with the scheme Bearer
// (RFC 9110 §11.4). A comma or blank inside of the token makes it malformed for
// the verifier, whose alphabet has neither.
func bearer(header string) (token string, ok bool) {
	const scheme = "Bearer"
	if len(header) < len(scheme) {
		return "", false
	}
	word, token := header[:len(scheme)], header[len(scheme):]
	if word != scheme && !strings.EqualFold(word, scheme) {
		return "", false
	}
	if token != "" && token[0] != ' ' && token[0] != '\t' {
		return "", false // a longer word
	}
	return strings.Trim(token, " "), true
}

// slot takes one value, again and again if it stays the same.
type slot struct {
	value       string
	full, twice bool
}

func (s *slot) put(value string) {
	s.twice = s.twice || s.full && s.value != value
	s.full, s.value = true, value
}
