package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
)

// Each failure of a deployment is named, with what to do about it.
func TestDoctor(t *testing.T) {
	d := deploy(t)
	public := d.PublicURL()
	_, good := d.mint(t, d.Server, 0)
	ended, revoked := d.mint(t, d.Server, 0)
	if _, err := d.Sessions().Revoke(t.Context(), ended.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	_, past := d.mint(t, d.open(t, -time.Hour), -time.Hour)
	me := []string{"--url", public + "/api/me"}
	with := append([]string{"--cookie-stdin"}, me...)
	for _, test := range []struct {
		name   string
		args   []string
		cookie string
		status gatehouse.Status
		says   string
	}{
		{"all_well", nil, "", gatehouse.StatusOK, "key set: the public URL shows ins_"},
		{"clock", nil, "", gatehouse.StatusOK, "server clock: agrees"},
		{"signed_in", with, "Cookie: __session=" + good, gatehouse.StatusOK, "answer: " + public + "/api/me answers 200"},
		{"signed_in_offline", append([]string{"--offline"}, with...), "__session=" + good, gatehouse.StatusOK, "session: the token is good: " + string(d.user.ID)},
		{"nobody", me, "", gatehouse.StatusWarning, "/api/me answers 401: session_token_missing; detail="},
		{"expired", with, "__session=" + past, gatehouse.StatusFailure, "session_token_expired; detail=\"expired 35"},
		{"expired_fix", with, "__session=" + past, gatehouse.StatusFailure, "See session_token_expired in docs/troubleshooting.md"},
		{"revoked_offline", append([]string{"--offline"}, with...), "__session=" + revoked, gatehouse.StatusFailure, "session: session_revoked: signed out"},
		{"renewable_offline", append([]string{"--offline"}, with...), "__client=x", gatehouse.StatusWarning, "only the server says"},
		{"lost_cookie", with, "__client_uat=1", gatehouse.StatusFailure, "cookies: the browser was signed in (__client_uat)"},
		{"no_session_cookie", with, "theme=dark", gatehouse.StatusWarning, "cookies: none of them"},
		{"other_server", with, "__session_AAAAAAAA=x", gatehouse.StatusFailure, "cookies: __session_AAAAAAAA is of another server; this one reads __session_" + auth.CookieSuffix(d.PublishableKey())},
		{"large_cookie", append([]string{"--offline"}, with...), "__session=" + strings.Repeat("a", 4096), gatehouse.StatusFailure, "cookies: __session has 4105 bytes"},
		{"two_cookies", with, "__session=a; __session=b", gatehouse.StatusFailure, "comes twice"},
		{"mixed_hosts", []string{"--url", "http://" + d.addr + "/api/me"}, "", gatehouse.StatusFailure, "host: the app is called 127.0.0.1 and the server localhost"},
		{"other_host", []string{"--offline", "--url", "http://app.example.com/"}, "", gatehouse.StatusWarning, "host: the app is on app.example.com"},
		{"https_app", []string{"--offline", "--url", strings.Replace(public, "http:", "https:", 1)}, "", gatehouse.StatusFailure, "host: the app is called by https"},
		{"http_app", []string{"--offline", "--public-url", strings.Replace(public, "http:", "https:", 1), "--url", public}, "", gatehouse.StatusFailure, "host: the app is called by http, and the cookies are Secure"},
		{"proxies", []string{"--offline", "--public-url", "https://app.example.com"}, "", gatehouse.StatusWarning, "proxies: the public URL is https"},
		{"origin", []string{"--origin", "https://evil.example"}, "", gatehouse.StatusFailure, "origin: the server does not let pages of https://evil.example"},
		{"own_origin", []string{"--origin", public}, "", gatehouse.StatusOK, "origin: pages of " + public},
		{"wrong_key", []string{"--offline", "--publishable-key", "pk_live_x"}, "", gatehouse.StatusFailure, "publishable key: --publishable-key is pk_live_x"},
		{"right_key", []string{"--offline", "--publishable-key", d.PublishableKey()}, "", gatehouse.StatusOK, "publishable key: --publishable-key is the server's"},
		{"circle", []string{"--url", public + "/circle"}, "", gatehouse.StatusFailure, "redirects: they lead in a circle through " + public + "/circle"},
		{"no_refusal", []string{"--url", public + "/teapot"}, "", gatehouse.StatusFailure, "answer: " + public + "/teapot answers 418"},
		{"app_away", []string{"--url", "http://localhost:1/"}, "", gatehouse.StatusFailure, "answer: http://localhost:1/ cannot be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := d.execute(t, test.cookie, append([]string{"doctor", "--json"}, test.args...)...)
			findings := parseFindings(t, got)
			if text := findings[test.status]; !strings.Contains(text, test.says) {
				t.Errorf("%s:\n%s\nwant %q; all: %s", test.status, text, test.says, got.stdout)
			}
			if test.status == gatehouse.StatusFailure && got.code != 1 || test.status == gatehouse.StatusOK && got.code != 0 {
				t.Errorf("exit %d with %s", got.code, got.stdout)
			}
			// L-01.
			if text := got.stdout + got.stderr; strings.Contains(text, good) || strings.Contains(text, past) || strings.Contains(text, revoked) {
				t.Errorf("a token is shown: %s", text)
			}
		})
	}
	text := d.execute(t, "", "doctor", "--origin", "https://evil.example")
	if text.code != 1 || !strings.Contains(text.stdout, "\nfailure  origin: ") || !strings.Contains(text.stdout, "\n         Add it to allowed_origins") {
		t.Errorf("as text: %+v", text)
	}
}

