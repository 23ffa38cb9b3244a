package session

import (
	"context"
	"time"
)

// CachedTokens returns how many tokens are kept for reuse.
func (s *Service) CachedTokens() (n int) {
	for i := range s.tokens.shards {
		shard := &s.tokens.shards[i]
		shard.mu.Lock()
		n += len(shard.young) + len(shard.previous)
		shard.mu.Unlock()
	}
	return n
}

// RevocationLimit is how many revocations are held.
const RevocationLimit = revocationLimit

// Poll reads the revocation log once.
func (s *Service) Poll(ctx context.Context) error { return s.poll(ctx) }

// DecodeCookie reads cookie data as a Service does.
func DecodeCookie(data []byte, now time.Time) (ClientID, bool) {
	c, ok := decodeCookie(data, now)
	return c.ClientID, ok
}

// RefreshID is where a refresh token lies.
var RefreshID = refreshID
