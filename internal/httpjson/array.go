package httpjson

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// Objects reads the body as one strict JSON array (I-06) and takes its elements, which
// have to be objects, apart as [Members] does.
func Objects(w http.ResponseWriter, r *http.Request, limit int64) ([]map[string]json.RawMessage, error) {
	body, err := Body(w, r, limit)
	if err != nil {
		return nil, err
	}
	media, err := ContentType(r)
	if err != nil {
		return nil, err
	}
	if media != "application/json" {
		return nil, apierr.UnsupportedContentType
	}
	if err := strictjson.Check(body, MaxDepth); err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	var elements []json.RawMessage
	if body = bytes.TrimSpace(body); body[0] != '[' {
		return nil, apierr.BodyInvalid
	}
	if err := json.Unmarshal(body, &elements); err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	out := make([]map[string]json.RawMessage, len(elements))
	for i, e := range elements {
		if e[0] != '{' {
			return nil, apierr.BodyInvalid
		}
		if out[i], err = Members(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}
