package main

import (
	"embed"
	"errors"
	"html/template"
	"log"
	"net/http"

	"github.com/gatehouse-dev/gatehouse"
)

//go:embed page.html page.js
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// home serves GET /: the button, or where to sign in.
func home(server *gatehouse.Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := server.User(r.Context())
		if err != nil && !errors.Is(err, gatehouse.ErrSignedOut) {
			log.Print(err)
			http.Error(w, "Something went wrong. Please try again.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		if err := page.Execute(w, u); err != nil {
			log.Print(err)
		}
	}
}
