package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// call sends a request and returns status and body.
func call(t *testing.T, client *http.Client, method, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestQuickstart(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithApp(newApp))
	if status, _ := call(t, s.Client(), "GET", s.URL+"/api/me"); status != 401 {
		t.Errorf("/api/me signed out: %d, want 401", status)
	}
	if status, _ := call(t, s.Client(), "POST", s.URL+"/api/delete-me"); status != 401 {
		t.Errorf("/api/delete-me signed out: %d, want 401", status)
	}
	if _, body := call(t, s.Client(), "GET", s.URL+"/"); !strings.Contains(body, "/sign-up") || strings.Contains(body, "Delete my account") {
		t.Errorf("page signed out: %s", body)
	}

	u := s.CreateUser(gatehousetest.Name("<Ada>", ""),
		gatehousetest.PublicMetadata(map[string]any{"plan": "pro"}), gatehousetest.PrivateMetadata(map[string]any{"note": "canary"}))
	laptop, phone := s.SignIn(u), s.SignIn(u)

	status, body := call(t, laptop, "GET", s.URL+"/api/me")
	var me struct {
		UserID         string
		PublicMetadata map[string]any
	}
	if err := json.Unmarshal([]byte(body), &me); err != nil || status != 200 || me.UserID != string(u.ID) || me.PublicMetadata["plan"] != "pro" {
		t.Errorf("/api/me: %d %s (%v), want the user with public metadata", status, body, err)
	}
	_, page := call(t, laptop, "GET", s.URL+"/")
	for _, want := range []string{string(u.ID), "Hello, &lt;Ada&gt;", "pro", "Delete my account"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	if strings.Contains(body+page, "canary") {
		t.Error("private metadata is shown")
	}

	if status, body := call(t, laptop, "POST", s.URL+"/api/delete-me"); status != 200 || !strings.Contains(body, `"success":true`) {
		t.Errorf("/api/delete-me: %d %s", status, body)
	}
	for name, client := range map[string]*http.Client{"laptop": laptop, "phone": phone} {
		if status, _ := call(t, client, "GET", s.URL+"/api/me"); status != 401 {
			t.Errorf("%s after the deletion: %d, want 401", name, status)
		}
	}
}

// The page runs no inline script, and its files are there.
func TestPageFiles(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithApp(newApp))
	for _, path := range []string{"/page.css", "/page.js"} {
		if status, _ := call(t, s.Client(), "GET", s.URL+path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := call(t, s.Client(), "GET", s.URL+"/page.html"); status != 404 {
		t.Errorf("the template is served: %d", status)
	}
}
