package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Instance looks at the instance as a whole and changes its settings.
type Instance struct{ c *Client }

// InstanceInfo says which instance it is.
type InstanceInfo struct {
	ID              string   `json:"id"`
	EnvironmentType string   `json:"environment_type"` // production, development
	AllowedOrigins  []string `json:"allowed_origins"`
}

// Settings are those of the instance, with the version that a change may name.
type Settings struct {
	Version  int64           `json:"version"`
	Settings json.RawMessage `json:"settings"` // an object, nested as in the configuration file
	Pinned   []string        `json:"pinned"`   // names ("email_address.required") that the configuration decides
	Changed  []string        `json:"changed"`  // names that an operator changed
}

// SettingsChange changes settings, all or none.
type SettingsChange struct {
	// Settings are values by name: "sign_up_mode", "email_address.required". nil goes
	// back to what the configuration says, for a group as well. Required.
	Settings map[string]any `json:"settings"`
	// Version, if it is not nil, is the one that was read: ErrConflict if somebody else
	// made a change since.
	Version *int64 `json:"version,omitzero"`
}

// Get returns the instance.
func (s Instance) Get(ctx context.Context) (*InstanceInfo, error) {
	i := new(InstanceInfo)
	return orNil(i, s.c.get(ctx, "/instance", nil, i))
}

// Settings returns the settings that hold.
func (s Instance) Settings(ctx context.Context) (*Settings, error) {
	out := new(Settings)
	return orNil(out, s.c.get(ctx, "/instance/settings", nil, out))
}

// UpdateSettings changes settings and returns them all. Other processes of the instance
// obey within two seconds. Errors: ErrForbidden for one that the configuration decides,
// ErrConflict, *Error.
func (s Instance) UpdateSettings(ctx context.Context, change SettingsChange) (*Settings, error) {
	out := new(Settings)
	return orNil(out, s.c.send(ctx, http.MethodPatch, "/instance/settings", change, out))
}

// TestingTokens lets automated browsers past the checks for bots.
type TestingTokens struct{ c *Client }

// TestingToken is sent as the query parameter __clerk_testing_token.
type TestingToken struct {
	Token     Secret
	ExpiresAt time.Time
}

// Create makes a token. Development servers only.
func (s TestingTokens) Create(ctx context.Context) (*TestingToken, error) {
	var out struct {
		Token     string `json:"token"`
		ExpiresAt int64  `json:"expires_at"` // in seconds
	}
	if err := s.c.send(ctx, http.MethodPost, "/testing_tokens", nil, &out); err != nil {
		return nil, err
	}
	return &TestingToken{Secret(out.Token), time.Unix(out.ExpiresAt, 0)}, nil
}
