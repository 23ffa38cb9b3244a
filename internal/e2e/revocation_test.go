package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// patience is how long a revocation may be on its way here: what it takes is reported,
// not judged, since the machine may be busy.
const patience = 10 * time.Second

// nodeStores are the stores that several processes can share.
var nodeStores = map[string]func(t *testing.T) []string{
	"PostgreSQL": func(t *testing.T) []string {
		return []string{"GATEHOUSE_DATABASE_URL=" + testservers.Postgres(t)}
	},
	"PostgreSQL and Redis": func(t *testing.T) []string {
		url, prefix := testservers.Redis(t)
		return []string{"GATEHOUSE_DATABASE_URL=" + testservers.Postgres(t), "GATEHOUSE_REDIS_URL=" + url, "GATEHOUSE_REDIS_PREFIX=" + prefix}
	},
}

// S-08: whatever ends a session on one node reaches a protected handler on the others.
func TestRevocationsReachEveryProcess(t *testing.T) {
	for name, stores := range nodeStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newNodes(t, stores(t)...)
			all := []*node{s.start(), s.start(), s.start()}
			for name, end := range endings {
				t.Run(name, func(t *testing.T) { reachesAll(t, []*node{all[0].in(t), all[1].in(t), all[2].in(t)}, end) })
			}
			measure(t, all)
		})
	}
}

// endings end the session of one visitor on a node, and that of other, who is the same
// user elsewhere, only where both is true.
var endings = map[string]struct {
	end  func(n *node, v, other visitor)
	both bool
}{
	"signed out": {func(n *node, v, _ visitor) {
		n.must("POST", "/v1/client/sessions?_method=DELETE", "", n.browser(v)...)
	}, false},
	"signed out from another device": {func(n *node, v, other visitor) {
		n.must("POST", "/v1/me/sessions/"+v.SessionID+"/revoke?_clerk_session_id="+other.SessionID, "", n.browser(other)...)
	}, false},
	"session revoked by an operator": {func(n *node, v, _ visitor) {
		n.must("POST", "/api/v1/sessions/"+v.SessionID+"/revoke", "", n.operator()...)
	}, false},
	"banned": {func(n *node, v, _ visitor) {
		n.must("POST", "/api/v1/users/"+v.UserID+"/ban", "", n.operator()...)
	}, true},
	"deleted": {func(n *node, v, _ visitor) {
		n.must("DELETE", "/api/v1/users/"+v.UserID, "", n.operator()...)
	}, true},
	"deleted oneself": {func(n *node, v, other visitor) {
		n.must("POST", "/v1/me?_method=DELETE&_clerk_session_id="+other.SessionID, "", n.browser(other)...)
	}, true},
	"password changed": {func(n *node, _, other visitor) {
		n.must("POST", "/v1/me/change_password?_clerk_session_id="+other.SessionID,
			"current_password="+strings.ReplaceAll(visitorPassword, " ", "+")+"&new_password=another+long+secret&sign_out_of_other_sessions=true", n.browser(other)...)
	}, false},
	"password reset by an operator": {func(n *node, v, _ visitor) {
		n.must("PATCH", "/api/v1/users/"+v.UserID, `{"password":"another long secret","sign_out_of_other_sessions":true}`, n.operator()...)
	}, true},
}

func reachesAll(t *testing.T, all []*node, ending struct {
	end  func(n *node, v, other visitor)
	both bool
},
) {
	v := all[0].visitor("")
	other := all[1].visitor(v.UserID)
	for _, n := range all {
		if got := []int{n.admits(v.Token), n.admits(other.Token)}; got[0] != 200 || got[1] != 200 {
			t.Fatalf("before: %v, want 200 200", got)
		}
	}
	ending.end(all[0], v, other)
	if got := all[0].admits(v.Token); got != 401 {
		t.Errorf("on the node itself: %d, want 401 at once", got)
	}
	for _, n := range all {
		untilRefused(t, n, v.Token)
		if ending.both {
			untilRefused(t, n, other.Token)
		} else if got := n.admits(other.Token); got != 200 {
			t.Errorf("the other device: %d, want 200", got)
		}
	}
}

// untilRefused returns when a node refuses a token.
func untilRefused(t *testing.T, n *node, token string) time.Time {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		switch status := n.admits(token); {
		case status == http.StatusUnauthorized:
			return time.Now()
		case status != http.StatusOK:
			t.Errorf("while a revocation is on its way: %d, want 200 or 401", status)
			return time.Now()
		case time.Since(begun) > patience:
			t.Errorf("the token passes %s after its revocation", patience)
			return time.Now()
		}
	}
}

