// Package upload reads the one file of a request, in the shapes in which SDKs send it. A
// file's name and stated type are the sender's and are not looked at (N-04).
package upload

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// Field is the multipart field that holds the file.
const Field = "file"

// overhead is what a multipart body may have beyond the file: boundaries and headers.
const overhead = 16 << 10

// Image returns a file of at most limit bytes: the field "file" of a multipart/form-data
// body (RFC 7578), or an application/octet-stream body, which may be base64, with or
// without the head of a data URL. Errors: [apierr.ImageTooLarge],
// [apierr.UnsupportedContentType], [apierr.BodyInvalid], [apierr.ParamMissing],
// [apierr.ParamUnknown], [apierr.ParamDuplicate].
func Image(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	media, err := httpjson.ContentType(r)
	if err != nil {
		return nil, err
	}
	var data []byte
	switch media {
	case "multipart/form-data":
		data, err = multipart(w, r, limit)
	case "application/octet-stream":
		data, err = stream(w, r, limit)
	case "":
		err = apierr.ParamMissing.At(Field)
	default:
		err = apierr.UnsupportedContentType
	}
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, apierr.ParamMissing.At(Field)
	}
	if len(data) > limit {
		return nil, tooLarge(w)
	}
	return data, nil
}

// tooLarge closes the connection after the answer, so that nobody sends the rest.
func tooLarge(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close")
	return apierr.ImageTooLarge
}

// multipart reads the one part that a body may have; nothing is kept on disk.
func multipart(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	most := int64(limit) + overhead
	if r.ContentLength > most {
		return nil, tooLarge(w)
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	part, err := parts.NextRawPart()
	if errors.Is(err, io.EOF) {
		return nil, apierr.ParamMissing.At(Field)
	}
	if err != nil {
		return nil, broken(w, err)
	}
	if part.FormName() != Field {
		return nil, apierr.ParamUnknown
	}
	data, err := io.ReadAll(part)
	if err != nil {
		return nil, broken(w, err)
	}
	switch part, err = parts.NextRawPart(); {
	case errors.Is(err, io.EOF):
		return data, nil
	case err != nil:
		return nil, broken(w, err)
	case part.FormName() == Field:
		return nil, apierr.ParamDuplicate.At(Field)
	}
	return nil, apierr.ParamUnknown
}

// broken is what a body that ends too late or too early comes to.
func broken(w http.ResponseWriter, err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(w)
	}
	return apierr.BodyInvalid.Because(err)
}

// stream reads a body that is the file itself.
func stream(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	body, err := httpjson.Body(w, r, int64(base64.StdEncoding.EncodedLen(limit)+overhead))
	if errors.Is(err, apierr.BodyTooLarge) {
		return nil, tooLarge(w)
	}
	if err != nil {
		return nil, err
	}
	text := body
	if head, rest, ok := bytes.Cut(body, []byte(";base64,")); ok && bytes.HasPrefix(head, []byte("data:")) {
		text = rest
	}
	// No picture begins with four characters of base64 and goes on like that.
	if data, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
		return data, nil
	}
	return body, nil
}
