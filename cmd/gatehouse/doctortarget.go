package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// checkTarget looks at the app's own address: would its cookies come, and what does it
// answer.
func (d *doctor) checkTarget(ctx context.Context, offline bool) {
	if d.target == nil {
		return
	}
	public, err := url.Parse(d.PublicURL)
	if err != nil {
		return
	}
	d.checkHost(public)
	d.checkCookies()
	if offline {
		d.judgeHere(ctx)
		return
	}
	if d.fetch(ctx) {
		d.navigate(ctx)
	}
}

// checkHost compares the address of the app with the one that cookies belong to. They
// know a host name and whether it is https, but no port.
func (d *doctor) checkHost(public *url.URL) {
	const check = "host"
	app, own := d.target.Hostname(), public.Hostname()
	switch {
	case strings.EqualFold(app, own) && d.target.Scheme == public.Scheme:
		d.ok(check, "app and server are both on %s://%s", public.Scheme, own)
	case !strings.EqualFold(app, own) && isLoopback(app) && isLoopback(own):
		d.fail(check, fmt.Sprintf("the app is called %s and the server %s: one machine, two names, and cookies belong to one", app, own),
			"Use "+d.PublicURL+" in the browser and in the app's settings.")
	case !strings.EqualFold(app, own):
		d.warn(check, fmt.Sprintf("the app is on %s, and cookies of the server belong to %s alone", app, own),
			"Serve both under one host name, or let the page send its token as Authorization: Bearer.")
	case public.Scheme == "https":
		d.fail(check, "the app is called by http, and the cookies are Secure: browsers keep them back", "Open the app by https.")
	default:
		d.fail(check, "the app is called by https, and the server's public URL is "+d.PublicURL, "Make the public URL https (GATEHOUSE_PUBLIC_URL).")
	}
}

// checkCookies looks at the cookies that were given.
func (d *doctor) checkCookies() {
	if d.cookie == "" {
		return
	}
	const check = "cookies"
	suffixed := "__session_" + auth.CookieSuffix(d.PublishableKey)
	r := http.Request{Header: http.Header{"Cookie": {d.cookie}}}
	values := map[string]string{}
	foreign := ""
	for _, c := range r.Cookies() {
		if old, twice := values[c.Name]; twice && old != c.Value {
			d.fail(check, c.Name+" comes twice with different values", "Delete the one that was set for a parent domain or a path.")
		}
		values[c.Name] = c.Value
		if size := len(c.Name) + len(c.Value); size > maxCookieSize {
			d.fail(check, fmt.Sprintf("%s has %d bytes, and browsers keep %d", c.Name, size, maxCookieSize), "Put less into the session token's own claims.")
		}
		if strings.HasPrefix(c.Name, "__session_") && c.Name != suffixed {
			foreign = c.Name
		}
	}
	_, hasSuffixed := values[suffixed]
	_, hasPlain := values["__session"]
	_, hasClient := values["__client"]
	uat := values["__client_uat"]
	switch {
	case hasSuffixed || hasPlain:
		d.ok(check, "there is a session token in %s", map[bool]string{true: suffixed, false: "__session"}[hasSuffixed])
	case foreign != "":
		d.fail(check, foreign+" is of another server; this one reads "+suffixed, "Give page and app the publishable key of this server.")
	case hasClient:
		d.ok(check, "__client is there, from which the server renews")
	case uat != "" && uat != "0":
		d.fail(check, "the browser was signed in (__client_uat) and has no __session", "See in its developer tools why the cookie was refused: size, Secure, SameSite, or blocked.")
	default:
		d.warn(check, "none of them is a session's", "Sign in with this browser, under the host name of --url.")
	}
}

// judgeHere says what the middleware would make of the cookies, without asking the app.
func (d *doctor) judgeHere(ctx context.Context) {
	const check = "session"
	if d.cookie == "" {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.target.String(), nil)
	if err != nil {
		d.fail(check, err.Error(), "Correct --url.")
		return
	}
	r.Header.Set("Cookie", d.cookie)
	a := d.Auth(r)
	_, noClient := r.Cookie("__client")
	switch {
	case a.IsAuthenticated:
		d.ok(check, "the token is good: %s, %s", a.UserID, a.SessionID)
	case noClient == nil && (a.Reason == auth.ReasonTokenExpired || a.Reason == auth.ReasonTokenMissing):
		d.warn(check, "there is no fresh token; whether __client still renews one, only the server says", "Ask it: run the doctor without --offline.")
	default:
		d.fail(check, string(a.Reason)+": "+a.Detail, troubleshooting(string(a.Reason)))
	}
}