// measure reports how long 200 sign-outs took, from the call to the first request that
// the other two nodes refuse.
func measure(t *testing.T, all []*node) {
	const total, lanes = 200, 2
	var mu sync.Mutex
	var took []time.Duration
	var running sync.WaitGroup
	for range lanes {
		userID := all[0].visitor("").UserID // a user has 100 sessions at most
		running.Go(func() {
			for range total / lanes {
				v := all[0].visitor(userID)
				all[1].admits(v.Token) // so that the token was seen before
				all[2].admits(v.Token)
				begun := time.Now()
				if status, answer := all[0].call("POST", "/v1/client/sessions/"+v.SessionID+"/end", "", all[0].browser(v)...); status != 200 {
					t.Errorf("sign out: %d %s", status, answer)
				}
				var both sync.WaitGroup
				for _, n := range all[1:] {
					both.Go(func() {
						d := untilRefused(t, n, v.Token).Sub(begun)
						mu.Lock()
						took = append(took, d)
						mu.Unlock()
					})
				}
				both.Wait()
			}
		})
	}
	running.Wait()
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[len(took)*percent/100].Round(100 * time.Microsecond) }
	t.Logf("%d sign-outs on 2 other processes: p50 %s, p99 %s, longest %s", total, at(50), at(99), took[len(took)-1].Round(100*time.Microsecond))
}

// S-08, E-04: a node that is cut off from the store answers from memory for 5 s, and
// then as it was told to. Nobody signs in there or gets a new token, and all is well
// again when the store is back.
func TestProcessThatIsCutOff(t *testing.T) {
	t.Parallel()
	url, prefix := testservers.Redis(t)
	gate, gated := testservers.Behind(t, url)
	s := newNodes(t, "GATEHOUSE_DATABASE_URL="+testservers.Postgres(t), "GATEHOUSE_REDIS_PREFIX="+prefix)
	connected := s.start("GATEHOUSE_REDIS_URL=" + url)
	policies := map[string]int{"": 503, "ask": 503, "refuse": 503, "allow": 200}
	cutOff := map[string]*node{}
	for policy := range policies {
		cutOff[policy] = s.start("GATEHOUSE_REDIS_URL="+gated, "GATEHOUSE_WHEN_STALE="+policy)
	}
	v := connected.visitor("")
	stays := connected.visitor(v.UserID)
	for policy, n := range cutOff {
		if got := []int{n.admits(v.Token), n.admits(stays.Token)}; got[0] != 200 || got[1] != 200 {
			t.Fatalf("%q, before: %v, want 200 200", policy, got)
		}
	}

	gate.Shut()
	shut := time.Now()
	connected.must("POST", "/api/v1/sessions/"+v.SessionID+"/revoke", "", connected.operator()...)
	untilRefused(t, connected, v.Token)
	for policy, n := range cutOff {
		// Within the bound the stateless middleware goes on.
		if got := n.admits(stays.Token); got != 200 && time.Since(shut) < 4*time.Second {
			t.Errorf("%q, right after the cut: %d, want 200", policy, got)
		}
		for path, body := range map[string]string{
			"/v1/client/sessions/" + stays.SessionID + "/tokens": "",
			"/v1/client/sign_ins":                                "identifier=nobody%40example.com&password=guess",
		} {
			if status, answer := n.call("POST", path, body, n.browser(stays)...); status != 503 {
				t.Errorf("%q: %s is answered %d %s, want 503", policy, path, status, answer)
			}
		}
	}
	time.Sleep(time.Until(shut.Add(5*time.Second + 500*time.Millisecond))) // the bound, as it is documented
	for policy, want := range policies {
		for who, token := range map[string]string{"revoked": v.Token, "not revoked": stays.Token} {
			if got := cutOff[policy].admits(token); got != want {
				t.Errorf("%q, after the bound, a token that was %s: %d, want %d", policy, who, got, want)
			}
		}
	}

	gate.Open()
	for policy, n := range cutOff {
		for begun := time.Now(); n.admits(v.Token) != 401; time.Sleep(10 * time.Millisecond) {
			if time.Since(begun) > patience {
				t.Fatalf("%q does not catch up", policy)
			}
		}
		n.must("POST", "/v1/client/sessions/"+stays.SessionID+"/tokens", "", n.browser(stays)...)
		if got := n.admits(stays.Token); got != 200 {
			t.Errorf("%q, with the store back: %d, want 200", policy, got)
		}
	}
}
