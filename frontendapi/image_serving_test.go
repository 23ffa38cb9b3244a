package frontendapi_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// conditional asks for a picture that the browser may have already.
func (b *browser) conditional(method, path, etag string) *answer {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("If-None-Match", etag)
	return b.do(r)
}

// Browsers keep a picture and ask whether it is still there, if they ask at all.
func TestProfileImageIsKept(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	drawn := path(t, b.me(http.MethodGet, "/v1/me", nil).ok().text("response.image_url"))
	first := path(t, b.upload(photo(t)).ok().text("response.public_url"))
	for _, address := range []string{drawn, first} {
		whole := s.browser().get(address).ok()
		etag := whole.header.Get("ETag")
		if len(etag) < 10 || whole.header.Get("Content-Length") != strconv.Itoa(len(whole.raw)) {
			t.Errorf("%s: %v", address, whole.header)
		}
		a := s.browser().conditional(http.MethodGet, address, etag)
		if a.status != http.StatusNotModified || a.raw != "" || a.header.Get("ETag") != etag || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s again: %d %v", address, a.status, a.header)
		}
		if a := s.browser().conditional(http.MethodGet, address, `"another"`).ok(); a.raw != whole.raw {
			t.Errorf("%s: another picture is %d bytes", address, len(a.raw))
		}
		// Apps ask for sizes; there is one.
		if a := s.browser().get(address + "?width=160&height=160&fit=crop&quality=100").ok(); a.raw != whole.raw {
			t.Errorf("%s in another size is %d bytes", address, len(a.raw))
		}
		if a := s.browser().send(http.MethodHead, address, nil, "").ok(); a.raw != "" || a.header.Get("ETag") != etag {
			t.Errorf("HEAD %s: %v", address, a.header)
		}
	}

	// The same file again has a URL of its own, and the one before is gone, kept or not.
	etag := s.browser().get(first).header.Get("ETag")
	if second := path(t, b.upload(photo(t)).ok().text("response.public_url")); second == first {
		t.Error("a new picture has the old URL")
	}
	s.browser().conditional(http.MethodGet, first, etag).refused(404, "resource_not_found")
}

// E-01: under enumeration protection a sign-in shows no picture, drawn or not, of anybody.
func TestProfileImageIsHidden(t *testing.T) {
	s := newServer(t)
	s.signUp("drawn@example.com")
	s.signUp("photo@example.com").upload(photo(t)).ok()
	s.settings.EnumerationProtect = true
	for _, who := range []string{"drawn", "photo", "nobody"} {
		a := s.browser().post("/v1/client/sign_ins", form("identifier", who+"@example.com")).ok()
		if strings.Contains(a.raw, "image") || !strings.Contains(a.raw, `"user_data":null`) {
			t.Errorf("%s: %s", who, a.raw)
		}
	}
}

// endless is a body that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += copy(p, bytes.Repeat([]byte{0xff}, len(p)))
	return len(p), nil
}

// N-04: nothing is read of what says that it is too large, nor of what nobody may send,
// and of what does not say so no more than is allowed.
func TestProfileImageIsNotReadWhole(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	head := "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
	for _, contentType := range []string{"multipart/form-data; boundary=x", "application/octet-stream"} {
		send := func(length int64, session string) (*answer, int) {
			s.clock.Advance(limitWindow)
			body := &endless{}
			r := httptest.NewRequest(http.MethodPost, "/v1/me/profile_image?_clerk_session_id="+session, io.MultiReader(strings.NewReader(head), body))
			r.ContentLength = length
			r.Header.Set("Content-Type", contentType)
			return b.do(r), body.read
		}
		a, read := send(20<<20, b.sessionID)
		if a.refused(413, "image_too_large"); read > 0 {
			t.Errorf("%s of 20 MB: %d bytes were read", contentType, read)
		}
		if a.header.Get("Connection") != "close" {
			t.Errorf("%s: the connection goes on", contentType)
		}
		a, read = send(-1, b.sessionID)
		if a.refused(413, "image_too_large"); read > 2*user.MaxImageBytes {
			t.Errorf("%s of unknown size: %d bytes were read", contentType, read)
		}
		a, read = send(-1, "sess_000000000000000000000000000")
		if a.refused(401, "authentication_invalid"); read > 0 {
			t.Errorf("%s of nobody: %d bytes were read", contentType, read)
		}
	}
}
