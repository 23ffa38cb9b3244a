package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
)

// Sessions looks at sessions and ends them.
type Sessions struct{ c *Client }

// Session is one user who is, or was, signed in on one browser.
type Session struct {
	ID       string `json:"id"`
	UserID   string `json:"user_id"`
	ClientID string `json:"client_id"` // of the browser
	// Status is active, pending, ended, removed, replaced, revoked, expired or abandoned.
	Status string `json:"status"`
	// Actor is who acts as the user, a JSON object with the member sub; nil for the user
	// themselves.
	Actor        json.RawMessage `json:"actor,omitempty"`
	LastActiveAt Time            `json:"last_active_at,omitzero"`
	Activity     *Activity       `json:"latest_activity,omitzero"`
	ExpireAt     Time            `json:"expire_at,omitzero"`
	AbandonAt    Time            `json:"abandon_at,omitzero"`
	CreatedAt    Time            `json:"created_at"`
	UpdatedAt    Time            `json:"updated_at"`
}

// Activity is where a session was seen last; what is unknown is "".
type Activity struct {
	ID             string `json:"id"`
	DeviceType     string `json:"device_type,omitzero"`
	IsMobile       bool   `json:"is_mobile"`
	BrowserName    string `json:"browser_name,omitzero"`
	BrowserVersion string `json:"browser_version,omitzero"`
	IPAddress      string `json:"ip_address,omitzero"`
	City           string `json:"city,omitzero"`
	Country        string `json:"country,omitzero"`
}

// SessionQuery selects sessions, newest first. UserID or ClientID is required.
type SessionQuery struct {
	UserID   string
	ClientID string
	Status   string // one of Session.Status; "" is any
	Limit    int    // 1…MaxLimit; 0 means 10 for List and MaxLimit for All
	Offset   int
}

// List returns one page.
func (s Sessions) List(ctx context.Context, q SessionQuery) (*Page[*Session], error) {
	for kind, id := range map[string]string{"user": q.UserID, "client": q.ClientID} {
		if id == "" {
			continue
		}
		if err := checkID(kind, id); err != nil {
			return nil, err
		}
	}
	v := values{}
	v.text("user_id", q.UserID)
	v.text("client_id", q.ClientID)
	v.text("status", q.Status)
	page := new(Page[*Session])
	return orNil(page, s.c.get(ctx, "/sessions", v.page(q.Limit, q.Offset), page))
}

// All ranges over the sessions that q selects. An error is the last thing that it yields.
// Collect them before ending any: pages are cut by number.
func (s Sessions) All(ctx context.Context, q SessionQuery) iter.Seq2[*Session, error] {
	return pages(ctx, q.Limit, q.Offset, func(ctx context.Context, limit, offset int) ([]*Session, error) {
		q.Limit, q.Offset = limit, offset
		return data(s.List(ctx, q))
	})
}

// Get returns the session with an id.
func (s Sessions) Get(ctx context.Context, id string) (*Session, error) {
	return one[Session](ctx, s.c, http.MethodGet, "/sessions/", "sess", id, "")
}

// Revoke ends a session. Servers of the instance refuse its tokens at once, other apps
// when they expire, after at most a minute.
func (s Sessions) Revoke(ctx context.Context, id string) (*Session, error) {
	return one[Session](ctx, s.c, http.MethodPost, "/sessions/", "sess", id, "/revoke")
}

// one calls a route with an id in its path, and without a body.
func one[T any](ctx context.Context, c *Client, method, above, kind, id, below string) (*T, error) {
	if err := checkID(kind, id); err != nil {
		return nil, err
	}
	v := new(T)
	return orNil(v, c.send(ctx, method, above+id+below, nil, v))
}

// list asks for a page of a list without filters.
func list[T any](ctx context.Context, c *Client, path string, v values, limit, offset int) (*Page[T], error) {
	page := new(Page[T])
	return orNil(page, c.get(ctx, path, url.Values(v.page(limit, offset)), page))
}

func data[T any](page *Page[T], err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return page.Data, nil
}
