package backendapi

import (
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
)

// endpointJSON is a webhook endpoint. SigningSecret is there only in the answers that made one.
type endpointJSON struct {
	Object         string   `json:"object"`
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Description    string   `json:"description"`
	Events         []string `json:"events"`
	Enabled        bool     `json:"enabled"`
	DisabledReason *string  `json:"disabled_reason"`
	FailingSince   *int64   `json:"failing_since"`
	SigningSecret  string   `json:"signing_secret,omitempty"`
	CreatedAt      int64    `json:"created_at"`
	UpdatedAt      int64    `json:"updated_at"`
}

func newEndpointJSON(e webhook.Endpoint) endpointJSON {
	return endpointJSON{
		Object: "webhook_endpoint", ID: e.ID, URL: e.URL, Description: e.Description, Events: e.Events,
		Enabled: e.Enabled, DisabledReason: orNull(e.DisabledReason), FailingSince: millisOrNull(e.Health.Since),
		CreatedAt: e.CreatedAt.UnixMilli(), UpdatedAt: e.UpdatedAt.UnixMilli(),
	}
}

// dataJSON is a list that always says how many there are.
type dataJSON[T any] struct {
	Data  []T `json:"data"`
	Total int `json:"total_count"`
}

// listEndpoints serves GET /v1/webhook_endpoints, the oldest first. There are 50 at most.
func (c *call) listEndpoints() error {
	if q := c.query(); q.err != nil {
		return q.err
	}
	all, err := c.h.cfg.Webhooks.Endpoints(c.r.Context())
	if err != nil {
		return err
	}
	out := dataJSON[endpointJSON]{Data: []endpointJSON{}, Total: len(all)}
	for _, e := range all {
		out.Data = append(out.Data, newEndpointJSON(e))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// createEndpoint serves POST /v1/webhook_endpoints.
func (c *call) createEndpoint() error {
	f, err := c.endpointFields("url", "description", "events")
	if err != nil {
		return err
	}
	if f.URL == nil {
		return apierr.ParamMissing.At("url")
	}
	e, secret, err := c.h.cfg.Webhooks.Create(c.r.Context(), f)
	return c.replySecret(e, secret, err)
}

// getEndpoint serves GET /v1/webhook_endpoints/{id}.
func (c *call) getEndpoint() error {
	return c.withEndpoint(func(id string) (webhook.Endpoint, error) { return c.h.cfg.Webhooks.Endpoint(c.r.Context(), id) })
}

// updateEndpoint serves PATCH /v1/webhook_endpoints/{id}. What is not sent stays.
func (c *call) updateEndpoint() error {
	f, err := c.endpointFields("url", "description", "events", "enabled")
	if err != nil {
		return err
	}
	return c.withEndpoint(func(id string) (webhook.Endpoint, error) { return c.h.cfg.Webhooks.Update(c.r.Context(), id, f) })
}

// deleteEndpoint serves DELETE /v1/webhook_endpoints/{id}. What waits for it is not delivered.
func (c *call) deleteEndpoint() error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Webhooks.Delete(c.r.Context(), id); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, deletedJSON{Object: "webhook_endpoint", ID: id, Deleted: true})
}

// rotateEndpointSecret serves POST /v1/webhook_endpoints/{id}/rotate_secret.
func (c *call) rotateEndpointSecret() error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	e, secret, err := c.h.cfg.Webhooks.RotateSecret(c.r.Context(), id)
	return c.replySecret(e, secret, err)
}

func (c *call) replySecret(e webhook.Endpoint, secret string, err error) error {
	if err != nil {
		return err
	}
	j := newEndpointJSON(e)
	j.SigningSecret = secret
	return httpjson.Write(c.w, http.StatusOK, j)
}

// endpointFields reads the body of the writing routes.
func (c *call) endpointFields(allowed ...string) (webhook.Fields, error) {
	f := c.fields(allowed...)
	out := webhook.Fields{Enabled: f.flag("enabled")}
	if url, ok := value[string](f, "url"); ok {
		out.URL = &url
	}
	if text, ok := value[string](f, "description"); ok {
		out.Description = &text
	}
	if raw, sent := f.members["events"]; sent && string(raw) != "null" {
		out.Events = f.texts("events")
	}
	return out, f.err
}

