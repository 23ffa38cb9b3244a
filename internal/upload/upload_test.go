package upload_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/upload"
)

const limit = 1 << 10

// read is Image of a request with the body.
func read(contentType string, body []byte) ([]byte, error) {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return upload.Image(httptest.NewRecorder(), r, limit)
}

func part(header, content string) string { return "--x\r\n" + header + "\r\n\r\n" + content + "\r\n" }

func TestImage(t *testing.T) {
	const named = `Content-Disposition: form-data; name="file"`
	for _, test := range []struct {
		name, contentType, body, want string
	}{
		{"a part", "multipart/form-data; boundary=x", part(named, "GIF") + "--x--", "GIF"},
		{"a name and a type that say nothing", "multipart/form-data; boundary=x", part(named+"; filename=\"../../x.svg\"\r\nContent-Type: image/svg+xml", "GIF") + "--x--", "GIF"},
		{"an encoding that browsers do not know", "multipart/form-data; boundary=x", part(named+"\r\nContent-Transfer-Encoding: quoted-printable", "=47") + "--x--", "=47"},
		{"bytes", "application/octet-stream", "\x89PNG", "\x89PNG"},
		{"base64", "application/octet-stream", "R0lG", "GIF"},
		{"a data URL", "application/octet-stream", "data:image/gif;base64,R0lG", "GIF"},
		{"no base64 after all", "application/octet-stream", "R0lG!", "R0lG!"},
		{"as much as is allowed", "multipart/form-data; boundary=x", part(named, strings.Repeat("G", limit)) + "--x--", strings.Repeat("G", limit)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := read(test.contentType, []byte(test.body)); err != nil || string(got) != test.want {
				t.Errorf("Image = %.40q, %v; want %.40q", got, err, test.want)
			}
		})
	}
}

// FuzzImage: what comes out is a file of an allowed size, or an error of the catalogue
// that blames the sender.
func FuzzImage(f *testing.F) {
	const named = `Content-Disposition: form-data; name="file"; filename="x"`
	for _, seed := range []struct{ contentType, body string }{
		{"multipart/form-data; boundary=x", part(named, "GIF") + "--x--"},
		{"multipart/form-data; boundary=x", part(named, "GIF") + part(named, "GIF") + "--x--"},
		{"multipart/form-data; boundary=\"\"", part(named, "")},
		{"multipart/mixed; boundary=x", part(named, "GIF")},
		{"application/octet-stream", "data:;base64,R0lG"},
		{"application/octet-stream", strings.Repeat("R0lG", limit)},
		{"image/svg+xml", "<svg/>"},
		{"", ""},
	} {
		f.Add(seed.contentType, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		data, err := read(contentType, body)
		if err == nil {
			if len(data) == 0 || len(data) > limit {
				t.Errorf("%d bytes", len(data))
			}
			return
		}
		if e := apierr.From(err); e.Status < 400 || e.Status >= 500 {
			t.Errorf("Image = %v (%d)", err, e.Status)
		}
	})
}
