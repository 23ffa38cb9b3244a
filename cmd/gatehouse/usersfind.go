package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
)

// userArguments name users.
type userArguments struct {
	Users []string `arg:"" name:"user" help:"Id, e-mail address, username, phone number or external id; - reads them from standard input, one a line."`
}

// find returns the users that the arguments name, each once, or fails before anything is
// changed.
func (a *userArguments) find(ctx context.Context, p *program, c *client.Client) ([]*client.User, error) {
	names, err := a.names(p)
	if err != nil {
		return nil, err
	}
	var users []*client.User
	seen := map[string]bool{}
	for _, name := range names {
		u, err := findUser(ctx, c, name)
		if err != nil {
			return nil, err
		}
		if !seen[u.ID] {
			seen[u.ID] = true
			users = append(users, u)
		}
	}
	return users, nil
}

func (a *userArguments) names(p *program) ([]string, error) {
	var names []string
	for _, name := range a.Users {
		if name != "-" {
			names = append(names, name)
			continue
		}
		lines := bufio.NewScanner(p.stdin)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				names = append(names, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
		p.interactive = false // nobody is left to ask
	}
	if len(names) == 0 {
		return nil, &usageError{errors.New("no user is named")}
	}
	return names, nil
}

// findUser returns the one user that goes by a name: an id, an e-mail address, a phone
// number, a username or an external id.
func findUser(ctx context.Context, c *client.Client, name string) (*client.User, error) {
	u, err := c.Users.Get(ctx, name)
	if err == nil || !errors.Is(err, client.ErrNotFound) {
		return u, err
	}
	kinds := map[string]client.UserQuery{"external id": {ExternalIDs: []string{name}}}
	switch {
	case strings.Contains(name, "@"):
		kinds["e-mail address"] = client.UserQuery{EmailAddresses: []string{name}}
	case strings.HasPrefix(name, "+"):
		kinds["phone number"] = client.UserQuery{PhoneNumbers: []string{name}}
	default:
		kinds["username"] = client.UserQuery{Usernames: []string{name}}
	}
	var found []*client.User
	for _, q := range kinds {
		users, err := c.Users.List(ctx, q)
		if e, ok := errors.AsType[*client.Error](err); ok && e.Status == 422 {
			continue // what it cannot be
		}
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if len(found) == 0 || found[0].ID != u.ID {
				found = append(found, u)
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("nobody goes by %q: `gatehouse users list TEXT` searches", name)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s may be %s or %s: name the id", printable(name), found[0].ID, found[1].ID)
}

// userFilterFlags select users, beside a text that each command takes in its own way.
type userFilterFlags struct {
	Banned           *bool `negatable:"" help:"Only those who are banned; --no-banned those who are not."`
	CreatedAfter     when  `name:"created-after" placeholder:"WHEN" help:"A day (2026-01-31), a moment (2026-01-31T12:00:00Z) or how long ago (36h, 90d)."`
	CreatedBefore    when  `name:"created-before" placeholder:"WHEN" help:"As --created-after."`
	LastActiveAfter  when  `name:"last-active-after" placeholder:"WHEN" help:"As --created-after."`
	LastActiveBefore when  `name:"last-active-before" placeholder:"WHEN" help:"As --created-after; whoever was never active is left out."`
}

func (f *userFilterFlags) query(text string) client.UserQuery {
	return client.UserQuery{
		Query: text, Banned: f.Banned,
		CreatedAfter: f.CreatedAfter.Time, CreatedBefore: f.CreatedBefore.Time,
		LastActiveAfter: f.LastActiveAfter.Time, LastActiveBefore: f.LastActiveBefore.Time,
	}
}

// when is a moment as people write it.
type when struct{ time.Time }

// UnmarshalText reads a day in the local zone, a moment of RFC 3339, or how long ago it
// was: hours, or days with the letter d.
func (w *when) UnmarshalText(text []byte) error {
	s := string(text)
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		w.Time = t
		return nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		w.Time = t
		return nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err == nil && n > 0 {
			w.Time = time.Now().AddDate(0, 0, -n)
			return nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		w.Time = time.Now().Add(-d)
		return nil
	}
	return errors.New("this is no day (2026-01-31), moment (2026-01-31T12:00:00Z) or time ago (36h, 90d)")
}
