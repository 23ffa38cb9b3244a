package backendapi

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// instanceJSON is the instance as servers see it.
type instanceJSON struct {
	Object          string   `json:"object"`
	ID              string   `json:"id"`
	EnvironmentType string   `json:"environment_type"`
	AllowedOrigins  []string `json:"allowed_origins"`
	WorkspaceID     *string  `json:"workspace_id"`
}

// getInstance serves GET /v1/instance.
func (c *call) getInstance() error {
	j := instanceJSON{Object: "instance", ID: c.h.cfg.InstanceID, EnvironmentType: "production", AllowedOrigins: c.h.cfg.AllowedOrigins}
	if c.h.cfg.Development {
		j.EnvironmentType = "development"
	}
	if j.AllowedOrigins == nil {
		j.AllowedOrigins = []string{}
	}
	return httpjson.Write(c.w, http.StatusOK, j)
}

// instanceSettings are the members of PATCH /v1/instance that are settings here.
var instanceSettings = map[string]string{
	"test_mode":     "test_mode",
	"support_email": "support_email",
	"preferred_sign_in_strategy_when_password_required": "preferred_sign_in",
}

// updateInstance serves PATCH /v1/instance.
func (c *call) updateInstance() error {
	f := c.fields("test_mode", "hibp", "support_email", "clerk_js_version", "development_origin", "allowed_origins",
		"url_based_session_syncing", "cookieless_dev", "enhanced_email_deliverability",
		"preferred_sign_in_strategy_when_password_required")
	f.flag("test_mode")
	f.text("support_email")
	f.text("preferred_sign_in_strategy_when_password_required")
	f.always("hibp", true) // P-05: new passwords are always looked up
	f.always("url_based_session_syncing", true)
	f.always("cookieless_dev", false)
	f.always("enhanced_email_deliverability", false)
	f.absent("clerk_js_version", "development_origin")
	// The configuration alone says which pages may call.
	if _, sent := f.members["allowed_origins"]; sent && !sameSet(f.texts("allowed_origins"), c.h.cfg.AllowedOrigins) {
		f.fail(apierr.FeatureOff.At("allowed_origins"))
	}
	if err := c.change(f, instanceSettings); err != nil {
		return err
	}
	c.w.Header().Del("Content-Type")
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// restrictionsJSON are the restrictions of sign-ups, none of which is offered.
type restrictionsJSON struct {
	Object                      string `json:"object"`
	Allowlist                   bool   `json:"allowlist"`
	Blocklist                   bool   `json:"blocklist"`
	ListsDisabledOnSignIn       bool   `json:"allowlist_blocklist_disabled_on_sign_in"`
	BlockEmailSubaddresses      bool   `json:"block_email_subaddresses"`
	BlockDisposableEmailDomains bool   `json:"block_disposable_email_domains"`
	IgnoreDotsForGmailAddresses bool   `json:"ignore_dots_for_gmail_addresses"`
}

// updateRestrictions serves PATCH /v1/instance/restrictions.
func (c *call) updateRestrictions() error {
	names := []string{
		"allowlist", "blocklist", "allowlist_blocklist_disabled_on_sign_in", "block_email_subaddresses",
		"block_disposable_email_domains", "ignore_dots_for_gmail_addresses",
	}
	f := c.fields(names...)
	for _, name := range names {
		f.always(name, false)
	}
	if f.err != nil {
		return f.err
	}
	return httpjson.Write(c.w, http.StatusOK, restrictionsJSON{Object: "instance_restrictions"})
}

// betaSettingsJSON are the settings of the older route.
type betaSettingsJSON struct {
	Object                      string `json:"object"`
	ID                          string `json:"id"`
	RestrictedToAllowlist       bool   `json:"restricted_to_allowlist"`
	FromEmailAddress            string `json:"from_email_address"`
	ProgressiveSignUp           bool   `json:"progressive_sign_up"`
	EnhancedEmailDeliverability bool   `json:"enhanced_email_deliverability"`
	TestMode                    bool   `json:"test_mode"`
}

// updateBetaSettings serves PATCH /v1/beta_features/instance_settings.
func (c *call) updateBetaSettings() error {
	f := c.fields("restricted_to_allowlist", "from_email_address", "progressive_sign_up", "test_mode")
	f.flag("test_mode")
	f.always("restricted_to_allowlist", false)
	f.always("progressive_sign_up", true)
	f.absent("from_email_address") // the configuration of the mail server says
	if err := c.change(f, map[string]string{"test_mode": "test_mode"}); err != nil {
		return err
	}
	j := betaSettingsJSON{Object: "instance_settings", ID: c.h.cfg.InstanceID, ProgressiveSignUp: true}
	if err := json.Unmarshal(c.setting("test_mode"), &j.TestMode); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, j)
}

// always refuses a flag that would have to be other than it always is here.
func (f *fields) always(name string, is bool) {
	if v := f.flag(name); v != nil && *v != is {
		f.fail(apierr.FeatureOff.At(name))
	}
}

// sameSet reports whether two lists have the same entries.
func sameSet(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	return within(a, b) && within(b, a)
}
