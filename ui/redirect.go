package ui

import (
	"net/url"
	"strings"
)

// sameOrigin reports whether target, a path or an absolute URL, stays on origin
// ("https://host:port"), and returns it as a clean path with query and fragment:
// dot segments resolved and slashes in a row collapsed, so that it never begins with
// two of them, which browsers take for another host. What browsers and net/url may
// read differently is refused: backslashes, control characters and blanks.
func sameOrigin(target, origin string) (string, bool) {
	if target == "" || strings.ContainsFunc(target, misread) {
		return "", false
	}
	u, err := url.Parse(target)
	if err != nil || u.Opaque != "" || u.User != nil {
		return "", false
	}
	if u.Scheme != "" || u.Host != "" {
		if !strings.EqualFold(u.Scheme+"://"+u.Host, origin) {
			return "", false
		}
		if u.Path == "" {
			u.Path = "/"
		}
	}
	if !strings.HasPrefix(u.EscapedPath(), "/") {
		return "", false
	}
	u.Scheme, u.Host = "", ""
	return u.JoinPath().String(), true
}

// originOf returns the origin of an absolute web address that nobody misreads.
func originOf(target string) (string, bool) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsFunc(target, misread) {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}

func misread(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f || r == '\ufffd' }
