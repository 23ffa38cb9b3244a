package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// MaxLimit is the most that one page holds.
const MaxLimit = 500

// Page is one page of a list.
type Page[T any] struct {
	Data       []T `json:"data"`
	TotalCount int `json:"total_count"` // of what was asked for, on all pages
}

// pages ranges over the pages that list returns for an offset, until one is not full.
func pages[T any](ctx context.Context, limit, offset int, list func(ctx context.Context, limit, offset int) ([]T, error)) iter.Seq2[T, error] {
	if limit == 0 {
		limit = MaxLimit
	}
	return func(yield func(T, error) bool) {
		for offset := offset; ; offset += limit {
			page, err := list(ctx, limit, offset)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			if len(page) < limit {
				return
			}
		}
	}
}

// values builds a query string; what is unset is left out.
type values url.Values

func (v values) text(name, text string) {
	if text != "" {
		v[name] = []string{text}
	}
}

func (v values) texts(name string, all []string) {
	if len(all) > 0 {
		v[name] = all
	}
}

func (v values) number(name string, n int) {
	if n != 0 {
		v[name] = []string{strconv.Itoa(n)}
	}
}

func (v values) flag(name string, b *bool) {
	if b != nil {
		v[name] = []string{strconv.FormatBool(*b)}
	}
}

func (v values) time(name string, t time.Time) {
	if !t.IsZero() {
		v[name] = []string{strconv.FormatInt(t.UnixMilli(), 10)}
	}
}

// page asks for a page in the form of Page.
func (v values) page(limit, offset int) url.Values {
	v.number("limit", limit)
	v.number("offset", offset)
	v.text("paginated", "true")
	return url.Values(v)
}
