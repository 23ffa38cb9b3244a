package httpjson

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// MaxDepth bounds how deep JSON may nest (I-06).
const MaxDepth = 32

// Members takes a strict JSON object (I-06) apart. null is an empty object.
// Names are matched byte by byte: decode the members one by one, never the whole into
// a struct, whose field names encoding/json matches without case.
func Members(body []byte) (map[string]json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if string(body) == "null" {
		return map[string]json.RawMessage{}, nil
	}
	if err := strictjson.CheckObject(body, MaxDepth); err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	return members, nil
}

// Object reads the body as one strict JSON object (I-06). An empty body, null and {} are
// the same to the official SDKs, so all are an empty map. Size comes before content
// type, and content type before parsing.
func Object(w http.ResponseWriter, r *http.Request, limit int64) (map[string]json.RawMessage, error) {
	body, err := Body(w, r, limit)
	if err != nil {
		return nil, err
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return map[string]json.RawMessage{}, nil
	}
	media, err := ContentType(r)
	if err != nil {
		return nil, err
	}
	if media != "application/json" {
		return nil, apierr.UnsupportedContentType
	}
	return Members(body)
}

// ContentType returns the media type of the body without parameters, in lower case; ""
// if there is none. A malformed header, several of them or a charset other than UTF-8
// is [apierr.UnsupportedContentType].
func ContentType(r *http.Request) (string, error) {
	values := r.Header.Values("Content-Type")
	switch {
	case len(values) > 1:
		return "", apierr.UnsupportedContentType
	case len(values) == 0 || values[0] == "":
		return "", nil
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", apierr.UnsupportedContentType.Because(err)
	}
	if c, ok := params["charset"]; ok && !isUTF8(c) {
		return "", apierr.UnsupportedContentType
	}
	return media, nil
}
