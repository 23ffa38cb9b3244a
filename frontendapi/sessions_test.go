package frontendapi_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// devices reads where a person is signed in.
func (b *browser) devices(path string) []map[string]any {
	b.s.t.Helper()
	var out []map[string]any
	must(b.s.t, json.Unmarshal([]byte(b.me(http.MethodGet, path, nil).ok().raw), &out))
	return out
}

// Every way in which a session ends, and what each route says of it afterwards: nothing
// brings it back (S-05), and nothing is minted from it (S-08).
func TestSessionTransitions(t *testing.T) {
	ways := map[string]struct {
		status session.Status
		end    func(s *server, b, elsewhere *browser)
	}{
		"ended": {session.StatusEnded, func(_ *server, b, _ *browser) {
			b.post("/v1/client/sessions/"+b.sessionID+"/end", nil).ok()
		}},
		"removed": {session.StatusRemoved, func(_ *server, b, _ *browser) {
			b.post("/v1/client/sessions/"+b.sessionID+"/remove", nil).ok()
		}},
		"all_of_the_browser": {session.StatusRemoved, func(_ *server, b, _ *browser) {
			b.post("/v1/client/sessions?_method=DELETE", nil).ok()
		}},
		"revoked": {session.StatusRevoked, func(_ *server, b, elsewhere *browser) {
			elsewhere.me(http.MethodPost, "/v1/me/sessions/"+b.sessionID+"/revoke", nil).ok()
		}},
		"signed_out_by_a_new_password": {session.StatusRevoked, func(_ *server, _, elsewhere *browser) {
			elsewhere.me(http.MethodPost, "/v1/me/change_password", form("current_password", password,
				"new_password", "staple battery horse correct", "sign_out_of_other_sessions", "true")).ok()
		}},
		"expired": {session.StatusExpired, func(s *server, _, elsewhere *browser) {
			s.clock.Advance(7*24*time.Hour - time.Minute)
			elsewhere.signIn("jane@example.com") // has one that lives on
			s.clock.Advance(time.Minute)
		}},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			b := s.signUp("jane@example.com")
			elsewhere := s.browser()
			if name != "expired" {
				elsewhere.signIn("jane@example.com")
			}
			s.clock.Advance(time.Second)
			way.end(s, b, elsewhere)
			for _, path := range []string{"/touch", "/tokens", "/end", "/remove", "/verify"} {
				b.post("/v1/client/sessions/"+b.sessionID+path, nil).refused(401, "authentication_invalid")
			}
			b.me(http.MethodGet, "/v1/me", nil).refused(401, "authentication_invalid")
			if left := b.get("/v1/client").ok(); left.length("response.sessions") != 0 || left.at("response.last_active_session_id") != nil {
				t.Errorf("the client keeps it: %s", left.raw)
			}
			if b.cookies["__client_uat"] != "0" {
				t.Errorf("__client_uat = %q, want 0", b.cookies["__client_uat"])
			}
			ss, err := s.sessions.Get(t.Context(), session.ID(b.sessionID))
			must(t, err)
			if ss.Status != way.status {
				t.Errorf("status = %s, want %s", ss.Status, way.status)
			}
			if active := elsewhere.devices("/v1/me/sessions/active"); len(active) != 1 || active[0]["id"] != elsewhere.sessionID {
				t.Errorf("active = %v", active)
			}
			// Revoking what is over is no error, and brings nothing back.
			elsewhere.me(http.MethodPost, "/v1/me/sessions/"+b.sessionID+"/revoke", nil).ok()
			b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).refused(401, "authentication_invalid")
		})
	}
}

// A list of devices tells them apart by browser, device and address, as of the last touch.
func TestDevices(t *testing.T) {
	s := newServer(t)
	b := s.browser()
	b.address = "203.0.113.7"
	b.headers.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")
	b.signUp("jane@example.com")
	s.clock.Advance(time.Hour)
	b.address = "203.0.113.8"
	b.post("/v1/client/sessions/"+b.sessionID+"/touch", form("intent", "focus")).ok()
	d := b.devices("/v1/me/sessions/active")[0]
	activity, _ := d["latest_activity"].(map[string]any)
	if activity["browser_name"] != "Chrome" || activity["device_type"] != "Linux" || activity["ip_address"] != "203.0.113.8" ||
		d["last_active_at"] != float64(s.clock.Now().UnixMilli()) {
		t.Errorf("device = %v", d)
	}
}
