package backendapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What SDKs may ask for and this server has not answers as an unknown resource in JSON,
// with /v1 and without, and only to whoever has a key (B-03).
func TestOutOfScope(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{
		"/organizations", "/organizations/org_1/memberships", "/organization_invitations", "/organization_roles",
		"/organization_permissions", "/organization_domains", "/organization_memberships", "/role_sets",
		"/saml_connections", "/enterprise_connections", "/scim_directories", "/directories", "/machines", "/machine_tokens",
		"/billing/plans", "/oauth_applications", "/oauth_applications/access_tokens/verify",
		"/api_keys", "/api_keys/verify", "/m2m_tokens", "/m2m_tokens/verify",
		"/waitlist_entries", "/sign_ups/sua_1", "/domains", "/proxy_checks", "/templates/email", "/agents/tasks", "/email",
		"/instance/protect", "/instance/communication", "/instance/oauth_application_settings", "/instance/organization_settings",
		"/users/user_1/organization_memberships", "/users/user_1/organization_invitations", "/users/user_1/trusted_devices",
		"/users/user_1/billing/subscription", "/users/user_1/oauth_access_tokens/oauth_google",
	} {
		for _, prefix := range []string{"/v1", ""} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				a := s.call(method, prefix+path, "").refused(404, "resource_not_found")
				if got := a.header.Get("Content-Type"); got != "application/json" {
					t.Errorf("%s %s: Content-Type %q", method, prefix+path, got)
				}
			}
			s.do(httptest.NewRequest(http.MethodPost, prefix+path, nil)).refused(401, "authentication_invalid")
		}
	}
}
