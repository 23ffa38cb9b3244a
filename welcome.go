package gatehouse

import (
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

// Welcome is what a newcomer needs to know after a start, on one screen. It holds
// no secret but names the file with the keys.
func (s *Server) Welcome() string {
	var b strings.Builder
	base := s.urls.base()
	row := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	if s.cfg.Development {
		b.WriteString("Gatehouse, DEVELOPMENT server: test addresses accept a fixed code. Never put it on the internet.\n\n")
	} else {
		b.WriteString("Gatehouse\n\n")
	}
	row("open", "%s", s.HomeURL())
	row("pages", "%s  /sign-up  /user", s.SignInURL())
	if s.outbox != nil {
		row("mails", "%s/dev/outbox", base)
		row("", "addresses with +clerk_test, as in you+clerk_test@example.com, get no mail and accept %s", s.testCode)
	}
	b.WriteByte('\n')
	row("users", "%s", s.whereUsers())
	row("sessions", "%s", s.whereSessions())
	b.WriteByte('\n')
	row("key", "%s", s.PublishableKey())
	if s.sdkFile != "" {
		row("SDK", "%s has this key and the secret one for the environment of an app", s.sdkFile)
	}
	return b.String()
}

func (s *Server) whereUsers() string {
	if path, ok := strings.CutPrefix(s.cfg.DatabaseURL, "sqlite:"); ok {
		return path + " (SQLite); GATEHOUSE_DATABASE_URL=postgres://… moves them to PostgreSQL"
	}
	return logging.StoreURL(s.cfg.DatabaseURL) + " (PostgreSQL)"
}

func (s *Server) whereSessions() string {
	if s.cfg.RedisURL == "" {
		return "with the users; GATEHOUSE_REDIS_URL=redis://… moves them to Redis"
	}
	return logging.StoreURL(s.cfg.RedisURL) + " (Redis)"
}
