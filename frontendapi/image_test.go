package frontendapi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// limitWindow is more than the time in which uploads of one user are counted.
const limitWindow = 11 * time.Second

// photo is a JPEG of 600 × 300 pixels that says where it was taken.
func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 600, 300)), nil))
	place := "GPS-48.8584N"
	return append([]byte("\xff\xd8\xff\xe1\x00\x14Exif\x00\x00"+place), b.Bytes()[2:]...)
}

// file is a multipart body with one file.
func file(t testing.TB, field, name string, data []byte) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, name)
	must(t, err)
	_, err = part.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func (b *browser) upload(data []byte) *answer {
	b.s.t.Helper()
	body, contentType := file(b.s.t, "file", "../../etc/passwd", data)
	return b.uploadAs(contentType, body)
}

func (b *browser) uploadAs(contentType string, body []byte) *answer {
	b.s.t.Helper()
	b.s.clock.Advance(limitWindow)
	return b.send(http.MethodPost, "/v1/me/profile_image?_clerk_session_id="+b.sessionID, bytes.NewReader(body), contentType)
}

// path is the path of a picture's URL, which must lie below the public URL.
func path(t *testing.T, url string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(url, publicURL)
	if !ok || !strings.HasPrefix(rest, "/v1/images/") {
		t.Fatalf("image_url = %q", url)
	}
	return rest
}

// A person has a drawn avatar, sets a picture, sees it everywhere, and removes it.
func TestProfileImage(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	a := b.get("/v1/client").ok()
	avatar := a.text("response.sessions.0.user.image_url")
	if a.at("response.sessions.0.user.has_image") != false || a.text("response.sessions.0.public_user_data.image_url") != avatar {
		t.Errorf("before: %s", a.raw)
	}
	if drawn := s.browser().get(path(t, avatar)).ok(); drawn.header.Get("Content-Type") != "image/png" {
		t.Errorf("avatar: %v", drawn.header)
	}

	a = b.upload(photo(t)).ok()
	address := a.text("response.public_url")
	if a.text("response.object") != "image" || !user.ImageID(a.text("response.id")).Valid() || a.text("response.name") != a.text("response.id") ||
		a.text("client.sessions.0.user.image_url") != address || a.at("client.sessions.0.user.has_image") != true ||
		a.text("client.sessions.0.public_user_data.image_url") != address || a.at("client.sessions.0.public_user_data.has_image") != true {
		t.Errorf("set: %s", a.raw)
	}
	a = s.browser().post("/v1/client/sign_ins", form("identifier", "jane@example.com")).ok()
	if a.text("response.user_data.image_url") != address || a.at("response.user_data.has_image") != true {
		t.Errorf("sign-in: %s", a.raw)
	}

	// N-04: what is served.
	img := s.browser().get(path(t, address)).ok()
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=31536000, immutable",
	} {
		if got := img.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if strings.Contains(img.raw, "GPS") || strings.Contains(img.raw, "Exif") {
		t.Error("the picture still says where it was taken")
	}
	small, err := jpeg.Decode(strings.NewReader(img.raw))
	must(t, err)
	if size := small.Bounds().Size(); size != (image.Point{512, 256}) {
		t.Errorf("size %v", size)
	}

	id := b.me(http.MethodGet, "/v1/me", nil).ok().text("response.image_url")
	a = b.me(http.MethodDelete, "/v1/me/profile_image", nil).ok()
	if !strings.HasSuffix(id, a.text("response.id")) || a.at("response.deleted") != true || a.text("response.object") != "image" ||
		a.text("client.sessions.0.user.image_url") != avatar || a.at("client.sessions.0.user.has_image") != false {
		t.Errorf("removed: %s", a.raw)
	}
	s.browser().get(path(t, address)).refused(404, "resource_not_found")
	b.me(http.MethodDelete, "/v1/me/profile_image", nil).ok() // twice is no error
}

