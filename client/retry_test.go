package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
)

// failing answers with each status in turn and then well; 0 is a broken connection. It
// counts the requests.
func failing(retryAfter string, statuses ...int) (handler http.HandlerFunc, requests *int) {
	requests = new(int)
	return func(w http.ResponseWriter, _ *http.Request) {
		n := *requests
		*requests++
		w.Header().Set("Content-Type", "application/json")
		if n >= len(statuses) {
			_, _ = io.WriteString(w, `{"id":"user_1"}`)
			return
		}
		if statuses[n] == 0 {
			panic(http.ErrAbortHandler)
		}
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(statuses[n])
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":"c%d","message":"m"}]}`, statuses[n])
	}, requests
}

// Only what may be done twice, or was not done, is sent again.
func TestRetries(t *testing.T) {
	get := func(ctx context.Context, c *client.Client) error { _, err := c.Users.Get(ctx, "user_1"); return err }
	put := func(ctx context.Context, c *client.Client) error {
		_, err := c.Users.ReplaceMetadata(ctx, "user_1", client.MetadataChange{})
		return err
	}
	patch := func(ctx context.Context, c *client.Client) error {
		_, err := c.Users.Update(ctx, "user_1", client.UserChange{})
		return err
	}
	post := func(ctx context.Context, c *client.Client) error { _, err := c.Users.Ban(ctx, "user_1"); return err }
	remove := func(ctx context.Context, c *client.Client) error { return c.Users.Delete(ctx, "user_1") }
	for name, tt := range map[string]struct {
		call       func(context.Context, *client.Client) error
		retryAfter string
		statuses   []int
		requests   int
		ok         bool
		wait       time.Duration // at least; at most twice that
	}{
		"get_503":              {get, "", []int{503, 502, 504}, 4, true, 700 * time.Millisecond},
		"get_broken":           {get, "", []int{0}, 2, true, 100 * time.Millisecond},
		"get_500":              {get, "", []int{500}, 1, false, 0},
		"get_404":              {get, "", []int{404}, 1, false, 0},
		"get_too_often":        {get, "", []int{503, 503, 503, 503}, 4, false, 700 * time.Millisecond},
		"get_asked_to_wait":    {get, "7", []int{503}, 2, true, 7 * time.Second},
		"get_asked_too_much":   {get, "16", []int{503}, 1, false, 0},
		"put_503":              {put, "", []int{503}, 2, true, 100 * time.Millisecond},
		"delete_broken":        {remove, "", []int{0}, 2, true, 100 * time.Millisecond},
		"delete_was_done":      {remove, "", []int{0, 404}, 2, true, 100 * time.Millisecond},
		"delete_404":           {remove, "", []int{404}, 1, false, 0},
		"post_503":             {post, "", []int{503}, 1, false, 0},
		"post_broken":          {post, "", []int{0}, 1, false, 0},
		"post_429":             {post, "3", []int{429}, 2, true, 3 * time.Second},
		"post_429_for_an_hour": {post, "3600", []int{429}, 1, false, 0},
		"patch_503":            {patch, "", []int{503}, 1, false, 0},
		"patch_broken":         {patch, "", []int{0}, 1, false, 0},
		"patch_429":            {patch, "1", []int{429}, 2, true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler, requests := failing(tt.retryAfter, tt.statuses...)
				c := answering(t, handler)
				began := time.Now()
				err := tt.call(t.Context(), c)
				took := time.Since(began)
				if *requests != tt.requests || (err == nil) != tt.ok {
					t.Errorf("%d requests, %v; want %d, ok %v", *requests, err, tt.requests, tt.ok)
				}
				if took < tt.wait || took > 2*tt.wait {
					t.Errorf("took %v, want %v to %v", took, tt.wait, 2*tt.wait)
				}
			})
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, requests := failing("10", 503)
		c := answering(t, handler)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := c.Users.Get(ctx, "user_1"); !errors.Is(err, client.ErrUnavailable) || *requests != 1 || time.Since(began) > 0 {
			t.Errorf("a wait beyond the deadline: %v after %v", err, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		handler, _ := failing("10", 503)
		c := answering(t, handler)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if _, err := c.Users.Get(ctx, "user_1"); !errors.Is(err, client.ErrUnavailable) || time.Since(began) != time.Second {
			t.Errorf("cancelled: %v after %v", err, time.Since(began))
		}
	})
	handler, requests := failing("", 503)
	c, err := client.New(client.Config{Handler: handler, SecretKey: canary, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Users.Get(t.Context(), "user_1"); !errors.Is(err, client.ErrUnavailable) || *requests != 1 {
		t.Errorf("without retries: %d requests, %v", *requests, err)
	}
}
