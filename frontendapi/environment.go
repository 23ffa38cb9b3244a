package frontendapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// object is a JSON object of the environment, whose many blocks are mostly constant.
type object = map[string]any

// environment serves GET and PATCH /v1/environment, bare: what the instance offers, from
// which the SDK's components build their forms. Nothing in it is secret.
func (c *call) environment() error {
	s := c.h.cfg.Settings()
	return httpjson.Write(c.w, http.StatusOK, object{
		"maintenance_mode":      false,
		"client_debug_mode":     false,
		"partitioned_cookies":   false,
		"auth_config":           authConfig(s),
		"display_config":        displayConfig(s),
		"user_settings":         userSettings(s),
		"organization_settings": organizationSettings(),
		"fraud_settings":        object{"object": "fraud_settings", "native": object{"device_attestation_mode": "disabled"}},
		"commerce_settings": object{"billing": object{ // all or nothing: the SDK refuses half of it
			"stripe_publishable_key": nil, "free_trial_requires_payment_method": false,
			"user":         object{"enabled": false, "has_paid_plans": false},
			"organization": object{"enabled": false, "has_paid_plans": false},
		}},
		"api_keys_settings": object{"enabled": false, "user_api_keys_enabled": false, "orgs_api_keys_enabled": false},
		"protect_config":    object{"object": "protect_config", "id": "", "loaders": []any{}},
	})
}

func authConfig(s flow.Settings) object {
	return object{
		"object": "auth_config", "id": "aac_gatehouse",
		"first_name": onOff(s.FirstName), "last_name": onOff(s.LastName),
		"email_address": onOff(s.EmailAddress), "phone_number": onOff(s.PhoneNumber),
		"username": onOff(s.Username), "password": onOff(s.Password),
		"identification_requirements":           requirements(s),
		"identification_strategies":             identifiers(s),
		"first_factors":                         list(s.Strategies),
		"second_factors":                        []string{},
		"email_address_verification_strategies": enabled(s, "email_code", "email_link"),
		"single_session_mode":                   s.SingleSession,
		"enhanced_email_deliverability":         false,
		"test_mode":                             s.TestMode,
		"cookieless_dev":                        false,
		"url_based_session_syncing":             true,
		"claimed_at":                            nil,
		"reverification":                        s.Reverification,
		"preferred_channels":                    object{},
		"session_minter":                        false,
		"native_settings": object{
			"object": "native_settings", "api_enabled": false,
			"trusted_device_sign_in_enabled":                         false,
			"trusted_device_enrollment_prompt_after_sign_in_enabled": false,
			"trusted_device_enrollment_prompt_after_sign_up_enabled": false,
		},
	}
}

func displayConfig(s flow.Settings) object {
	preferred := "otp"
	if slices.Contains(s.Strategies, "password") {
		preferred = "password"
	}
	return object{
		"object": "display_config", "id": "display_config_gatehouse",
		// Whatever the instance is: "development" makes the SDK ask for the vendor's own
		// development hosts.
		"instance_environment_type":  "production",
		"application_name":           s.AppName,
		"preferred_sign_in_strategy": preferred,
		"theme":                      theme(),
		"logo_image_url":             "", "favicon_image_url": "", "logo_link_url": "",
		"logo_image": nil, "logo_url": nil, "favicon_image": nil, "favicon_url": nil, // older names
		"home_url": s.HomeURL, "sign_in_url": s.SignInURL, "sign_up_url": s.SignUpURL,
		"user_profile_url": s.UserURL, "waitlist_url": "", "oauth_consent_url": "",
		"after_sign_in_url": s.HomeURL, "after_sign_up_url": s.HomeURL,
		"after_sign_out_one_url": s.SignInURL, "after_sign_out_all_url": s.SignInURL,
		"after_switch_session_url": s.HomeURL, "after_join_waitlist_url": s.HomeURL,
		"organization_profile_url": "", "create_organization_url": "",
		"after_leave_organization_url": s.HomeURL, "after_create_organization_url": s.HomeURL,
		"support_email": nil, "help_url": nil, "privacy_policy_url": "", "terms_url": "",
		"branded": false, "experimental_force_oauth_first": false, "show_devmode_warning": false,
		"clerk_js_version": "6", "google_one_tap_client_id": nil,
		"captcha_public_key": nil, "captcha_public_key_invisible": nil, "captcha_widget_type": nil,
		"captcha_provider": "turnstile", "captcha_oauth_bypass": []any{}, "captcha_heartbeat": false,
	}
}

func theme() object {
	return object{
		"general": object{
			"color": "#6c47ff", "background_color": "#ffffff", "font_family": "system-ui, sans-serif",
			"font_color": "#151515", "label_font_weight": "600", "padding": "1em",
			"border_radius": "0.5em", "box_shadow": "none",
		},
		"buttons":  object{"font_color": "#ffffff", "font_family": "system-ui, sans-serif", "font_weight": "600"},
		"accounts": object{"background_color": "#ffffff"},
	}
}

