package middleware

import "net/http"

// withoutClaimsOfState returns h without the headers by which SDKs in other
// languages tell each other what they found out: X-Clerk-Auth-Status and the
// like, and their twins with underscores, which some gateways turn into them
// . It returns h itself if there are none, as there should be.
func withoutClaimsOfState(h http.Header) http.Header {
	for name := range h {
		if !claimsState(name) {
			continue
		}
		clean := make(http.Header, len(h))
		for name, values := range h {
			if !claimsState(name) {
				clean[name] = values
			}
		}
		return clean
	}
	return h
}

// claimsState reports whether name begins with x-clerk-, in any letter case and
// with either dash.
func claimsState(name string) bool {
	const prefix = "x-clerk-"
	if len(name) < len(prefix) || name[0]|0x20 != 'x' {
		return false
	}
	for i := range len(prefix) {
		c := name[i]
		switch {
		case c == '_':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
