package bulk

import "time"

// A node holds 262,144 revocations of 90 s in memory and asks the store about each
// request once there are more (package session). A user is one revocation and each of
// their live sessions another.
const (
	burst     = 50_000 // users that may go at once
	perSecond = 750    // users that may go on and on
)

// pace bounds how many users jobs change, whatever the node could do.
type pace struct {
	now  func() time.Time
	left float64
	at   time.Time
}

func newPace(now func() time.Time) pace { return pace{now: now, left: burst, at: now()} }

// free reports whether anybody may go now.
func (p *pace) free() bool {
	now := p.now()
	p.left = min(burst, p.left+perSecond*now.Sub(p.at).Seconds())
	p.at = now
	return p.left > 0
}

func (p *pace) spend(users int) { p.left -= float64(users) }