func userSettings(s flow.Settings) object {
	off := flow.Attribute{}
	mails := enabled(s, "email_code", "email_link")
	// The SDK's sign-up and profile forms take links alone as soon as links are listed,
	// so they are where there are no codes.
	verified := mails[:min(len(mails), 1)]
	texts := enabled(s, "phone_code")
	phone := attribute(s.PhoneNumber, texts, texts)
	phone["channels"] = []string{"sms"}
	return object{
		"attributes": object{
			"email_address":     attribute(s.EmailAddress, mails, verified),
			"phone_number":      phone,
			"username":          attribute(s.Username, nil, nil),
			"first_name":        attribute(s.FirstName, nil, nil),
			"last_name":         attribute(s.LastName, nil, nil),
			"password":          attribute(s.Password, nil, nil),
			"web3_wallet":       attribute(off, nil, nil),
			"authenticator_app": attribute(off, nil, nil),
			"backup_code":       attribute(off, nil, nil),
			"passkey":           attribute(off, nil, nil),
			"ticket":            attribute(off, nil, nil),
		},
		"social":         object{},
		"saml":           object{"enabled": false},
		"enterprise_sso": object{"enabled": false, "self_serve_sso": false},
		"sign_in":        object{"second_factor": object{"required": false, "enabled": false}},
		"sign_up": object{
			"captcha_enabled": false, "captcha_widget_type": "smart", "custom_action_required": false,
			"progressive": true, "mode": signUpMode(s), "legal_consent_enabled": false,
			"allowlist_only": false, "mfa": object{"required": false},
		},
		"restrictions": object{
			"allowlist": object{"enabled": false}, "blocklist": object{"enabled": false},
			"allowlist_blocklist_disabled_on_sign_in": object{"enabled": false},
			"block_email_subaddresses":                object{"enabled": false},
			"block_disposable_email_domains":          object{"enabled": false},
		},
		"username_settings": object{
			"min_length": 4, "max_length": 64,
			"allow_extended_special_characters": false, "allow_numeric_usernames": false,
		},
		"password_settings": passwordSettings(s),
		"passkey_settings": object{
			"allow_autofill": false, "show_sign_in_button": false, "satisfies_second_factor": true,
		},
		"actions":           object{"delete_self": s.DeleteSelf, "create_organization": false, "create_organizations_limit": nil},
		"attack_protection": attackProtection(s),
	}
}

// attribute is one piece of a user as the SDK's forms see it.
func attribute(a flow.Attribute, firstFactors, verifications []string) object {
	return object{
		"enabled": a.Enabled, "required": a.Required,
		"used_for_first_factor": a.Enabled && a.FirstFactor, "first_factors": list(firstFactors),
		"used_for_second_factor": false, "second_factors": []string{},
		"verifications": list(verifications), "verify_at_sign_up": a.VerifyAtSignUp,
		"immutable": false,
	}
}

func passwordSettings(s flow.Settings) object {
	least := s.MinPasswordLength
	if least == 0 {
		least = 8
	}
	return object{
		"min_length": least, "max_length": 72, // the most that the SDK's form takes
		"require_special_char": false, "require_numbers": false, "require_uppercase": false,
		"require_lowercase": false, "show_zxcvbn": false, "min_zxcvbn_strength": 0,
		"disable_hibp": true, "enforce_hibp_on_sign_in": false,
		"disable_password_reverification": false, "allowed_special_characters": "",
	}
}

func attackProtection(s flow.Settings) object {
	attempts, length := s.LockoutAttempts, s.LockoutDuration
	if attempts == 0 {
		attempts = 10
	}
	if length == 0 {
		length = time.Hour
	}
	return object{
		"user_lockout": object{"enabled": true, "max_attempts": attempts, "duration_in_minutes": int(length / time.Minute)},
		"pii":          object{"enabled": true},
		"email_link":   object{"require_same_client": true},
		// In the SDK this makes its sign-in-or-up form ask with sign_up_if_missing.
		"enumeration_protection": object{"enabled": s.EnumerationProtect},
	}
}

func organizationSettings() object {
	return object{
		"enabled": false, "max_allowed_memberships": 5, "force_organization_selection": false,
		"creator_role": "org:admin", "actions": object{"admin_delete": false},
		"domains": object{"enabled": false, "enrollment_modes": []any{}, "default_role": ""},
		"slug":    object{"disabled": true}, "organization_creation_defaults": object{"enabled": false},
	}
}

func onOff(a flow.Attribute) string {
	switch {
	case !a.Enabled:
		return "off"
	case a.Required:
		return "required"
	}
	return "on"
}

// named is an attribute with its name on the wire.
type named struct {
	name string
	flow.Attribute
}

// identifying are the attributes that find a user.
func identifying(s flow.Settings) []named {
	return []named{{"email_address", s.EmailAddress}, {"phone_number", s.PhoneNumber}, {"username", s.Username}}
}

// requirements lists what a sign-up cannot do without, one group each.
func requirements(s flow.Settings) [][]string {
	out := [][]string{}
	for _, a := range append(identifying(s), named{"password", s.Password}) {
		if a.Enabled && a.Required {
			out = append(out, []string{a.name})
		}
	}
	return out
}

// identifiers are the names that a sign-in may begin with.
func identifiers(s flow.Settings) []string {
	out := []string{}
	for _, a := range identifying(s) {
		if a.Enabled && a.FirstFactor {
			out = append(out, a.name)
		}
	}
	return out
}

// enabled keeps those of strategies that the instance has switched on.
func enabled(s flow.Settings, strategies ...string) []string {
	out := []string{}
	for _, name := range strategies {
		if slices.Contains(s.Strategies, name) {
			out = append(out, name)
		}
	}
	return out
}

func signUpMode(s flow.Settings) string {
	if s.SignUpMode == "" {
		return "public"
	}
	return s.SignUpMode
}
