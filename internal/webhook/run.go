package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/webhook"
)

const (
	perEndpoint = 4 // tries of one endpoint at once, on a node
	// answerWithin bounds a try from dialling to the status line.
	answerWithin = 15 * time.Second
	// claimFor is how long a node has a delivery: longer than a try, so that nobody else
	// makes it meanwhile, and short, since one that a crash leaves behind waits as long.
	claimFor = answerWithin + 5*time.Second
)

// Run delivers what is due until ctx ends, and returns its error.
func (s *Service) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	defer workers.Wait()
	ticker := time.NewTicker(s.cfg.Poll)
	defer ticker.Stop()
	down := false
	for {
		due, err := s.dueEndpoints(ctx)
		switch failing := err != nil && ctx.Err() == nil; {
		case failing && !down:
			s.cfg.Logger.WarnContext(ctx, "cannot read what is to be delivered", "err", err)
			down = true
		case err == nil && down:
			s.cfg.Logger.InfoContext(ctx, "delivering again")
			down = false
		}
		for _, e := range due {
			if s.begin(e.ID) {
				workers.Go(func() {
					defer s.end(e.ID)
					s.work(ctx, e)
				})
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// begin reports whether no worker of this node is at the endpoint; then one is now.
func (s *Service) begin(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, at := s.busy[id]; at {
		return false
	}
	s.busy[id] = struct{}{}
	return true
}

func (s *Service) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, id)
}

const endpointsDue = ` where enabled = 1 and exists (
	select 1 from webhook_deliveries d where d.endpoint_id = webhook_endpoints.id and d.status = 'pending' and d.next_at <= $1)`

// dueEndpoints are those that something is due for, subscriptions of other processes left out.
func (s *Service) dueEndpoints(ctx context.Context) (due []Endpoint, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		due, err = listEndpoints(ctx, q, endpointsDue, sqldb.Millis(s.now()))
		return err
	})
	ours := due[:0]
	for _, e := range due {
		if e.kind == kindEndpoint || s.handler(e.ID) != nil {
			ours = append(ours, e)
		}
	}
	return ours, err
}

// work makes tries of one endpoint until nothing is due. A failure of the database ends
// it: Run begins again.
func (s *Service) work(ctx context.Context, e Endpoint) {
	for ctx.Err() == nil {
		batch, err := s.due(ctx, e)
		if err != nil || len(batch) == 0 {
			return
		}
		var tries sync.WaitGroup
		slots := make(chan struct{}, perEndpoint)
		for _, d := range batch {
			slots <- struct{}{}
			tries.Go(func() {
				defer func() { <-slots }()
				if err := s.try(ctx, e, d); err != nil && ctx.Err() == nil {
					s.cfg.Logger.WarnContext(ctx, "delivery not recorded", "endpoint_id", e.ID, "message_id", d.MessageID, "err", err)
				}
			})
		}
		tries.Wait()
		// What the batch did may have disabled or changed the endpoint.
		if e, err = s.reread(ctx, e.ID); err != nil || !e.Enabled {
			return
		}
	}
}

func (s *Service) reread(ctx context.Context, id string) (e Endpoint, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		e, err = endpoint(ctx, q, id, "")
		return err
	})
	return e, err
}

const (
	dueAtEndpoint = ` where d.endpoint_id = $1 and d.status = 'pending' and d.next_at <= $2 order by d.message_seq limit $3`
	// dueInOrder are heads: of each subject the oldest that is not delivered.
	dueInOrder = ` where d.endpoint_id = $1 and d.status = 'pending' and d.next_at <= $2
		and not exists (
			select 1 from webhook_deliveries o
			where o.endpoint_id = d.endpoint_id and o.subject = d.subject and o.status = 'pending' and o.message_seq < d.message_seq)
	order by d.message_seq limit $3`
	batchSize = 20
)

func (s *Service) due(ctx context.Context, e Endpoint) (batch []Delivery, err error) {
	query := dueAtEndpoint
	if e.kind == kindSubscription {
		query = dueInOrder
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		batch, err = scanDeliveries(ctx, q, query, e.ID, sqldb.Millis(s.now()), batchSize)
		return err
	})
	return batch, err
}

