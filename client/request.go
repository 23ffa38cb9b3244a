package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxAnswer bounds an answer, in bytes: 500 users with all the metadata that they may have
// take a quarter of it.
const maxAnswer = 64 << 20

// request is what is sent, as often as it takes.
type request struct {
	method, path string     // path below /v1, of constant parts and checked ids
	query        url.Values // nil for none
	contentType  string
	body         []byte // nil for none
}

// get asks for what is decoded into out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.getWithHeader(ctx, path, query, out)
	return err
}

// getWithHeader is get for an answer whose header counts.
func (c *Client) getWithHeader(ctx context.Context, path string, query url.Values, out any) (http.Header, error) {
	return c.do(ctx, request{method: http.MethodGet, path: path, query: query}, out)
}

// send sends in as JSON; nil sends no body.
func (c *Client) send(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, path: path}
	if in != nil {
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false) // metadata are kept, and counted, as they are sent
		if err := enc.Encode(in); err != nil {
			return fmt.Errorf("client: encode request: %w", err)
		}
		r.contentType, r.body = "application/json", body.Bytes()
	}
	_, err := c.do(ctx, r, out)
	return err
}

// do sends r until it is answered for good, and decodes the answer into out; nil drops it.
func (c *Client) do(ctx context.Context, r request, out any) (http.Header, error) {
	a, err := c.attempt(ctx, r)
	if err != nil || out == nil {
		return a.header, err
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return nil, fmt.Errorf("%w: %s /v1%s: %w", ErrNotAnAPI, r.method, r.path, err)
	}
	return a.header, nil
}

// success is an answer to what was asked.
type success struct {
	header http.Header
	body   []byte
}

// once sends r one time.
func (c *Client) once(ctx context.Context, r request) (success, error) {
	u := *c.base
	u.Path += r.path
	u.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return success{}, fmt.Errorf("client: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Clerk-API-Version", Version)
	req.Header.Set("User-Agent", "gatehouse-client")
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return success{}, &sendError{fmt.Errorf("client: %w", err)}
	}
	defer res.Body.Close()
	data, err := read(res)
	return success{res.Header, data}, err
}

// read returns the body of a success, bounded; everything else is an error.
func read(res *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, &sendError{fmt.Errorf("client: read answer: %w", err)}
	}
	if len(body) > maxAnswer {
		return nil, ErrTooLarge
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, newError(res, body)
	}
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != http.StatusNoContent && (err != nil || media != "application/json") {
		return nil, fmt.Errorf("%w: it answered with %q, not application/json", ErrNotAnAPI, media)
	}
	return body, nil
}
