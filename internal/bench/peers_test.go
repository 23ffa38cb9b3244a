package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Every peer lets the good token in and tells the handler whose it is, and refuses
// the forged one, the expired one and none: nobody is fast because of what it leaves out.
func TestPeersTakeAndRefuse(t *testing.T) {
	k, err := newIssuerKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	rs, err := newRequests(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]peer{gatehousePeer}, peers...) {
		t.Run(p.name, func(t *testing.T) {
			subject := ""
			h, err := p.protect(k, func(s string) { subject = s })
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time from a cache, if there is one
				subject = ""
				if status := serve(h, rs.hot); status != http.StatusOK || subject != "user_2aBcDeFgHiJkLmNoPqR0000000" {
					t.Errorf("good token: status %d, subject %q", status, subject)
				}
				for name, r := range map[string]*http.Request{"forged": rs.forged, "expired": rs.expired, "none": request()} {
					subject = ""
					if status := serve(h, r); status < 400 || status > 403 || subject != "" {
						t.Errorf("%s token: status %d, subject %q", name, status, subject)
					}
				}
			}
		})
	}
}

func serve(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