func troubleshooting(reason string) string { return "See " + reason + " in docs/troubleshooting.md." }

// header is what a browser sends along: from a script of the app's own page, or when
// it navigates. Cookies go to the host that they were given for, and nowhere else.
func (d *doctor) header(at *url.URL, navigates bool) map[string]string {
	header := map[string]string{"Accept": "*/*", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
	if navigates {
		header = map[string]string{"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
	}
	if d.cookie != "" && at.Scheme == d.target.Scheme && at.Host == d.target.Host {
		header["Cookie"] = d.cookie
	}
	return header
}

// fetch calls the app as a script does, and says why it is refused.
func (d *doctor) fetch(ctx context.Context) bool {
	const check = "answer"
	res, err := d.fetcher.get(ctx, d.target.String(), d.header(d.target, false))
	if err != nil {
		d.fail(check, shown(d.target)+" cannot be reached: "+err.Error(), "Start the app, or correct the address.")
		return false
	}
	d.checkSetCookies(res)
	said := res.Header.Get(middleware.ReasonHeader) // development only
	reason, _, _ := strings.Cut(said, ";")
	text := fmt.Sprintf("%s answers %d", shown(d.target), res.StatusCode)
	if said != "" {
		text += ": " + said
	}
	refused := res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusServiceUnavailable
	switch {
	case refused && d.cookie == "":
		d.warn(check, text, "Nobody was signed in: send a browser's cookies with --cookie-stdin.")
	case refused && said == "":
		d.fail(check, text, "The server's log names the reason.")
		d.judgeHere(ctx)
	case refused:
		d.fail(check, text, troubleshooting(reason))
	case res.StatusCode >= 400:
		d.fail(check, text, "This is no refusal of a session: look into the app's log.")
	default:
		d.ok(check, "%s", text)
	}
	return true
}

// maxRedirects is how many a browser would follow before it gives up.
const maxRedirects = 20

// navigate calls the app as a browser does that opens a page, and follows where it
// leads.
func (d *doctor) navigate(ctx context.Context) {
	const check = "redirects"
	var steps []string
	for at := d.target; ; {
		res, err := d.fetcher.get(ctx, at.String(), d.header(at, true))
		if err != nil {
			d.fail(check, shown(at)+" cannot be reached: "+err.Error(), "Start it, or correct the address that leads there.")
			return
		}
		next, err := res.Location()
		if err != nil || res.StatusCode < 300 || res.StatusCode > 399 {
			d.ok(check, "a browser ends up at %s (%d), redirects: %d", shown(at), res.StatusCode, len(steps))
			return
		}
		step := at.String()
		if slices.Contains(steps, step) || len(steps) == maxRedirects {
			text := "they lead in a circle through " + shown(at)
			if said := res.Header.Get(middleware.ReasonHeader); said != "" {
				text += ": " + said
			}
			d.fail(check, text, "Mend the failures above first: page and app disagree about who is signed in.")
			return
		}
		steps = append(steps, step)
		at = next
	}
}

// shown is an address without what may be secret in it.
func shown(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

// checkSetCookies looks for what a proxy makes of the cookies on their way.
func (d *doctor) checkSetCookies(res *answer) {
	const check = "set cookies"
	for _, c := range res.Cookies() {
		if !strings.HasPrefix(c.Name, "__session") && !strings.HasPrefix(c.Name, "__client") {
			continue
		}
		switch {
		case c.Domain != "":
			d.fail(check, c.Name+" is set for the domain "+c.Domain+", and the server sets it for its host alone", "Let the proxy leave Set-Cookie alone.")
		case c.Secure && d.target.Scheme == "http" && !isLoopback(d.target.Hostname()):
			d.fail(check, c.Name+" is Secure, and "+d.target.Host+" was called by http: browsers drop it", "Open the app by https.")
		case len(c.Name)+len(c.Value) > maxCookieSize:
			d.fail(check, fmt.Sprintf("%s has more than %d bytes: browsers drop it", c.Name, maxCookieSize), "Put less into the session token's own claims.")
		default:
			d.ok(check, "browsers take %s", c.Name)
		}
	}
}

// isLoopback reports whether a host name means this machine (RFC 6761 §6.3).
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	host = strings.ToLower(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
