package gatehouse

import "net/url"

// originRule returns what decides whether pages of an origin may call: the public
// URL's, those configured (in the form of parseOrigin), and in development every
// one on this machine.
func originRule(urls publicURLs, configured []string, development bool) func(origin string) bool {
	allowed := map[string]bool{urls.origin: true}
	for _, origin := range configured {
		allowed[origin] = true
	}
	return func(origin string) bool {
		if allowed[origin] {
			return true
		}
		if !development {
			return false
		}
		// Only a text that is the origin of its own URL: no path, userinfo or tricks.
		canonical, ok := parseOrigin(origin)
		if !ok || canonical != origin {
			return false
		}
		u, err := url.Parse(origin)
		return err == nil && isLoopback(u.Hostname())
	}
}