// withEndpoint answers with the endpoint that do returns for the id in the path.
func (c *call) withEndpoint(do func(id string) (webhook.Endpoint, error)) error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	e, err := do(id)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newEndpointJSON(e))
}

// endpointID is the {id} of the path; what is no id is no endpoint's (I-09).
func (c *call) endpointID() (string, error) {
	if id := c.values["id"]; random.ValidID("ep", id) {
		return id, nil
	}
	return "", apierr.NotFound
}

// deliveryJSON is a message on its way to an endpoint.
type deliveryJSON struct {
	Object        string        `json:"object"`
	MessageID     string        `json:"message_id"`
	EndpointID    string        `json:"endpoint_id"`
	Type          string        `json:"type"`
	Subject       string        `json:"subject"`
	Status        string        `json:"status"`
	Attempts      []attemptJSON `json:"attempts"`
	NextAttemptAt *int64        `json:"next_attempt_at"`
	CreatedAt     int64         `json:"created_at"`
}

type attemptJSON struct {
	At       int64   `json:"at"`
	Status   *int    `json:"response_status"` // null: no answer
	Error    *string `json:"error"`
	Duration int64   `json:"duration_ms"`
}

func newDeliveryJSON(d webhook.Delivery) deliveryJSON {
	j := deliveryJSON{
		Object: "webhook_delivery", MessageID: d.MessageID, EndpointID: d.EndpointID, Type: d.Type, Subject: d.Subject,
		Status: d.Status, Attempts: []attemptJSON{}, NextAttemptAt: millisOrNull(d.NextAt), CreatedAt: d.CreatedAt.UnixMilli(),
	}
	for _, a := range d.Attempts {
		aj := attemptJSON{At: a.At.UnixMilli(), Error: orNull(a.Error), Duration: a.Duration.Milliseconds()}
		if a.Status != 0 {
			aj.Status = &a.Status
		}
		j.Attempts = append(j.Attempts, aj)
	}
	return j
}

// listDeliveries serves GET /v1/webhook_endpoints/{id}/deliveries, the newest message first.
func (c *call) listDeliveries() error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	q := c.query("status", "limit", "starting_after")
	dq := webhook.DeliveryQuery{Status: q.text("status"), StartingAfter: q.text("starting_after"), Limit: q.number("limit", 1, maxLimit, 100)}
	switch dq.Status {
	case "", webhook.StatusPending, webhook.StatusDelivered, webhook.StatusFailed:
	default:
		q.fail(apierr.ParamValue.At("status"))
	}
	if dq.StartingAfter != "" && !random.ValidID("msg", dq.StartingAfter) {
		q.fail(apierr.ParamValue.At("starting_after"))
	}
	if q.err != nil {
		return q.err
	}
	all, err := c.h.cfg.Webhooks.Deliveries(c.r.Context(), id, dq)
	if err != nil {
		return err
	}
	out := struct {
		Data []deliveryJSON `json:"data"`
	}{[]deliveryJSON{}}
	for _, d := range all {
		out.Data = append(out.Data, newDeliveryJSON(d))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// replayDelivery serves POST /v1/webhook_endpoints/{id}/deliveries/{message_id}/replay.
func (c *call) replayDelivery() error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	if !random.ValidID("msg", c.values["message_id"]) {
		return apierr.NotFound
	}
	if err := c.fields().err; err != nil {
		return err
	}
	d, err := c.h.cfg.Webhooks.Replay(c.r.Context(), id, c.values["message_id"])
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newDeliveryJSON(d))
}

// replayDeliveries serves POST /v1/webhook_endpoints/{id}/deliveries/replay: what failed or
// is missing since a time, in Unix milliseconds.
func (c *call) replayDeliveries() error {
	id, err := c.endpointID()
	if err != nil {
		return err
	}
	f := c.fields("since")
	since, ok := value[int64](f, "since")
	if f.err == nil && (!ok || since < 0) {
		f.fail(apierr.ParamMissing.At("since"))
	}
	if f.err != nil {
		return f.err
	}
	n, err := c.h.cfg.Webhooks.ReplaySince(c.r.Context(), id, time.UnixMilli(since))
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, countJSON{Object: "total_count", Total: n})
}
