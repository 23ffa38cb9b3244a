package notify

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// outboxMessage is a message as the outbox shows it.
type outboxMessage struct {
	ID      string  `json:"id"`
	Channel Channel `json:"channel"`
	Kind    string  `json:"kind"`
	To      string  `json:"to"`
	Subject string  `json:"subject"`
	Text    string  `json:"text"`
	HTML    string  `json:"html"`
	Code    string  `json:"code"` // "" if there is none
	Link    string  `json:"link"` // likewise
	At      int64   `json:"at"`   // Unix milliseconds
}

// ServeHTTP shows the messages sent to the address in the query parameter "to", all
// of them without it, newest first: a JSON array, or a page for a browser. It
// checks nobody's rights: mount it on development servers only.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	to := r.URL.Query().Get("to")
	var body bytes.Buffer
	if prefersHTML(r.Header.Get("Accept")) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		err := outboxPage.Execute(&body, map[string]any{"To": to, "Messages": o.Messages(to), "Stylesheet": o.Stylesheet})
		if err != nil {
			http.Error(w, "page failed", http.StatusInternalServerError)
			return
		}
	} else {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		out := []outboxMessage{}
		for _, m := range o.Messages(to) {
			out = append(out, outboxMessage{
				ID: m.ID, Channel: m.Channel, Kind: m.Kind, To: m.To, Subject: m.Subject,
				Text: m.Text, HTML: m.HTML, Code: m.Code, Link: m.Link, At: m.At.UnixMilli(),
			})
		}
		if err := json.NewEncoder(&body).Encode(out); err != nil {
			http.Error(w, "encoding failed", http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write(body.Bytes()) // the browser has gone if this fails
}

// prefersHTML reads an Accept header (RFC 9110 §12.5.1): a browser names text/html,
// a program JSON or anything.
func prefersHTML(accept string) bool {
	html, jsonQ := 0.0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "text/html":
			html = quality(params)
		case "application/json":
			jsonQ = quality(params)
		}
	}
	return html > 0 && html >= jsonQ
}

func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			if q, err := strconv.ParseFloat(v, 64); err == nil {
				return q
			}
			return 0
		}
	}
	return 1
}

var outboxPage = template.Must(template.New("outbox").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox</title>
{{with .Stylesheet}}<link rel="stylesheet" href="{{.}}">
{{end}}</head>
<body class="outbox">
<main>
<h1>Outbox</h1>
<p>Mails and texts of this development server. None of them left it.</p>
<form method="get" role="search">
<label for="to">Sent to</label>
<input id="to" name="to" type="text" value="{{.To}}" autocomplete="off" spellcheck="false">
<button type="submit">Show</button>
</form>
{{range .Messages}}<article class="message" aria-labelledby="{{.ID}}">
<h2 id="{{.ID}}">{{if .Subject}}{{.Subject}}{{else}}{{.Kind}}{{end}}</h2>
<p>To {{.To}}, <time datetime="{{stamp .At}}">{{clock .At}}</time></p>
{{with .Code}}<p>Code: <strong class="code">{{.}}</strong></p>
{{end}}<pre>{{.Text}}</pre>
</article>
{{else}}<p>Nothing was sent{{with .To}} to {{.}}{{end}} yet.</p>
{{end}}</main>
</body>
</html>
`))
