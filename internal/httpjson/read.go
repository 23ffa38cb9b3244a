package httpjson

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// Body reads at most limit bytes of the request's body. Beyond that it returns
// [apierr.BodyTooLarge], and the connection is closed after the answer, so that nobody
// sends the rest.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, apierr.BodyTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		w.Header().Set("Connection", "close")
		return nil, apierr.BodyTooLarge.Because(tooLarge)
	}
	if err != nil {
		return nil, apierr.BodyInvalid.Because(err)
	}
	return body, nil
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
