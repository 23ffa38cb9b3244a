package gatehouse_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// C-04, C-10: of fifty browsers that redeem one ticket at once, over two nodes where the
// stores are shared, one is let in: on every pair of stores.
func TestTicketsAreGoodOnce(t *testing.T) {
	for name, test := range map[string]struct {
		nodes  int
		change func(*testing.T, *gatehouse.Config)
	}{
		"SQLite": {1, func(*testing.T, *gatehouse.Config) {}},
		"SQLite_and_Redis": {1, func(t *testing.T, c *gatehouse.Config) {
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		}},
		"PostgreSQL": {2, func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = testservers.Postgres(t)
		}},
		"PostgreSQL_and_Redis": {2, func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = testservers.Postgres(t)
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			shared := gatehouse.Config{EncryptionKeys: gatehouse.Secret(keyring.New())}
			test.change(t, &shared)
			var nodes []*gatehousetest.Server
			for range test.nodes {
				nodes = append(nodes, gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) {
					c.DatabaseURL, c.RedisURL, c.RedisPrefix = shared.DatabaseURL, shared.RedisURL, shared.RedisPrefix
					c.EncryptionKeys = shared.EncryptionKeys
				}), gatehousetest.WithSettings(func(s *gatehouse.Settings) {
					s.SignUpMode, s.Password.Required = "restricted", false
				})))
			}
			token := backend(t, nodes[0], "/sign_in_tokens", fmt.Sprintf(`{"user_id":%q}`, nodes[0].CreateUser().ID))["token"].(string)
			once(t, nodes, "/v1/client/sign_ins", token)
			invitation := backend(t, nodes[0], "/invitations", `{"email_address":"joe@example.com","notify":false}`)["url"].(string)
			link, err := url.Parse(invitation)
			if err != nil {
				t.Fatal(err)
			}
			once(t, nodes, "/v1/client/sign_ups", link.Query().Get("ticket"))
		})
	}
}

// once redeems a ticket fifty times at once.
func once(t *testing.T, nodes []*gatehousetest.Server, path, ticket string) {
	t.Helper()
	bodies := make([]string, 50)
	var all sync.WaitGroup
	for i := range bodies {
		node := nodes[i%len(nodes)]
		client := node.Client()
		all.Go(func() {
			res, err := client.PostForm(node.URL+path, url.Values{"strategy": {"ticket"}, "ticket": {ticket}})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			bodies[i] = fmt.Sprintf("%d %s", res.StatusCode, body)
		})
	}
	all.Wait()
	let := 0
	for _, body := range bodies {
		switch {
		case strings.HasPrefix(body, "200 ") && strings.Contains(body, `"status":"complete"`):
			let++
		case !strings.HasPrefix(body, "400 ") && !strings.Contains(body, "form_identifier_exists"):
			t.Errorf("%s: %.300s", path, body)
		}
	}
	if let != 1 {
		t.Errorf("%s: %d of 50 were let in, want 1", path, let)
	}
}

// backend posts JSON to the Backend API.
func backend(t *testing.T, s *gatehousetest.Server, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(s.SecretKey()))
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %d %v %v", path, res.StatusCode, out, err)
	}
	return out
}