// try makes one try and stores what it came to.
func (s *Service) try(ctx context.Context, e Endpoint, d Delivery) error {
	mine, err := s.claim(ctx, &d, s.now().Add(claimFor))
	if err != nil || !mine {
		return err
	}
	began := time.Now()
	a := Attempt{At: s.now()}
	if e.kind == kindSubscription {
		err = s.call(ctx, e, d)
	} else {
		a.Status, err = s.post(ctx, e, d)
	}
	if ctx.Err() != nil {
		return nil // this node stops: another one tries again
	}
	a.Duration = time.Since(began).Round(time.Millisecond)
	if err != nil {
		a.Error = describe(err)
	}
	d.Attempts = append(d.Attempts, a)
	d.tries++
	// What was done has to be known even if nobody waits for it any more.
	return s.conclude(context.WithoutCancel(ctx), e, &d, err == nil)
}

// conclude stores the outcome of a try.
func (s *Service) conclude(ctx context.Context, e Endpoint, d *Delivery, success bool) error {
	now := s.now()
	switch {
	case success:
		if err := s.record(ctx, d, StatusDelivered, time.Time{}); err != nil {
			return err
		}
	case e.kind == kindSubscription:
		return s.record(ctx, d, StatusPending, nextCall(now, d.tries))
	default:
		status, nextAt := StatusFailed, time.Time{}
		if at, more := next(now, d.tries); more {
			status, nextAt = StatusPending, at
		}
		if err := s.record(ctx, d, status, nextAt); err != nil {
			return err
		}
	}
	if success && e.Health == (Health{}) || e.kind == kindSubscription {
		return nil
	}
	return s.judge(ctx, e.ID, success)
}

// judge brings the endpoint's health up to date, and disables one that is dead.
func (s *Service) judge(ctx context.Context, id string, success bool) error {
	died := false
	e, err := s.change(ctx, id, func(e *Endpoint, now time.Time) error {
		e.Health = e.Health.after(success, now)
		if died = e.Enabled && e.Health.dead(now); died {
			e.Enabled, e.DisabledReason = false, ReasonFailures
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err == nil && died {
		s.disabled(ctx, e)
	}
	return err
}

func (s *Service) disabled(ctx context.Context, e Endpoint) {
	s.cfg.Logger.WarnContext(ctx, "webhook endpoint disabled", "endpoint_id", e.ID, "reason", e.DisabledReason)
	if s.cfg.Disabled != nil {
		s.cfg.Disabled(ctx, e)
	}
}

// errStatus is an answer that does not count.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

// post sends a delivery to its endpoint. The status line decides: neither what follows it
// nor how long that takes plays a part.
func (s *Service) post(ctx context.Context, e Endpoint, d Delivery) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := s.cfg.CheckURL(e.URL); err != nil {
		return 0, err
	}
	body := []byte(d.payload)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the URL cannot be called")
	}
	now := s.cfg.Now()
	keys, err := s.keys(&e, now)
	if err != nil {
		return 0, fmt.Errorf("open secret: %w", err)
	}
	signatures := make([]string, len(keys))
	for n, key := range keys {
		signatures[n] = webhook.Sign(key, d.MessageID, now, body)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Gatehouse-Webhooks/1")
	for _, scheme := range []string{"svix-", "webhook-"} {
		r.Header.Set(scheme+"id", d.MessageID)
		r.Header.Set(scheme+"timestamp", strconv.FormatInt(now.Unix(), 10))
		r.Header.Set(scheme+"signature", strings.Join(signatures, " "))
	}
	answer, err := s.cfg.Client.Do(r)
	if err != nil {
		return 0, err
	}
	_ = answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.StatusCode, errStatus(answer.StatusCode)
	}
	return answer.StatusCode, nil
}

// describe says why a try failed, without the URL, whose query may hold a secret, and
// within bounds.
func describe(err error) string {
	const most = 200
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
		if e.Timeout() {
			return "no answer within " + answerWithin.String()
		}
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, err.Error())
	return text[:min(len(text), most)]
}
