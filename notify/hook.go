package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// HookConfig sets up a Hook. The zero value of every optional field works.
type HookConfig struct {
	// URL is where messages are posted: https, or http on a loopback address. Required.
	URL string
	// Secrets sign each request: "whsec_" and the base64 of 24 bytes or more. At least
	// one is required; while one is replaced, both sign.
	Secrets []Password
	Timeout time.Duration // of one message, all tries included; 0 means 15 s
	Tries   int           // 0 means 3
	Client  *http.Client  // nil means one that follows no redirect and uses no proxy
	Now     func() time.Time
}

// Hook sends mails and texts by posting them as JSON to a program of yours, which hands
// them to a mail or SMS provider. It is safe for concurrent use.
//
// The body is an object with id, channel ("mail" or "sms"), kind, to, text, the code
// in it if there is one, created_at (Unix milliseconds), and for mails subject and html.
// Requests are signed as the Standard Webhooks specification says (headers Webhook-Id,
// Webhook-Timestamp, Webhook-Signature); [VerifySignature] checks them. A status of 2xx
// means that the message was taken. 408, 425, 429 and 5xx, and no answer at all, are
// tried again with the same id; everything else is ErrRejected.
type Hook struct {
	cfg  HookConfig
	keys [][]byte
	wait func(ctx context.Context, d time.Duration) error
}

// NewHook checks cfg and returns a sender; the error names the bad field. It connects
// to nothing.
func NewHook(cfg HookConfig) (*Hook, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return nil, errors.New("notify: HookConfig.URL is no URL with a host and without a login")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, errors.New("notify: HookConfig.URL is neither https nor on a loopback address")
	case len(cfg.Secrets) == 0:
		return nil, errors.New("notify: HookConfig.Secrets needs at least one")
	case cfg.Tries < 0 || cfg.Timeout < 0:
		return nil, errors.New("notify: HookConfig.Tries or Timeout is negative")
	}
	h := &Hook{cfg: cfg, wait: wait}
	for i, secret := range cfg.Secrets {
		key, err := secretKey(secret)
		if err != nil {
			return nil, fmt.Errorf("notify: HookConfig.Secrets[%d] %w", i, err)
		}
		h.keys = append(h.keys, key)
	}
	if cfg.Timeout == 0 {
		h.cfg.Timeout = 15 * time.Second
	}
	if cfg.Tries == 0 {
		h.cfg.Tries = 3
	}
	if cfg.Client == nil {
		h.cfg.Client = &http.Client{
			Transport: &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // a message goes where it was configured to go
			},
		}
	}
	if cfg.Now == nil {
		h.cfg.Now = time.Now
	}
	return h, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

type hookBody struct {
	ID        string  `json:"id"`
	Channel   Channel `json:"channel"`
	Kind      string  `json:"kind"`
	To        string  `json:"to"`
	Subject   string  `json:"subject,omitempty"`
	Text      string  `json:"text"`
	HTML      string  `json:"html,omitempty"`
	Code      string  `json:"code,omitempty"`
	Link      string  `json:"link,omitempty"`
	CreatedAt int64   `json:"created_at"`
}

// Send posts m until it is taken. Errors: ErrRejected where the receiver says no for
// good; anything else may pass when tried again later.
func (h *Hook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(hookBody{
		ID: m.ID, Channel: m.Channel, Kind: m.Kind, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		Code: m.Code, Link: m.Link, CreatedAt: m.At.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("notify: hook: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	defer cancel()
	for try := 1; ; try++ {
		err := h.post(ctx, m.ID, body)
		if err == nil || errors.Is(err, ErrRejected) || try == h.cfg.Tries {
			return err
		}
		// Half a second, then four times as long each time.
		if h.wait(ctx, 500*time.Millisecond<<(2*(try-1))) != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// post makes one try. Its errors quote nothing of the answer, which may repeat the
// message (L-01).
func (h *Hook) post(ctx context.Context, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("notify: hook: %w", err)
	}
	timestamp := strconv.FormatInt(h.cfg.Now().Unix(), 10)
	signatures := ""
	for _, key := range h.keys {
		signatures += " " + sign(key, id, timestamp, body)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(headerID, id)
	r.Header.Set(headerTimestamp, timestamp)
	r.Header.Set(headerSignature, signatures[1:])
	answer, err := h.cfg.Client.Do(r)
	if err != nil {
		return fmt.Errorf("notify: hook: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	switch s := answer.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s >= 500, s == http.StatusRequestTimeout, s == http.StatusTooEarly, s == http.StatusTooManyRequests:
		return fmt.Errorf("notify: hook: status %d", s)
	default:
		return fmt.Errorf("%w: hook: status %d", ErrRejected, s)
	}
}

// ByChannel sends each message through the sender of its channel: mails through a mail
// server, say, and texts through a [Hook]. ErrChannel where there is none.
type ByChannel map[Channel]Sender

// Send implements Sender.
func (b ByChannel) Send(ctx context.Context, m Message) error {
	s, ok := b[m.Channel]
	if !ok || s == nil {
		return fmt.Errorf("%w: %s", ErrChannel, m.Channel)
	}
	return s.Send(ctx, m)
}