// The SDK sends a text that an app gave it as it is.
func TestProfileImageAsText(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	encoded := base64.StdEncoding.EncodeToString(photo(t))
	for name, body := range map[string]string{
		"base64": encoded, "data URL": "data:image/jpeg;base64," + encoded, "bytes": string(photo(t)),
	} {
		if a := b.uploadAs("application/octet-stream", []byte(body)); a.status != http.StatusOK {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
}

// N-04, A-09, A-03: what is refused, and that nothing of it is kept.
func TestProfileImageRefused(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	b.upload(photo(t)).ok()
	before := b.me(http.MethodGet, "/v1/me", nil).ok().raw
	multi := func(field string, data []byte) func() *answer {
		return func() *answer { body, ct := file(t, field, "a.png", data); return b.uploadAs(ct, body) }
	}
	raw := func(contentType, body string) func() *answer {
		return func() *answer { return b.uploadAs(contentType, []byte(body)) }
	}
	var wide bytes.Buffer
	must(t, png.Encode(&wide, image.NewGray(image.Rect(0, 0, 4097, 1))))
	twice, ct := file(t, "file", "a", photo(t))
	boundary := strings.TrimPrefix(ct, "multipart/form-data; boundary=")
	head, _, _ := strings.Cut(string(twice), "--"+boundary+"--")
	for _, test := range []struct {
		name   string
		send   func() *answer
		status int
		code   string
	}{
		{"SVG", multi("file", []byte("<svg onload='alert(1)'/>")), 400, "request_body_invalid"},
		{"HTML", multi("file", []byte("<!doctype html>")), 400, "request_body_invalid"},
		{"cut off", multi("file", photo(t)[:200]), 400, "request_body_invalid"},
		{"11 MB", multi("file", append(photo(t), make([]byte, 11<<20)...)), 413, "image_too_large"},
		{"one byte too many", multi("file", append(photo(t), make([]byte, user.MaxImageBytes-len(photo(t))+1)...)), 413, "image_too_large"},
		{"11 MB as stream", raw("application/octet-stream", strings.Repeat("\xff", 11<<20)), 413, "image_too_large"},
		{"20 MB as stream", raw("application/octet-stream", strings.Repeat("\xff", 20<<20)), 413, "image_too_large"},
		{"4097 pixels", multi("file", wide.Bytes()), 413, "image_too_large"},
		{"empty", multi("file", nil), 422, "form_param_missing"},
		{"no body", raw("", ""), 422, "form_param_missing"},
		{"no part", raw(ct, "--"+boundary+"--\r\n"), 422, "form_param_missing"},
		{"another field", multi("avatar", photo(t)), 422, "form_param_unknown"},
		{"two files", raw(ct, head+string(twice)), 422, "form_param_duplicate"},
		{"broken off", raw(ct, head[:len(head)/2]), 400, "request_body_invalid"},
		{"no boundary", raw("multipart/form-data", "x"), 400, "request_body_invalid"},
		{"a form", raw("application/x-www-form-urlencoded", "file=x"), 415, "unsupported_content_type"},
		{"JSON", raw("application/json", `{"file":"x"}`), 415, "unsupported_content_type"},
		{"an image type", raw("image/png", wide.String()), 415, "unsupported_content_type"},
		{"query", func() *answer {
			return b.send(http.MethodPost, "/v1/me/profile_image?url=http://x&_clerk_session_id="+b.sessionID, bytes.NewReader(twice), ct)
		}, 422, "form_param_unknown"},
		{"method override on a form", func() *answer { return b.me(http.MethodPatch, "/v1/me/profile_image", nil) }, 405, "method_not_allowed"},
	} {
		t.Run(test.name, func(t *testing.T) { test.send().refused(test.status, test.code) })
	}
	if after := b.me(http.MethodGet, "/v1/me", nil).ok().raw; after[:strings.Index(after, `"client"`)] != before[:strings.Index(before, `"client"`)] {
		t.Errorf("the user changed:\n%s\n%s", before, after)
	}
	for _, a := range s.answers {
		if strings.Contains(a, "passwd") {
			t.Errorf("an answer has the file's name: %s", a)
		}
	}
}

// nobody sets or removes another's picture; a page from elsewhere sets none.
func TestProfileImageOfOthers(t *testing.T) {
	s := newServer(t)
	victim, attacker := s.signUp("vic@example.com"), s.signUp("eve@example.com")
	url := victim.upload(photo(t)).ok().text("response.public_url")
	own := attacker.sessionID
	attacker.sessionID = victim.sessionID
	attacker.upload(photo(t)).refused(401, "authentication_invalid")
	attacker.me(http.MethodDelete, "/v1/me/profile_image", nil).refused(401, "authentication_invalid")
	attacker.sessionID = own
	attacker.me(http.MethodDelete, "/v1/me/profile_image", nil).ok() // their own
	s.browser().upload(photo(t)).refused(401, "authentication_invalid")
	victim.origin = "https://evil.example"
	victim.upload(photo(t)).refused(400, "origin_invalid")
	victim.origin = publicURL
	s.browser().get(path(t, url)).ok()

	for _, name := range []string{
		"img_000000000000000000000000000", "..%2f..%2fetc%2fpasswd", "avatar_", "avatar_zzzzzzzzzzzzzzzz", "avatar_ABCDEFABCDEFABCD",
		"avatar_00112233445566778", "img_%00", victim.userID,
	} {
		s.browser().get("/v1/images/"+name).refused(404, "resource_not_found")
	}
}

// the picture is erased with the user.
func TestProfileImageOfDeletedUser(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	url := b.upload(photo(t)).ok().text("response.public_url")
	b.me(http.MethodDelete, "/v1/me", nil).ok()
	s.browser().get(path(t, url)).refused(404, "resource_not_found")
}

// E-02: uploads are work, so each user has a budget of them.
func TestProfileImageLimit(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	body, ct := file(t, "file", "a", []byte("<svg/>"))
	for n := range 6 {
		a := b.send(http.MethodPost, "/v1/me/profile_image?_clerk_session_id="+b.sessionID, bytes.NewReader(body), ct)
		if want := n == 5; (a.status == http.StatusTooManyRequests) != want {
			t.Errorf("upload %d: %d", n+1, a.status)
		}
	}
}

// Under a path the pictures are below it.
func TestProfileImageUnderPath(t *testing.T) {
	s := newServer(t, func(c *frontendapi.Config, _ *flow.Settings) {
		c.PublicURL = &url.URL{Scheme: "http", Host: "localhost:8080", Path: "/auth"}
	})
	b := s.signUp("jane@example.com")
	if got := b.me(http.MethodGet, "/v1/me", nil).ok().text("response.image_url"); !strings.HasPrefix(got, fmt.Sprintf("%s/auth/v1/images/avatar_", publicURL)) {
		t.Errorf("image_url = %q", got)
	}
}
