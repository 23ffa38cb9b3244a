package gatehouse

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/clientip"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/outgoing"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// openEvents opens what is told of events: the audit log and the webhooks.
func (s *Server) openEvents(ctx context.Context, st *storage, ring *keyring.Ring) (*teller, error) {
	c := &s.cfg
	allow, err := parseNetworks(c.OutgoingAllow, c.Development)
	if err != nil {
		return nil, err
	}
	if s.audit, err = audit.Open(ctx, audit.Config{DB: st.db, Keep: c.AuditRetention, Now: c.Now}); err != nil {
		return nil, err
	}
	guard := outgoing.Config{Allow: allow}
	s.webhooks, err = webhook.Open(ctx, webhook.Config{
		DB: st.db, Keys: ring, InstanceID: s.instanceID, Client: outgoing.NewClient(guard), CheckURL: guard.CheckURL,
		Disabled: s.recordDisabled, Now: c.Now, Logger: s.log,
	})
	return &teller{audit: s.audit, webhooks: s.webhooks}, err
}

// parseNetworks reads Config.OutgoingAllow.
func parseNetworks(texts []string, development bool) ([]netip.Prefix, error) {
	var all []netip.Prefix
	if development {
		all = append(all, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var ip netip.Addr
			if ip, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(ip, ip.BitLen())
			}
		}
		if err != nil {
			return nil, &ConfigError{"OutgoingAllow", "is no list of networks, as 10.1.0.0/16"}
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// recordDisabled notes that an endpoint gets nothing any more.
func (s *Server) recordDisabled(ctx context.Context, e webhook.Endpoint) {
	err := s.audit.Write(ctx, audit.Entry{Type: audit.WebhookDisabled, Subject: e.ID, Details: audit.Details{"reason": e.DisabledReason}})
	if err != nil {
		s.log.ErrorContext(ctx, "audit entry lost", "type", string(audit.WebhookDisabled), "subject", e.ID, "err", err)
	}
}

// retain removes what was kept for long enough.
func (s *Server) retain(ctx context.Context) error {
	now := s.cfg.Now()
	return errors.Join(s.audit.Sweep(ctx, now), s.webhooks.Sweep(ctx, now))
}

// clientAddress is where a request comes from, for people to read.
func clientAddress(resolver *clientip.Resolver) func(*http.Request) string {
	return func(r *http.Request) string {
		if addr := resolver.Addr(r); addr.IsValid() {
			return addr.String()
		}
		return ""
	}
}

// teller tells others of what happened to users and sessions: it writes the audit log and
// hands messages to the webhooks. Both know an event by its id, so it may be told again.
type teller struct {
	audit    *audit.Log
	webhooks *webhook.Service
	render   *backendapi.Handler // set before the first event
}

// PublishUserEvents implements user.Publisher.
func (t *teller) PublishUserEvents(ctx context.Context, events []user.Publication) error {
	var entries []audit.Entry
	messages := make([]webhook.Message, len(events))
	for n, e := range events {
		entries = append(entries, userEntries(e)...)
		messages[n] = webhook.Message{
			ID: webhook.MessageID(e.ID), Type: string(e.Type), Subject: string(e.UserID), At: e.At,
			Address: e.Origin.Address, UserAgent: e.Origin.UserAgent,
			Data: func() (json.RawMessage, error) {
				if e.Type == user.EventDeleted {
					return t.render.DeletedUserJSON(e.UserID, e.ExternalID)
				}
				return t.render.UserJSON(e.User, e.At)
			},
		}
	}
	if err := t.audit.Write(ctx, entries...); err != nil {
		return err
	}
	return t.webhooks.Publish(ctx, messages...)
}

// userEntries are what a change of a user consisted of.
func userEntries(e user.Publication) []audit.Entry {
	var entries []audit.Entry
	n := 0
	for name, identification := range e.EachChange() {
		var details audit.Details
		if identification != "" {
			details = audit.Details{"identification": string(identification)}
		}
		entries = append(entries, audit.Entry{
			ID: audit.DerivedID(e.ID, n), Type: audit.Type(name), At: e.At, Origin: e.Origin, Subject: string(e.UserID), Details: details,
		})
		n++
	}
	return entries
}

// PublishSessionEvents implements session.Publisher.
func (t *teller) PublishSessionEvents(ctx context.Context, events []session.SessionEvent) error {
	var entries []audit.Entry
	messages := make([]webhook.Message, len(events))
	for n, e := range events {
		name := string(e.Type) + ":" + string(e.Session.ID)
		entries = append(entries, sessionEntries(e, webhook.MessageID(name))...)
		messages[n] = webhook.Message{
			ID: webhook.MessageID(name), Type: string(e.Type), Subject: e.Session.UserID, At: e.At,
			Address: e.Origin.Address, UserAgent: e.Origin.UserAgent,
			Data: func() (json.RawMessage, error) { return t.render.SessionJSON(ctx, e.Session) },
		}
	}
	if err := t.audit.Write(ctx, entries...); err != nil {
		return err
	}
	return t.webhooks.Publish(ctx, messages...)
}

// sessionEntries are what is noted of a session. One that an impersonator begins says so.
func sessionEntries(e session.SessionEvent, record string) []audit.Entry {
	details := audit.Details{"session": string(e.Session.ID), "client": string(e.Session.ClientID)}
	if e.Strategy != "" {
		details["strategy"] = e.Strategy
	}
	if e.Session.Cause != "" && e.Type != session.EventCreated {
		details["cause"] = e.Session.Cause
	}
	from := e.Origin
	entries := []audit.Entry{{
		ID: audit.DerivedID(record, 0), Type: audit.Type(e.Type), At: e.At, Origin: from, Subject: e.Session.UserID, Details: details,
	}}
	if e.Type == session.EventCreated && e.Session.Actor != nil {
		var actor struct {
			Sub string `json:"sub"`
		}
		_ = json.Unmarshal(e.Session.Actor, &actor) // session has checked it
		from.Kind, from.ID, from.Impersonator = origin.KindUser, actor.Sub, actor.Sub
		entries = append(entries, audit.Entry{
			ID: audit.DerivedID(record, 1), Type: audit.ImpersonationStarted, At: e.At, Origin: from, Subject: e.Session.UserID, Details: details,
		})
	}
	return entries
}
