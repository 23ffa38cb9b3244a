// Package backendapi is the API for servers and operators: users, sessions, sign-in tokens
// and invitations, guarded by a secret key. The official server SDKs work against it.
//
// [New] returns an http.Handler for /v1/… that works in any mux and under
// http.StripPrefix; it is usually mounted under /api. Nothing of a request but its
// Authorization header is looked at before the key is found good (B-03): neither path
// nor body. There are no cookies and no CORS (B-02). Bodies are strict JSON (I-06) and
// every route takes a closed list of members.
package backendapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Config sets up a Handler.
type Config struct {
	Users    *user.Service      // required
	Sessions *session.Service   // required
	JWKS     func() []byte      // required: the public key set (RFC 7517) as JSON
	Keys     *session.Keys      // required: the signing keys, for the routes that rotate them
	Flow     *flow.Engine       // required: issues tickets
	Limits   session.LimitStore // required
	Bulk     *bulk.Service      // required: jobs on many users
	// Cursors is what cursors of lists are sealed with, 32 bytes that all nodes share (I-08).
	// Required.
	Cursors []byte

	Settings   Settings               // required
	Templates  *jwttemplate.Templates // required
	Webhooks   *webhook.Service       // required
	Audit      AuditLog               // required
	InstanceID string                 // required: "ins_…"
	// AllowedOrigins are those that the configuration allows beside the public URL's, for
	// GET /v1/instance.
	AllowedOrigins []string

	// RedirectURL returns an address that browsers may be sent to in canonical form; ok
	// is false for every other (H-01). Required.
	RedirectURL func(text string) (canonical string, ok bool)

	// PublicURL is where browsers find the Frontend API, which serves the pictures that
	// answers name; it may carry a path. Required.
	PublicURL *url.URL

	SecretKeys *secretkey.Keys // required: which keys are good (B-01, B-04)

	// ClientAddress returns where a request comes from, for the audit log; nil leaves it out.
	ClientAddress func(r *http.Request) string

	// Development lowers the limit from 1000 to 100 requests in 10 s a key, as the
	// reference does.
	Development bool

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Handler serves the Backend API. It is safe for concurrent use.
type Handler struct {
	cfg    Config
	routes httpjson.Routes[func(*call) error]

	refusals  refusals
	cursors   cursors
	imageBase string // of a picture's URL: its name follows
}

// New checks cfg and returns a Handler; the error names the bad field.
func New(cfg Config) (*Handler, error) {
	switch {
	case cfg.Users == nil:
		return nil, errors.New("backendapi: Config.Users is required")
	case cfg.Sessions == nil:
		return nil, errors.New("backendapi: Config.Sessions is required")
	case cfg.JWKS == nil:
		return nil, errors.New("backendapi: Config.JWKS is required")
	case cfg.Keys == nil:
		return nil, errors.New("backendapi: Config.Keys is required")
	case cfg.Flow == nil:
		return nil, errors.New("backendapi: Config.Flow is required")
	case cfg.Limits == nil:
		return nil, errors.New("backendapi: Config.Limits is required")
	case cfg.Bulk == nil:
		return nil, errors.New("backendapi: Config.Bulk is required")
	case len(cfg.Cursors) != cursorKeySize:
		return nil, errors.New("backendapi: Config.Cursors must be 32 bytes")
	case cfg.RedirectURL == nil:
		return nil, errors.New("backendapi: Config.RedirectURL is required")
	case cfg.Settings == nil:
		return nil, errors.New("backendapi: Config.Settings is required")
	case cfg.Templates == nil:
		return nil, errors.New("backendapi: Config.Templates is required")
	case cfg.Webhooks == nil:
		return nil, errors.New("backendapi: Config.Webhooks is required")
	case cfg.Audit == nil:
		return nil, errors.New("backendapi: Config.Audit is required")
	case cfg.InstanceID == "":
		return nil, errors.New("backendapi: Config.InstanceID is required")
	case cfg.PublicURL == nil || cfg.PublicURL.Host == "":
		return nil, errors.New("backendapi: Config.PublicURL must be absolute")
	case cfg.SecretKeys == nil:
		return nil, errors.New("backendapi: Config.SecretKeys is required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cursors, err := newCursors(cfg.Cursors)
	if err != nil {
		return nil, fmt.Errorf("backendapi: Config.Cursors: %w", err)
	}
	h := &Handler{cfg: cfg, cursors: cursors, imageBase: cfg.PublicURL.JoinPath("v1/images").String() + "/"}
	h.register()
	return h, nil
}

// register lists every route.
func (h *Handler) register() {
	h.routes.Add("GET /v1/jwks", (*call).jwks)

	h.routes.Add("GET /v1/instance", (*call).getInstance)
	h.routes.Add("PATCH /v1/instance", (*call).updateInstance)
	h.routes.Add("GET /v1/instance/settings", (*call).getSettings)
	h.routes.Add("PATCH /v1/instance/settings", (*call).updateSettings)
	h.routes.Add("PATCH /v1/instance/restrictions", (*call).updateRestrictions)
	h.routes.Add("PATCH /v1/beta_features/instance_settings", (*call).updateBetaSettings)

	h.routes.Add("GET /v1/jwt_templates", (*call).listTemplates)
	h.routes.Add("POST /v1/jwt_templates", (*call).createTemplate)
	h.routes.Add("GET /v1/jwt_templates/{id}", (*call).getTemplate)
	h.routes.Add("PATCH /v1/jwt_templates/{id}", (*call).updateTemplate)
	h.routes.Add("DELETE /v1/jwt_templates/{id}", (*call).deleteTemplate)

	h.routes.Add("GET /v1/users", (*call).listUsers)
	h.routes.Add("GET /v1/users/count", (*call).countUsers)
	h.routes.Add("POST /v1/users", (*call).createUser)
	h.routes.Add("POST /v1/users/bulk", (*call).createUsers)
	h.routes.Add("POST /v1/users/bulk_delete", (*call).bulkDelete)
	h.routes.Add("POST /v1/users/bulk_ban", (*call).bulkBan)
	h.routes.Add("POST /v1/users/bulk_unban", (*call).bulkUnban)
	h.routes.Add("GET /v1/jobs", (*call).listJobs)
	h.routes.Add("GET /v1/jobs/{id}", (*call).getJob)
	h.routes.Add("POST /v1/jobs/{id}/cancel", (*call).cancelJob)
	h.routes.Add("GET /v1/users/{id}", (*call).getUser)
	h.routes.Add("PATCH /v1/users/{id}", (*call).updateUser)
	h.routes.Add("DELETE /v1/users/{id}", (*call).deleteUser)
	h.routes.Add("PATCH /v1/users/{id}/metadata", (*call).mergeMetadata)
	h.routes.Add("PUT /v1/users/{id}/metadata", (*call).replaceMetadata)
	h.routes.Add("POST /v1/users/ban", (*call).banUsers)
	h.routes.Add("POST /v1/users/unban", (*call).unbanUsers)
	h.routes.Add("POST /v1/users/{id}/ban", (*call).banUser)
	h.routes.Add("POST /v1/users/{id}/unban", (*call).unbanUser)
	h.routes.Add("POST /v1/users/{id}/lock", (*call).lockUser)
	h.routes.Add("POST /v1/users/{id}/unlock", (*call).unlockUser)
	h.routes.Add("POST /v1/users/{id}/verify_password", (*call).verifyPassword)
	h.routes.Add("POST /v1/users/{id}/verify_totp", (*call).verifyTOTP)
	h.routes.Add("POST /v1/users/{id}/remove_password", (*call).removePassword)
	h.routes.Add("POST /v1/users/{id}/password/set_compromised", (*call).setCompromised)
	h.routes.Add("POST /v1/users/{id}/password/unset_compromised", (*call).unsetCompromised)
	h.routes.Add("DELETE /v1/users/{id}/mfa", (*call).disableMFA)
	h.routes.Add("DELETE /v1/users/{id}/totp", (*call).deleteTOTP)
	h.routes.Add("DELETE /v1/users/{id}/backup_code", (*call).deleteBackupCodes)
	h.routes.Add("DELETE /v1/users/{id}/passkeys/{identification}", (*call).deletePasskey)
	h.routes.Add("DELETE /v1/users/{id}/web3_wallets/{identification}", (*call).deleteWallet)

	h.routes.Add("POST /v1/sign_in_tokens", (*call).createSignInToken)
	h.routes.Add("POST /v1/sign_in_tokens/{id}/revoke", (*call).revokeSignInToken)
	h.routes.Add("POST /v1/actor_tokens", (*call).createActorToken)
	h.routes.Add("POST /v1/actor_tokens/{id}/revoke", (*call).revokeActorToken)
	h.routes.Add("GET /v1/invitations", (*call).listInvitations)
	h.routes.Add("POST /v1/invitations", (*call).createInvitation)
	h.routes.Add("POST /v1/invitations/bulk", (*call).createInvitations)
	h.routes.Add("POST /v1/invitations/{id}/revoke", (*call).revokeInvitation)
	h.routes.Add("POST /v1/users/{id}/profile_image", (*call).setImage)
	h.routes.Add("DELETE /v1/users/{id}/profile_image", (*call).removeImage)

	h.routes.Add("POST /v1/email_addresses", createAddress(user.KindEmailAddress))
	h.routes.Add("GET /v1/email_addresses/{id}", getAddress(user.KindEmailAddress))
	h.routes.Add("PATCH /v1/email_addresses/{id}", updateAddress(user.KindEmailAddress))
	h.routes.Add("DELETE /v1/email_addresses/{id}", deleteAddress(user.KindEmailAddress))
	h.routes.Add("PUT /v1/users/{id}/email_address", replaceAddresses(user.KindEmailAddress))
	h.routes.Add("POST /v1/phone_numbers", createAddress(user.KindPhoneNumber))
	h.routes.Add("GET /v1/phone_numbers/{id}", getAddress(user.KindPhoneNumber))
	h.routes.Add("PATCH /v1/phone_numbers/{id}", updateAddress(user.KindPhoneNumber))
	h.routes.Add("DELETE /v1/phone_numbers/{id}", deleteAddress(user.KindPhoneNumber))
	h.routes.Add("PUT /v1/users/{id}/phone_number", replaceAddresses(user.KindPhoneNumber))

	h.routes.Add("GET /v1/clients", (*call).withdrawn)
	h.routes.Add("POST /v1/clients/verify", (*call).verifyClient)
	h.routes.Add("GET /v1/clients/handshake_payload", (*call).handshakePayload)
	h.routes.Add("GET /v1/clients/{id}", (*call).getClient)

	h.routes.Add("GET /v1/sessions", (*call).listSessions)
	h.routes.Add("POST /v1/sessions", (*call).createSession)
	h.routes.Add("GET /v1/sessions/{id}", (*call).getSession)
	h.routes.Add("POST /v1/sessions/{id}/revoke", (*call).revokeSession)
	h.routes.Add("POST /v1/sessions/{id}/verify", (*call).withdrawn)
	h.routes.Add("POST /v1/sessions/{id}/refresh", (*call).refreshSession)
	h.routes.Add("POST /v1/sessions/{id}/tokens", (*call).mintToken)
	h.routes.Add("POST /v1/sessions/{id}/tokens/{template}", (*call).mintTemplate)

	h.routes.Add("POST /v1/testing_tokens", (*call).createTestingToken)

	h.routes.Add("GET /v1/signing_keys", (*call).listSigningKeys)
	h.routes.Add("POST /v1/signing_keys", (*call).addSigningKey)
	h.routes.Add("POST /v1/signing_keys/{kid}/promote", (*call).promoteSigningKey)
	h.routes.Add("POST /v1/signing_keys/{kid}/retire", (*call).retireSigningKey)
	h.routes.Add("POST /v1/signing_keys/{kid}/revoke", (*call).revokeSigningKey)
	h.routes.Add("GET /v1/secret_keys", (*call).listSecretKeys)
	h.routes.Add("POST /v1/secret_keys", (*call).createSecretKey)
	h.routes.Add("POST /v1/secret_keys/{id}/revoke", (*call).revokeSecretKey)
	h.routes.Add("GET /v1/webhook_endpoints", (*call).listEndpoints)
	h.routes.Add("POST /v1/webhook_endpoints", (*call).createEndpoint)
	h.routes.Add("GET /v1/webhook_endpoints/{id}", (*call).getEndpoint)
	h.routes.Add("PATCH /v1/webhook_endpoints/{id}", (*call).updateEndpoint)
	h.routes.Add("DELETE /v1/webhook_endpoints/{id}", (*call).deleteEndpoint)
	h.routes.Add("POST /v1/webhook_endpoints/{id}/rotate_secret", (*call).rotateEndpointSecret)
	h.routes.Add("GET /v1/webhook_endpoints/{id}/deliveries", (*call).listDeliveries)
	h.routes.Add("POST /v1/webhook_endpoints/{id}/deliveries/replay", (*call).replayDeliveries)
	h.routes.Add("POST /v1/webhook_endpoints/{id}/deliveries/{message_id}/replay", (*call).replayDelivery)
	h.routes.Add("POST /v1/webhooks/svix", (*call).createSvix)
	h.routes.Add("POST /v1/webhooks/svix_url", (*call).svixURL)
	h.routes.Add("DELETE /v1/webhooks/svix", (*call).deleteSvix)

	h.routes.Add("GET /v1/audit_logs", (*call).listAuditLogs)
}

// ServeHTTP answers one request. Every answer is JSON with the headers of W-02.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{h: h, w: w, r: r}
	defer func() {
		// E-06: the last resort. What was written before the panic cannot be taken back.
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			c.fail(apierr.Internal.Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	if err := c.serve(); err != nil {
		c.fail(err)
	}
}

// call is one request on its way through the handler.
type call struct {
	h *Handler
	w http.ResponseWriter
	r *http.Request

	pattern string            // of the route, for the log
	values  map[string]string // what the pattern's {names} stand for
	version string            // of the API, a date
	trace   string            // see traceID
}

// serve takes the request through every gate, in this order: key, limit, version, route.
func (c *call) serve() error {
	httpjson.SetHeaders(c.w.Header())
	key, err := c.h.authenticate(c.r)
	if errors.Is(err, secretkey.ErrUnknown) {
		c.recordRefused()
	}
	if err != nil {
		return err
	}
	if c.version, err = apiVersion(c.r); err != nil {
		return err
	}
	found, err := c.h.routes.Find(c.w, c.r, c.r.Method)
	if err != nil {
		return err
	}
	c.pattern, c.values = found.Pattern, found.Values
	if err := c.take(key); err != nil {
		return err
	}
	if !c.changes() {
		return found.Value(c)
	}
	c.sign(key)
	err = found.Value(c)
	if err == nil {
		c.recordUse()
	}
	return err
}

// fail renders err. Its cause goes to the log only.
func (c *call) fail(err error) {
	e := apierr.From(err)
	trace := c.traceID()
	if e.Status >= 500 && c.r.Context().Err() == nil {
		c.h.cfg.Logger.ErrorContext(c.r.Context(), "request failed",
			"route", c.pattern, "code", e.Code, "trace_id", trace, "err", e.Err)
	} else {
		c.h.cfg.Logger.DebugContext(c.r.Context(), "request refused",
			"route", c.pattern, "code", e.Code, "param", e.Param, "trace_id", trace)
	}
	httpjson.WriteError(c.w, e, trace, nil)
}

// jwks serves GET /v1/jwks.
func (c *call) jwks() error {
	return httpjson.WriteRaw(c.w, http.StatusOK, c.h.cfg.JWKS())
}

func (c *call) now() time.Time { return c.h.cfg.Now() }
