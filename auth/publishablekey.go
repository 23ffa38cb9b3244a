package auth

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"strings"
)

// PublishableKey returns the key that tells a front end where the Frontend API
// is: "pk_live_" and host in base64. host is a host name with a port if it is
// not the default one: "clerk.example.com".
func PublishableKey(host string) string {
	return "pk_live_" + base64.StdEncoding.EncodeToString([]byte(host+"$"))
}

// ParsePublishableKey returns the host in a publishable key, pk_live_ or pk_test_.
func ParsePublishableKey(key string) (host string, err error) {
	encoded, ok := strings.CutPrefix(key, "pk_live_")
	if !ok {
		encoded, ok = strings.CutPrefix(key, "pk_test_")
	}
	if !ok {
		return "", errors.New("auth: a publishable key begins with pk_live_ or pk_test_")
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	host, ok = strings.CutSuffix(string(raw), "$")
	if err != nil || !ok || host == "" || strings.ContainsAny(host, "$/@ ") {
		return "", errors.New("auth: malformed publishable key")
	}
	return host, nil
}

// CookieSuffix returns what the cookies of the instance with this publishable
// key carry behind their names, as in "__session_" + suffix, so that several
// instances get along on one host: 8 characters of a SHA-1, which protects
// nothing here.
func CookieSuffix(publishableKey string) string {
	sum := sha1.Sum([]byte(publishableKey))
	return base64.URLEncoding.EncodeToString(sum[:])[:8]
}
