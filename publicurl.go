package gatehouse

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// publicURLs is everything that follows from the public URL. Nothing here comes
// from a request.
type publicURLs struct {
	origin  string // scheme, host and port: "https://app.example.com"
	prefix  string // path without trailing slash: "", "/auth"
	host    string // with the port unless it is the scheme's own: "localhost:8080"
	name    string // host without port
	keyHost string // what the publishable key names: "clerk." + host
	https   bool
}

// parsePublicURL reads a public URL.
func parsePublicURL(text string) (publicURLs, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return publicURLs{}, configError("PublicURL", "is no http or https URL: "+text)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return publicURLs{}, configError("PublicURL", "has more than scheme, host, port and path")
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	if prefix != strings.TrimRight(u.Path, "/") || strings.ContainsAny(prefix, "{}") || strings.Contains(prefix, "//") ||
		strings.Contains(prefix+"/", "/../") || strings.Contains(prefix+"/", "/./") {
		return publicURLs{}, configError("PublicURL", "has a path with special characters")
	}
	name, err := hostName(u.Hostname())
	if err != nil {
		return publicURLs{}, configError("PublicURL", "has no valid host name")
	}
	p := publicURLs{prefix: prefix, name: name, https: u.Scheme == "https"}
	p.host = name
	if strings.Contains(name, ":") {
		p.host = "[" + name + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(p.https) {
		p.host += ":" + port
	}
	p.origin = u.Scheme + "://" + p.host
	p.keyHost = "clerk." + p.host
	return p, nil
}

// hostName returns a host in the one form that is compared: lower case, ASCII,
// no trailing dot.
func hostName(host string) (string, error) {
	host = strings.TrimSuffix(host, ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.WithZone("").String(), nil
	}
	return idna.Lookup.ToASCII(host)
}

func defaultPort(https bool) string {
	if https {
		return "443"
	}
	return "80"
}

// base is origin and prefix, without trailing slash.
func (p publicURLs) base() string { return p.origin + p.prefix }

// issuer is the claim iss. Host and key agree as the official SDKs demand: the
// issuer is the key's host behind https, even where the server speaks http.
func (p publicURLs) issuer() string { return "https://" + p.keyHost }

// publishableKey is the key that names this server to SDKs: pk_live_ in both
// modes, since pk_test_ makes browser SDKs call home and expect a development browser.
func (p publicURLs) publishableKey() string { return auth.PublishableKey(p.keyHost) }

// page makes an absolute URL of one that may be a path; "" means the given default.
func (p publicURLs) page(text, fallback string) string {
	if text == "" {
		text = fallback
	}
	if strings.HasPrefix(text, "/") {
		return p.base() + text
	}
	return text
}

// isLoopback reports whether a host, without port, means this machine: a loopback
// address, localhost, or a name below it (RFC 6761 §6.3).
func isLoopback(host string) bool {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// splitHostPort splits where there is a port and is at peace where there is none.
func splitHostPort(hostport string) (host, port string) {
	if h, p, err := net.SplitHostPort(hostport); err == nil {
		return h, p
	}
	return strings.Trim(hostport, "[]"), ""
}

// parseOrigin returns an origin in the form in which browsers send it. ok is
// false unless text is scheme, host and port alone.
func parseOrigin(text string) (origin string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	p, err := parsePublicURL(u.Scheme + "://" + u.Host)
	return p.origin, err == nil
}

// PublishableKey returns the key that names a server with this configuration to
// SDKs. Only Development, Addr and PublicURL are looked at.
func PublishableKey(c Config) (string, error) {
	text := c.PublicURL
	if text == "" && c.Development {
		text = defaultPublicURL(c.Addr)
	}
	urls, err := parsePublicURL(text)
	if err != nil {
		return "", err
	}
	return urls.publishableKey(), nil
}

// defaultPublicURL is where a development server at addr is found by a browser on
// the same machine.
func defaultPublicURL(addr string) string {
	if addr == "" {
		addr = DefaultAddr
	}
	_, port := splitHostPort(addr)
	return "http://localhost:" + port
}
