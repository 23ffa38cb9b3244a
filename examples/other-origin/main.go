// Command other-origin is an app on another origin than its Gatehouse server. It holds
// no secret: it knows where the server is, verifies tokens with the server's public
// keys, and learns who a browser is by a handshake.
//
//	gatehouse dev                      # the server, on http://localhost:8080
//	go run ./examples/other-origin     # the app, on http://localhost:3000
//
// GATEHOUSE_URL and APP_URL name others. Outside of development the server must allow
// the app's origin (allowed_origins).
package main

import (
	"cmp"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

func main() {
	server := cmp.Or(os.Getenv("GATEHOUSE_URL"), "http://localhost:8080")
	app := cmp.Or(os.Getenv("APP_URL"), "http://localhost:3000")
	m, err := newMiddleware(server, app)
	if err != nil {
		log.Fatal(err)
	}
	addr, err := url.Parse(app)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("an app on %s, whose people sign in on %s", app, server)
	web := &http.Server{Addr: addr.Host, Handler: newApp(m), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	log.Fatal(web.ListenAndServe())
}

// newMiddleware recognises browsers that signed in at server. The publishable key and
// the issuer follow from its address.
func newMiddleware(server, app string) (*middleware.Middleware, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	keys, err := jwks.New(jwks.Config{URL: server + "/.well-known/jwks.json"})
	if err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{
		Keys:              keys,
		Issuer:            "https://clerk." + u.Host,
		AuthorizedParties: []string{app, server},
	})
	if err != nil {
		return nil, err
	}
	return middleware.New(middleware.Config{
		Verifier:        verifier,
		PublishableKey:  auth.PublishableKey("clerk." + u.Host),
		FrontendAPI:     server,
		AuthorizedParty: app,
		SecureCookies:   u.Scheme == "https",
		SignInURL:       server + "/sign-in",
	})
}

// newApp is a page for everybody and one for people who are signed in.
func newApp(m *middleware.Middleware) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", m.Authenticate(show("Welcome")))
	mux.Handle("GET /notes", m.Require(show("Your notes")))
	return mux
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{{.Title}}</title>
<link rel="icon" href="data:,">
<h1>{{.Title}}</h1>
<p id="who">{{with .Auth}}{{if .IsAuthenticated}}{{.UserID}}{{else}}Nobody is signed in.{{end}}{{end}}</p>
<p><a href="/">Start</a> <a href="/notes">Notes</a></p>
</html>
`))

func show(title string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := page.Execute(w, map[string]any{"Title": title, "Auth": auth.FromContext(r.Context())}); err != nil {
			log.Print(err)
		}
	})
}
