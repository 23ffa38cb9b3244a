package frontendapi

// register lists every route: who may call it, what it counts against, what it takes.
// Paths that are not here answer 404 in JSON.
func (h *Handler) register() {
	h.on("GET /.well-known/jwks.json", open, limitNone, (*call).jwks)
	h.on("GET /.well-known/openid-configuration", open, limitNone, (*call).openIDConfiguration)
	h.on("GET /v1/health", open, limitNone, (*call).health)

	h.on("GET /v1/environment", open, limitOther, (*call).environment)
	h.on("PATCH /v1/environment", open, limitOther, (*call).environment)

	h.on("POST /v1/dev_browser", open, limitOther, (*call).createDevBrowser)

	h.on("GET /v1/client", browser, limitOther, (*call).getClient)
	h.on("POST /v1/client", browser, limitOther, (*call).createClient)
	h.on("PUT /v1/client", browser, limitOther, (*call).createClient)
	h.on("DELETE /v1/client", client, limitOther, (*call).deleteClient)
	h.on("GET /v1/client/touch", open, limitOther, (*call).touchClient)
	h.on("GET /v1/client/sync", open, limitOther, (*call).syncClient)
	h.on("POST /v1/client/verify", client, limitOther, (*call).verifyCaptcha)
	h.on("GET /v1/client/handshake", open, limitOther, (*call).handshake)
	h.on("POST /v1/client/handshake", open, limitRedeem, (*call).redeemHandshake, "nonce", "verifier")
	h.on("DELETE /v1/client/sessions", client, limitOther, (*call).signOutAll)

	h.on("POST /v1/client/sign_ups", browser, limitCreateSignUp, (*call).createSignUp, signUpParams...)
	h.on("GET /v1/client/sign_ups/{id}", client, limitOther, (*call).getSignUp)
	h.on("PATCH /v1/client/sign_ups/{id}", client, limitCreateSignUp, (*call).updateSignUp, signUpParams...)
	h.on("POST /v1/client/sign_ups/{id}/prepare_verification", client, limitPrepare, (*call).prepareSignUp, prepareParams...)
	h.on("POST /v1/client/sign_ups/{id}/attempt_verification", client, limitAttempt, (*call).attemptSignUp, proofParams...)

	h.on("POST /v1/client/sign_ins", browser, limitCreateSignIn, (*call).createSignIn, signInParams...)
	h.on("GET /v1/client/sign_ins/{id}", client, limitOther, (*call).getSignIn)
	h.on("POST /v1/client/sign_ins/{id}/prepare_first_factor", client, limitPrepare, (*call).prepareSignIn, prepareParams...)
	h.on("POST /v1/client/sign_ins/{id}/attempt_first_factor", client, limitAttempt, (*call).attemptSignIn, proofParams...)
	h.on("POST /v1/client/sign_ins/{id}/prepare_second_factor", client, limitPrepare, (*call).signInSecondFactor, prepareParams...)
	h.on("POST /v1/client/sign_ins/{id}/attempt_second_factor", client, limitAttempt, (*call).signInSecondFactor, proofParams...)
	h.on("POST /v1/client/sign_ins/{id}/reset_password", client, limitAttempt, (*call).resetPassword, "password", "sign_out_of_other_sessions")

	h.on("GET /v1/verify", open, limitAttempt, (*call).followLink)
	h.on("GET /v1/tickets/accept", open, limitOther, (*call).acceptTicket)

	h.on("GET /v1/client/sessions/{id}", client, limitOther, (*call).getSession)
	h.on("POST /v1/client/sessions/{id}/touch", client, limitOther, (*call).touchSession)
	h.on("POST /v1/client/sessions/{id}/end", client, limitOther, (*call).endSession)
	h.on("POST /v1/client/sessions/{id}/remove", client, limitOther, (*call).removeSession)
	h.on("POST /v1/client/sessions/{id}/tokens", open, limitToken, (*call).mintToken)
	h.on("POST /v1/client/sessions/{id}/tokens/{template}", open, limitToken, (*call).mintTemplate)
	h.on("POST /v1/client/sessions/{id}/verify", client, limitOther, (*call).startReverification, "level")
	h.on("POST /v1/client/sessions/{id}/verify/prepare_first_factor", client, limitPrepare, (*call).prepareReverification, prepareParams...)
	h.on("POST /v1/client/sessions/{id}/verify/attempt_first_factor", client, limitAttempt, (*call).attemptReverification, proofParams...)
	h.on("POST /v1/client/sessions/{id}/verify/prepare_second_factor", client, limitPrepare, (*call).reverifySecondFactor, prepareParams...)
	h.on("POST /v1/client/sessions/{id}/verify/attempt_second_factor", client, limitAttempt, (*call).reverifySecondFactor, proofParams...)

	h.on("GET /v1/me", self, limitOther, (*call).getMe)
	h.on("PATCH /v1/me", self, limitOther, (*call).updateMe, profileParams...)
	h.on("DELETE /v1/me", self, limitOther, (*call).deleteMe)
	h.on("POST /v1/me/profile_image", self, limitImage, (*call).setImage, fileParam)
	h.on("DELETE /v1/me/profile_image", self, limitOther, (*call).removeImage)
	h.on("GET /v1/images/{name}", open, limitOther, (*call).image)
	h.on("PATCH /v1/me/metadata", self, limitMetadata, (*call).updateMetadata, "unsafe_metadata")
	h.on("POST /v1/me/change_password", self, limitAttempt, (*call).changePassword, "current_password", "new_password", "sign_out_of_other_sessions")
	h.on("POST /v1/me/remove_password", self, limitAttempt, (*call).removePassword, "current_password", "sign_out_of_other_sessions")
	for _, k := range addressKinds {
		path := "/v1/me/" + k.path
		h.on("GET "+path, self, limitOther, k.list)
		h.on("POST "+path, self, limitOther, k.add, k.param)
		h.on("GET "+path+"/{id}", self, limitOther, k.get)
		h.on("DELETE "+path+"/{id}", self, limitOther, k.remove)
		h.on("POST "+path+"/{id}/prepare_verification", self, limitPrepare, k.prepare, prepareParams...)
		h.on("POST "+path+"/{id}/attempt_verification", self, limitAttempt, k.attempt, proofParams...)
	}
	h.on("PATCH /v1/me/phone_numbers/{id}", self, limitOther, (*call).updatePhoneNumber, "reserved_for_second_factor", "default_second_factor")
	h.on("POST /v1/me/external_accounts", self, limitOther, (*call).featureOff, "strategy", "redirect_url",
		"action_complete_redirect_url", "additional_scope", "oidc_prompt", "oidc_login_hint")
	h.on("POST /v1/me/passkeys", self, limitOther, (*call).featureOff)
	h.on("POST /v1/me/totp", self, limitOther, (*call).featureOff)
	h.on("DELETE /v1/me/totp", self, limitOther, (*call).nothingThere)
	h.on("POST /v1/me/totp/attempt_verification", self, limitAttempt, (*call).featureOff, "code")
	h.on("POST /v1/me/backup_codes", self, limitOther, (*call).featureOff)
	h.on("GET /v1/me/sessions", self, limitOther, (*call).allSessions)
	h.on("GET /v1/me/sessions/active", self, limitOther, (*call).activeSessions)
	h.on("POST /v1/me/sessions/{id}/revoke", self, limitOther, (*call).revokeSession)
}
