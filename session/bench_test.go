package session_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// BenchmarkMint compares minting with the bare signature that it cannot do without:
// in_process is all but the store, signed a whole mint that signs, reused one that
// hands out the last token again.
func BenchmarkMint(b *testing.B) {
	for _, algorithm := range []string{session.RS256, session.ES256, session.EdDSA} {
		private := benchmarkKey(b, algorithm)
		b.Run("raw_sign/"+algorithm, func(b *testing.B) {
			method, input := jwt.GetSigningMethod(algorithm), strings.Repeat("a", 600)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := method.Sign(input, private); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, backend := range benchmarkStores {
			h := open(b, func(cfg *session.Config) { cfg.Now = time.Now })
			h.clock.ms.Store(time.Now().UnixMilli())
			keys := h.openKeys(session.KeysConfig{External: private})
			store := backend.open(b)
			h.Service = h.node(func(cfg *session.Config) {
				cfg.Keys, cfg.Clients, cfg.Sessions, cfg.Revocations = keys, store, store, store
			})
			_, cookie, ss := h.signedIn(userA)
			// A session keeps its last token only, so two origins in turn never reuse one.
			origins := []string{"https://a.example.com", "https://b.example.com"}
			if backend.name == "sqlite" {
				b.Run("in_process/"+algorithm, func(b *testing.B) {
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						if _, err := h.Token(b.Context(), ss, origins[i%2]); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run("signed/"+backend.name+"/"+algorithm, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := h.Mint(b.Context(), cookie, ss.ID, origins[i%2]); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("reused/"+backend.name+"/"+algorithm, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := h.Mint(b.Context(), cookie, ss.ID, origins[0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func benchmarkKey(b *testing.B, algorithm string) crypto.Signer {
	b.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case session.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case session.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		b.Fatal(err)
	}
	return private
}

// stores is what a backend provides of what a Service needs.
type stores interface {
	session.ClientStore
	session.SessionStore
	session.RevocationStore
}

var benchmarkStores = []struct {
	name string
	open func(testing.TB) stores
}{
	{"sqlite", func(t testing.TB) stores { return openEmpty(t) }},
	{"redis", func(t testing.TB) stores {
		url, prefix := testservers.Redis(t)
		store, err := redisstore.Open(t.Context(), redisstore.Config{URL: url, Prefix: prefix})
		if err != nil {
			t.Fatalf("open Redis: %v", err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}},
}

// BenchmarkRevoked is what each request of an app pays for revocations.
func BenchmarkRevoked(b *testing.B) {
	h := open(b, func(cfg *session.Config) { cfg.Now, cfg.Revocations = time.Now, &flood{n: 5000} })
	if err := h.Poll(b.Context()); err != nil {
		b.Fatal(err)
	}
	id, now := string(session.NewSessionID(userB)), time.Now()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, ok := h.Revoked(id, userB, now); ok {
				b.Fatal("revoked")
			}
		}
	})
}
