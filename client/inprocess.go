package client

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// inProcessHost is what requests to a handler name; it is never looked up.
const inProcessHost = "gatehouse.invalid"

// inProcess is an http.RoundTripper that calls a handler.
type inProcess struct{ handler http.Handler }

// errAborted is a handler that gave up on its answer.
var errAborted = errors.New("the handler gave up")

// RoundTrip implements http.RoundTripper. The handler runs before it returns, with the
// request's context, as it would on a server.
func (t inProcess) RoundTrip(r *http.Request) (res *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	in.RequestURI = in.URL.RequestURI()
	in.Host, in.RemoteAddr = in.URL.Host, "127.0.0.1:0"
	w := &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			res, err = nil, errAborted
		} else if p != nil {
			panic(p)
		}
	}()
	t.handler.ServeHTTP(w, in)
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer keeps what a handler writes.
type answer struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *answer) Header() http.Header { return w.header }

// WriteHeader counts once; headers that are set later are not sent.
func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *answer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