// parseFindings returns "check: detail fix" by status.
func parseFindings(t *testing.T, r result) map[gatehouse.Status]string {
	t.Helper()
	var report struct {
		OK       bool                `json:"ok"`
		Findings []gatehouse.Finding `json:"findings"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || report.OK != (r.code == 0) {
		t.Fatalf("%v: %+v", err, r)
	}
	out := map[gatehouse.Status]string{}
	for _, f := range report.Findings {
		if (f.Status == gatehouse.StatusOK) != (f.Fix == "") {
			t.Errorf("%+v: a fix belongs to what is not ok", f)
		}
		out[f.Status] += f.Check + ": " + f.Detail + " " + f.Fix + "\n"
	}
	return out
}

// Whatever answers at the public URL instead of the server is named.
func TestDoctorMeetsSomethingElse(t *testing.T) {
	d := deploy(t)
	other := deploy(t)
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		says  string
	}{
		"another_program": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "answers 404 for its key set"},
		"no_key_set":      {func(http.ResponseWriter, *http.Request) {}, "key set: the public URL serves none"},
		"redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://app.example.com/x")
			w.WriteHeader(http.StatusMovedPermanently)
		}, "redirects to https://app.example.com/x"},
		"proxy_changes_host": {func(w http.ResponseWriter, r *http.Request) {
			r.Host = "backend.internal"
			d.Handler().ServeHTTP(w, r)
		}, "takes itself for another host"},
		"another_server": {func(w http.ResponseWriter, r *http.Request) {
			r.Host = strings.TrimPrefix(other.PublicURL(), "http://")
			other.Handler().ServeHTTP(w, r)
		}, "signs with other keys"},
		"clock_off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			r.Host = strings.TrimPrefix(d.PublicURL(), "http://")
			d.Handler().ServeHTTP(w, r)
		}, "server clock: the clock here is 1h0m"},
		"proxy_sets_domain": {func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "__session", Value: "x", Domain: "localhost.example"})
			r.Host = strings.TrimPrefix(d.PublicURL(), "http://")
			d.Mount(http.NotFoundHandler()).ServeHTTP(w, r)
		}, "set cookies: __session is set for the domain"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := httptest.NewServer(test.serve)
			defer proxy.Close()
			got := d.execute(t, "", "doctor", "--json", "--public-url", proxy.URL, "--url", proxy.URL+"/x")
			if failures := parseFindings(t, got)[gatehouse.StatusFailure]; got.code != 1 || !strings.Contains(failures, test.says) {
				t.Errorf("failures:\n%s\nwant %q", failures, test.says)
			}
		})
	}
}

// L-01: a browser's cookies go to the host that they were given for, and nowhere else.
func TestDoctorKeepsCookies(t *testing.T) {
	d := deploy(t)
	var got []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Cookie")) }))
	defer elsewhere.Close()
	app := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer app.Close()
	if r := d.execute(t, "__client=canary", "doctor", "--cookie-stdin", "--url", app.URL); strings.Contains(r.stdout+r.stderr, "canary") {
		t.Errorf("a cookie is shown: %+v", r)
	}
	if len(got) != 1 || got[0] != "" {
		t.Errorf("the other host got %q, want one request without cookies", got)
	}
}

// Before the first start there is something to say, and afterwards nothing was made.
func TestDoctorBeforeTheStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	got := execute(t, nil, "doctor", "--dir", dir, "--addr", freeAddr(t))
	if got.code != 1 || !strings.Contains(got.stdout, "gatehouse dev") || !strings.Contains(got.stdout, "cannot be reached") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
}

// A production server's configuration is recognised as one.
func TestDoctorOfProduction(t *testing.T) {
	dir := t.TempDir()
	if got := execute(t, nil, "init", "--public-url", "https://app.example.com", "--out", dir); got.code != 0 {
		t.Fatalf("init: %+v", got)
	}
	config := filepath.Join(dir, configName)
	got := execute(t, nil, "doctor", "--offline", "--config", config)
	for _, want := range []string{"configuration: production, public URL https://app.example.com", "warning  proxies", "warning  mail", "failure  database"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%q is missing from %+v", want, got)
		}
	}
	if strings.Contains(got.stdout+got.stderr, "sk_live_") {
		t.Error("the secret key is shown (K-09)")
	}
	if got := execute(t, nil, "doctor", "--config", config, "--print-config"); got.code != 0 || !strings.Contains(got.stdout, "mode = 'production'") {
		t.Errorf("--print-config: %+v", got)
	}
}

func TestDoctorUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"no_url":            {"--url", "app.example.com"},
		"cookie_for_nobody": {"--cookie-stdin"},
		"no_cookie":         {"--cookie-stdin", "--url", "http://localhost:1/"},
		"password_in_argv":  {"--redis-url", "redis://:canary@cache"},
	} {
		if got := execute(t, nil, append([]string{"doctor"}, args...)...); got.code != 2 || strings.Contains(got.stderr, "canary") {
			t.Errorf("%s: %+v, want exit code 2", name, got)
		}
	}
}
