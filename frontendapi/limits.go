package frontendapi

import (
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/session"
)

// limit names a budget; every route has one (E-02). Budgets are sliding windows, counted
// under a key that no header or body chooses.
type limit int

const (
	limitOther        limit = iota // 300 in 10 s an address
	limitNone                      // public and cacheable
	limitCreateSignIn              // 5 in 10 s an address
	limitCreateSignUp              // 5 in 10 s an address
	limitAttempt                   // 3 in 10 s an address
	limitPrepare                   // 5 in a minute a client; package flow counts by destination
	limitToken                     // 30 in 10 s a session
	limitMetadata                  // 10 in 10 s a user
	limitImage                     // 5 in 10 s a user
	limitRedeem                    // 3000 in 10 s an address, which is a whole app's
)

type budget struct {
	name   string
	events int
	window time.Duration
}

var budgets = map[limit]budget{
	limitOther:        {"other", 300, 10 * time.Second},
	limitCreateSignIn: {"sign_in", 5, 10 * time.Second},
	limitCreateSignUp: {"sign_up", 5, 10 * time.Second},
	limitAttempt:      {"attempt", 3, 10 * time.Second},
	limitPrepare:      {"prepare", 5, time.Minute},
	limitToken:        {"token", 30, 10 * time.Second},
	limitMetadata:     {"metadata", 10, 10 * time.Second},
	limitImage:        {"image", 5, 10 * time.Second},
	limitRedeem:       {"handshake", 3000, 10 * time.Second},
}

// limitByAddress counts what needs no client to be known, before anything is parsed or
// looked up. Budgets with another owner count the address against the widest one as
// well, so that made-up owners buy nothing.
//
// A mint, and a read of what belongs to a browser, is counted in the same round trip
// that reads its session or client: here it is only owed, see owe and settle. What
// changes something is counted before its body is looked at.
func (c *call) limitByAddress(rt route) error {
	l := rt.limit
	switch l {
	case limitNone:
		return nil
	case limitToken, limitPrepare, limitMetadata, limitImage:
		l = limitOther
	}
	if c.isTest() {
		l = limitOther
	}
	e := eventOf(l, c.h.cfg.ClientAddress(c.r))
	if rt.limit == limitToken || rt.need != open && !c.changes {
		c.owed = []session.Event{e}
		return nil
	}
	return c.count(e)
}

// isTest reports whether the request carries a testing token: an automated browser of a
// development server, which signs in more often than people do. What an account or a
// destination has to bear is counted as ever.
func (c *call) isTest() bool {
	tokens := c.query()["__clerk_testing_token"]
	return len(tokens) == 1 && c.h.cfg.Flow.IsTestingToken(tokens[0])
}

// limitByOwner counts by client, session or user.
func (c *call) limitByOwner(rt route) error {
	switch rt.limit {
	case limitPrepare:
		if c.client.ID != "" {
			return c.take(limitPrepare, string(c.client.ID))
		}
		return c.take(limitPrepare, c.h.cfg.ClientAddress(c.r))
	case limitMetadata, limitImage:
		return c.take(rt.limit, c.session.UserID)
	}
	return nil
}

// owe returns what is still to be counted, and more with it, and leaves that to the caller.
func (c *call) owe(more ...session.Event) []session.Event {
	events := append(c.owed, more...)
	c.owed = nil
	return events
}

// settle counts what is still owed: by a request that was refused before it read
// anything, or that has nothing to read by.
func (c *call) settle(err error) error {
	for _, e := range c.owed {
		if err := c.count(e); err != nil {
			return err
		}
	}
	c.owed = nil
	return err
}

// take counts one event.
func (c *call) take(l limit, owner string) error { return c.count(eventOf(l, owner)) }

func eventOf(l limit, owner string) session.Event {
	b := budgets[l]
	return session.Event{Key: "fapi:" + b.name + ":" + owner, Limit: b.events, Window: b.window}
}

// count lets nothing pass when the store is away (E-04).
func (c *call) count(e session.Event) error {
	ok, wait, err := c.h.cfg.Limits.Take(c.r.Context(), e.Key, e.Limit, e.Window, c.now())
	if err != nil {
		return apierr.Unavailable.Because(err).After(time.Second)
	}
	if !ok {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error { return apierr.TooManyRequests.After(max(wait, time.Second)) }
