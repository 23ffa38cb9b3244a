package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// newServer runs the example with a clock that tests move.
func newServer(t *testing.T) *gatehousetest.Server {
	var s *gatehousetest.Server
	s = gatehousetest.New(t, gatehousetest.WithApp(func(g *gatehouse.Server) http.Handler {
		return newApp(g, func() time.Time { return s.Clock.Now() })
	}))
	return s
}

// remove sends DELETE /api/account and returns status and confirmation.
func remove(t *testing.T, s *gatehousetest.Server, client *http.Client, confirm string) (status int, confirmation string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "DELETE", s.URL+"/api/account", nil)
	if err != nil {
		t.Fatal(err)
	}
	if confirm != "" {
		r.Header.Set("Confirm", confirm)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct{ Confirm string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body.Confirm
}

func TestDeleteSelf(t *testing.T) {
	s := newServer(t)
	u := s.CreateUser()
	laptop, phone := s.SignIn(u), s.SignIn(u)

	status, confirmation := remove(t, s, laptop, "")
	if status != http.StatusPreconditionRequired || confirmation == "" {
		t.Fatalf("without confirmation: %d %q, want 428 and one", status, confirmation)
	}
	if _, err := s.Users().ByID(t.Context(), u.ID); err != nil {
		t.Fatalf("asking deleted the user: %v", err)
	}
	if status, _ := remove(t, s, laptop, confirmation); status != http.StatusOK {
		t.Fatalf("with confirmation: %d, want 200", status)
	}
	if _, err := s.Users().ByID(t.Context(), u.ID); err == nil {
		t.Error("the user is still there")
	}
	// Both devices are signed out at once, though their tokens have not expired.
	for name, client := range map[string]*http.Client{"laptop": laptop, "phone": phone} {
		if status, _ := remove(t, s, client, ""); status != http.StatusUnauthorized {
			t.Errorf("%s after the deletion: %d, want 401", name, status)
		}
	}
}

func TestConfirmationsAreRefused(t *testing.T) {
	s := newServer(t)
	u := s.CreateUser()
	client := s.SignIn(u)
	_, good := remove(t, s, client, "")
	_, ofOtherSession := remove(t, s, s.SignIn(u), "")
	_, ofOtherUser := remove(t, s, s.SignIn(s.CreateUser()), "")
	for name, confirm := range map[string]string{
		"of_another_session": ofOtherSession,
		"of_another_user":    ofOtherUser,
		"longer_deadline":    "9" + good,
		"no_signature":       good[:10],
		"garbage":            "yes",
	} {
		if status, _ := remove(t, s, client, confirm); status != http.StatusPreconditionRequired {
			t.Errorf("%s: %d, want 428", name, status)
		}
	}
	s.Clock.Advance(confirmFor + time.Second)
	if status, _ := remove(t, s, client, good); status != http.StatusPreconditionRequired {
		t.Errorf("too late: %d, want 428", status)
	}
	if _, err := s.Users().ByID(t.Context(), u.ID); err != nil {
		t.Errorf("the user is gone: %v", err)
	}
}

func TestSignedOut(t *testing.T) {
	s := newServer(t)
	if status, _ := remove(t, s, s.Client(), "yes"); status != http.StatusUnauthorized {
		t.Errorf("signed out: %d, want 401", status)
	}
}

// form posts to the Frontend API and returns the answer's response.
func form(t *testing.T, s *gatehousetest.Server, client *http.Client, path string, values url.Values) (response map[string]any) {
	t.Helper()
	res, err := client.PostForm(s.URL+path, values)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct{ Response map[string]any }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return body.Response
}

// A proof from a while ago does not do; one from just now does, although the browser
// still has its old token.
func TestStepUp(t *testing.T) {
	s := newServer(t)
	u := s.CreateUser()
	client := s.SignIn(u)
	_, confirmation := remove(t, s, client, "")
	s.Clock.Advance(11 * time.Minute)
	for _, confirm := range []string{"", confirmation} {
		if status, _ := remove(t, s, client, confirm); status != http.StatusForbidden {
			t.Fatalf("11 minutes after the sign-in: %d, want 403", status)
		}
	}
	sessions, err := s.Sessions().OfUser(t.Context(), string(u.ID))
	if err != nil || len(sessions) != 1 {
		t.Fatalf("sessions = %v, %v", sessions, err)
	}
	verify := "/v1/client/sessions/" + string(sessions[0].ID) + "/verify"
	form(t, s, client, verify, url.Values{"level": {"first_factor"}})
	answer := form(t, s, client, verify+"/attempt_first_factor", url.Values{"strategy": {"password"}, "password": {gatehousetest.Password}})
	if answer["status"] != "complete" {
		t.Fatalf("step-up = %v", answer)
	}
	status, confirmation := remove(t, s, client, "")
	if status != http.StatusPreconditionRequired {
		t.Fatalf("after the step-up: %d, want 428", status)
	}
	if status, _ := remove(t, s, client, confirmation); status != http.StatusOK {
		t.Errorf("with confirmation: %d, want 200", status)
	}
}

func TestPage(t *testing.T) {
	s := newServer(t)
	get := func(client *http.Client, path string) string {
		res, err := client.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %v", path, res.StatusCode, err)
		}
		return string(body)
	}
	if page := get(s.Client(), "/"); !strings.Contains(page, "/sign-in") || strings.Contains(page, "Delete my account") {
		t.Errorf("signed out: %s", page)
	}
	ada := s.SignIn(s.CreateUser(gatehousetest.Email("ada@example.com")))
	if page := get(ada, "/"); !strings.Contains(page, "ada@example.com") || !strings.Contains(page, "Delete my account") {
		t.Errorf("signed in: %s", page)
	}
	// What the page loads is there.
	for _, path := range []string{"/page.js", "/ui/page.css", "/ui/lib/client.js", "/ui/lib/step-element.js", "/ui/user-profile/step-up.js"} {
		get(ada, path)
	}
}
