package backendapi_test

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// upload sends a picture as SDKs do: with a name and type that say nothing.
func (s *server) upload(id string, data []byte) *answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "profileImage")
	must(s.t, err)
	_, err = part.Write(data)
	must(s.t, err)
	must(s.t, w.Close())
	r := httptest.NewRequest(http.MethodPost, "/v1/users/"+id+"/profile_image", &b)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return s.do(r)
}

func TestProfileImage(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"]}`)
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))

	before := s.call(http.MethodGet, "/v1/users/"+id, "").ok()
	if before.at("has_image") != false || !strings.HasPrefix(before.text("image_url"), "https://app.example.com/auth/v1/images/avatar_") {
		t.Errorf("before: %s", before.raw)
	}
	a := s.upload(id, b.Bytes()).ok()
	if a.text("object") != "user" || a.at("has_image") != true || !strings.HasPrefix(a.text("image_url"), "https://app.example.com/auth/v1/images/img_") {
		t.Errorf("set: %s", a.raw)
	}
	if got := s.call(http.MethodGet, "/v1/users", "").ok(); got.text("0.image_url") != a.text("image_url") {
		t.Errorf("list: %s", got.raw)
	}
	a = s.call(http.MethodDelete, "/v1/users/"+id+"/profile_image", "").ok()
	if a.at("has_image") != false || a.text("image_url") != before.text("image_url") {
		t.Errorf("removed: %s", a.raw)
	}

	// N-04
	s.upload(id, []byte("<svg/>")).refused(400, "request_body_invalid")
	s.upload(id, nil).refused(422, "form_param_missing")
	s.upload(id, make([]byte, 11<<20)).refused(413, "image_too_large")
	s.call(http.MethodPost, "/v1/users/"+id+"/profile_image", `{"url":"http://x"}`).refused(415, "unsupported_content_type")
	s.upload("user_000000000000000000000000000", b.Bytes()).refused(404, "resource_not_found")
	s.call(http.MethodDelete, "/v1/users/user_000000000000000000000000000/profile_image", "").refused(404, "resource_not_found")
}
