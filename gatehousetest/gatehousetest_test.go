package gatehousetest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// whoami answers with the user's id, protected.
func whoami(s *gatehouse.Server) http.Handler {
	return s.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-User", auth.FromContext(r.Context()).UserID)
	}))
}

// get returns status and user of a request to the app.
func get(t *testing.T, client *http.Client, url string, header ...string) (status int, userID string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode, res.Header.Get("X-User")
}

// post sends a form to the Frontend API and returns status and answer.
func post(t *testing.T, client *http.Client, address string, form url.Values) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return res.StatusCode, body
}

func TestSignIn(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithApp(whoami))
	ada, bob := s.CreateUser(), s.CreateUser(gatehousetest.Email("bob@example.com"))
	adas, bobs := s.SignIn(ada), s.SignIn(bob)
	if status, id := get(t, adas, s.URL+"/x"); status != 200 || id != string(ada.ID) {
		t.Errorf("ada's browser: %d %q", status, id)
	}
	if status, id := get(t, bobs, s.URL+"/x"); status != 200 || id != string(bob.ID) {
		t.Errorf("bob's browser: %d %q", status, id)
	}
	if status, _ := get(t, s.Client(), s.URL+"/x"); status != 401 {
		t.Errorf("nobody's browser: %d, want 401", status)
	}
}

// A browser that was signed in behind the flow is one that the Frontend API knows.
func TestSignInIsASession(t *testing.T) {
	s := gatehousetest.New(t)
	client := s.SignIn(s.CreateUser())
	res, err := client.Get(s.URL + "/v1/client")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct {
		Response struct {
			Sessions []struct{ ID, Status string }
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	if len(body.Response.Sessions) != 1 || body.Response.Sessions[0].Status != "active" {
		t.Fatalf("sessions = %+v, want one that is active", body.Response.Sessions)
	}
	status, _ := post(t, client, s.URL+"/v1/client/sessions/"+body.Response.Sessions[0].ID+"/end", nil)
	if status != 200 {
		t.Errorf("end: %d", status)
	}
}

func TestToken(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithApp(whoami))
	u := s.CreateUser()
	token := s.Token(u)
	if status, id := get(t, http.DefaultClient, s.URL+"/x", "Authorization", "Bearer "+token); status != 200 || id != string(u.ID) {
		t.Errorf("with token: %d %q", status, id)
	}
	s.Clock.Advance(2 * time.Minute)
	if status, _ := get(t, http.DefaultClient, s.URL+"/x", "Authorization", "Bearer "+token); status != 401 {
		t.Errorf("two minutes later: %d, want 401", status)
	}
}

// A browser stays recognised while its session lives, without any script.
func TestClock(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithApp(whoami))
	client := s.SignIn(s.CreateUser())
	for _, pause := range []time.Duration{0, 3 * time.Minute, time.Hour, 6 * 24 * time.Hour} {
		s.Clock.Advance(pause)
		if status, _ := get(t, client, s.URL+"/x"); status != 200 {
			t.Errorf("after %v more: %d, want 200", pause, status)
		}
	}
	s.Clock.Advance(24 * time.Hour)
	if status, _ := get(t, client, s.URL+"/x"); status != 401 {
		t.Errorf("after more than 7 days: %d, want 401", status)
	}
	at := time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Clock.Freeze(at)
	if !s.Clock.Now().Equal(at) {
		t.Error("Freeze does not stop the clock")
	}
	s.Clock.Advance(time.Second)
	if !s.Clock.Now().Equal(at.Add(time.Second)) {
		t.Error("Advance does not move a stopped clock")
	}
	s.Clock.Set(at)
	if got := s.Clock.Now().Sub(at); got < 0 || got > time.Minute {
		t.Errorf("after Set the clock is off by %v", got)
	}
}

// Sign-up through the Frontend API, with the code from the outbox and with the
// fixed one.
func TestLastCode(t *testing.T) {
	s := gatehousetest.New(t)
	for _, address := range []string{"eve@example.com", "eve+clerk_test@example.com"} {
		client := s.Client()
		status, body := post(t, client, s.URL+"/v1/client/sign_ups", url.Values{"email_address": {address}, "password": {gatehousetest.Password}})
		if status != 200 {
			t.Fatalf("create: %d %v", status, body)
		}
		path := s.URL + "/v1/client/sign_ups/" + body["response"].(map[string]any)["id"].(string)
		if status, body := post(t, client, path+"/prepare_verification", url.Values{"strategy": {"email_code"}}); status != 200 {
			t.Fatalf("prepare: %d %v", status, body)
		}
		status, body = post(t, client, path+"/attempt_verification", url.Values{"strategy": {"email_code"}, "code": {s.LastCode(address)}})
		if status != 200 || body["response"].(map[string]any)["status"] != "complete" {
			t.Errorf("attempt: %d %v, want complete", status, body)
		}
	}
	if n := len(s.Messages("eve@example.com")); n != 1 {
		t.Errorf("%d messages to eve@example.com, want 1", n)
	}
	if n := len(s.Messages("eve+clerk_test@example.com")); n != 0 {
		t.Errorf("%d messages to a test address, want none", n)
	}
}

func TestCreateUser(t *testing.T) {
	s := gatehousetest.New(t)
	u := s.CreateUser(gatehousetest.Email("ada@example.com"), gatehousetest.Email("ada@example.org"), gatehousetest.Name("Ada", "Lovelace"),
		gatehousetest.PublicMetadata(map[string]any{"plan": "pro"}), gatehousetest.PrivateMetadata(map[string]any{"note": 1}))
	if len(u.Identifications) != 2 || !u.Identifications[0].Verified() || u.PrimaryEmailAddressID != u.Identifications[0].ID {
		t.Errorf("identifications = %+v, want two verified ones, the first primary", u.Identifications)
	}
	if u.FirstName != "Ada" || string(u.PublicMetadata) != `{"plan":"pro"}` || string(u.PrivateMetadata) != `{"note":1}` {
		t.Errorf("user = %+v", u)
	}
	if err := s.Users().VerifyPassword(t.Context(), u, gatehousetest.Password); err != nil {
		t.Errorf("VerifyPassword: %v", err)
	}
}

// Limits are on, and count each client for itself.
func TestClientsHaveAddressesOfTheirOwn(t *testing.T) {
	s := gatehousetest.New(t)
	signIn := func(client *http.Client) int {
		status, _ := post(t, client, s.URL+"/v1/client/sign_ins", url.Values{"identifier": {"nobody@example.com"}})
		return status
	}
	for range 8 {
		if status := signIn(s.Client()); status == 429 {
			t.Fatal("a new client was limited by others")
		}
	}
	last, client := 0, s.Client()
	for range 8 {
		last = signIn(client)
	}
	if last != 429 {
		t.Errorf("the 8th sign-in of one client: %d, want 429", last)
	}
}
