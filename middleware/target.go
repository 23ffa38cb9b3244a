package middleware

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// maxTries is how often a page asks before it takes the browser for signed out (H-07). It
// is counted in the address that an answer comes back to: many tabs that open at once,
// each with a page of its own, are no loop.
const maxTries = 3

// cleanTarget is path and query of r without what a handshake added.
func cleanTarget(r *http.Request) string {
	path, query, _ := strings.Cut(pathAndQuery(r), "?")
	if query = auth.StripHandshake(query); query != "" {
		return path + "?" + query
	}
	return path
}

// countedTarget is cleanTarget with the number of tries.
func countedTarget(r *http.Request, tries int) string {
	target, sep := cleanTarget(r), "?"
	if strings.Contains(target, "?") {
		sep = "&"
	}
	return target + sep + auth.HandshakeTries + "=" + strconv.Itoa(tries)
}

// toCleanTarget sends the browser to cleanTarget: neither history nor a second click
// shall have what a handshake added.
func toCleanTarget(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", cleanTarget(r))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// triesOf reads the number of tries; any value but a small number counts as all of them.
func triesOf(r *http.Request) int {
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if value, ok := strings.CutPrefix(pair, auth.HandshakeTries+"="); ok {
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= maxTries {
				return n
			}
			return maxTries
		}
	}
	return 0
}
