package frontendapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// strict hides who has an account, and offers every strategy.
func strict(c *frontendapi.Config, s *flow.Settings) {
	withPhones(c, s)
	withLinks(c, s)
	s.EmailAddress.Required, s.Password.Required = false, false
	s.EnumerationProtect, s.Reverification = true, false
	s.LockoutExceptions = flow.LockoutExceptions()
}

// suspect is an identifier that somebody has in some way, and one of the same kind that
// nobody has. also is another one of the same person, and of nobody.
type suspect struct{ known, unknown, alsoKnown, alsoUnknown string }

// suspects makes them, the n-th of their kind.
var suspects = map[string]func(s *server, n int) suspect{
	"e-mail address": func(s *server, n int) suspect { return s.suspect("plain", n, nil) },
	"without password": func(s *server, n int) suspect {
		return s.suspect("bare", n, func(u *user.NewUser) { u.PasswordDigest = "" })
	},
	"banned": func(s *server, n int) suspect {
		return s.suspect("banned", n, func(u *user.NewUser) { u.Banned = true })
	},
	"locked": func(s *server, n int) suspect {
		return s.suspect("locked", n, func(u *user.NewUser) { u.Locked = true })
	},
	"reserved": func(s *server, n int) suspect {
		return s.suspect("reserved", n, func(u *user.NewUser) { u.EmailAddresses[0].Strategy = "" })
	},
	"added by somebody": func(s *server, n int) suspect {
		sus := s.suspect("adder", n, nil)
		u, _, err := s.users.ByIdentifier(s.t.Context(), sus.known)
		must(s.t, err)
		sus.known = fmt.Sprintf("c-adder%d@example.com", n)
		_, _, err = s.users.AddIdentification(s.t.Context(), u.ID, user.KindEmailAddress, sus.known)
		must(s.t, err)
		return sus
	},
	"username": func(s *server, n int) suspect {
		sus := s.suspect("named", n, nil)
		sus.known, sus.unknown, sus.alsoKnown, sus.alsoUnknown = sus.alsoKnown, sus.alsoUnknown, sus.known, sus.unknown
		return sus
	},
	"phone number": func(s *server, n int) suspect {
		sus := s.suspect("phoned", n, func(u *user.NewUser) {
			u.PhoneNumbers = []user.NewIdentifier{{Value: fmt.Sprintf("+1%d5550100", 200+n), Strategy: "admin"}}
		})
		sus.known, sus.unknown = fmt.Sprintf("+1%d5550100", 200+n), fmt.Sprintf("+1%d5550101", 200+n)
		return sus
	},
}

// suspect makes somebody with an address and a username.
func (s *server) suspect(name string, n int, change func(*user.NewUser)) suspect {
	s.t.Helper()
	name = fmt.Sprintf("%s%d", name, n)
	// As long as each other, as Content-Length tells.
	sus := suspect{"a-" + name + "@example.com", "b-" + name + "@example.com", "a-" + name, "b-" + name}
	nu := user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: sus.known, Strategy: "admin"}},
		Username:       sus.alsoKnown, FirstName: "Jane", PasswordDigest: s.digest,
	}
	if change != nil {
		change(&nu)
	}
	_, err := s.users.Create(s.t.Context(), nu)
	must(s.t, err)
	return sus
}

// steps are what somebody may try on an identifier to find out whether anybody has it.
var steps = map[string]func(p *probe){
	"identify": func(p *probe) { p.identify() },
	"password in one go": func(p *probe) {
		p.post("/v1/client/sign_ins", form("identifier", p.typed, "strategy", "password", "password", "wrong password"))
		p.post("/v1/client/sign_ins", form("identifier", strings.ToUpper(p.typed), "password", strings.Repeat("x", 2000)))
	},
	"password": func(p *probe) {
		p.attempts(p.identify(), form("strategy", "password", "password", "wrong password"), 1)
	},
	"e-mail code":    func(p *probe) { p.code("email_code") },
	"text":           func(p *probe) { p.code("phone_code") },
	"reset by mail":  func(p *probe) { p.code("reset_password_email_code") },
	"reset by text":  func(p *probe) { p.code("reset_password_phone_code") },
	"link":           func(p *probe) { p.code("email_link") },
	"code in one go": func(p *probe) { p.post("/v1/client/sign_ins", form("identifier", p.typed, "strategy", "email_code")) },
	"an address that is not the one": func(p *probe) {
		p.post("/v1/client/sign_ins/"+p.identify()+"/prepare_first_factor", form("strategy", "email_code", "email_address_id", "idn_1"))
	},
	"until it is locked, and past that": func(p *probe) {
		wrong := form("strategy", "password", "password", "wrong password")
		for range 12 {
			p.attempts(p.identify(), wrong, 1)
		}
		p.code("email_code")
		p.s.clock.Advance(59 * time.Minute)
		p.attempts(p.identify(), wrong, 1)
		p.s.clock.Advance(time.Minute)
		p.attempts(p.identify(), wrong, 1)
		p.code("email_code")
	},
	"locked by another identifier of the same person": func(p *probe) {
		typed := p.typed
		p.typed = p.also
		for range 11 {
			p.attempts(p.identify(), form("strategy", "password", "password", "wrong password"), 1)
		}
		p.typed = typed
		for range 3 {
			p.attempts(p.identify(), form("strategy", "password", "password", "wrong password"), 1)
		}
		p.code("email_code")
	},
	"until no more is sent": func(p *probe) {
		for range 6 {
			p.s.clock.Advance(time.Minute)
			p.post("/v1/client/sign_ins/"+p.identify()+"/prepare_first_factor", form("strategy", "email_code"))
		}
		p.typed = p.also
		p.s.clock.Advance(time.Minute)
		p.post("/v1/client/sign_ins/"+p.identify()+"/prepare_first_factor", form("strategy", "email_code"))
	},
	"signed in as somebody else": func(p *probe) {
		p.own()
		p.attempts(p.identify(), form("strategy", "password", "password", "wrong password"), 1)
	},
	"sign up": func(p *probe) { p.signUp() },
	"sign up, after signing in": func(p *probe) {
		for range 5 {
			p.s.clock.Advance(time.Minute)
			p.post("/v1/client/sign_ins/"+p.identify()+"/prepare_first_factor", form("strategy", "email_code"))
		}
		p.signUp()
	},
	"put it into a sign-up that is under way": func(p *probe) {
		id := p.post("/v1/client/sign_ups", form("first_name", "Eve")).text("response.id")
		p.post("/v1/client/sign_ups/"+id+"?_method=PATCH", form(p.kind(), p.typed, "strategy", p.strategy()))
	},
	"add it": func(p *probe) {
		p.own()
		path := "/v1/me/" + map[string]string{"email_address": "email_addresses", "phone_number": "phone_numbers"}[p.kind()]
		query := "?_clerk_session_id=" + p.sessionID
		id := p.post(path+query, form(p.kind(), p.typed)).text("response.id")
		p.post(path+"/"+id+"/prepare_verification"+query, nil)
		p.post(path+"/"+id+"/prepare_verification"+query, nil)
		for range 6 {
			p.post(path+"/"+id+"/attempt_verification"+query, form("code", "000000"))
		}
		p.post(path+"/"+id+query+"&_method=DELETE", nil)
	},
}

// worthTrying leaves out what says nothing.
func worthTrying(step, kind string) bool {
	switch {
	case kind == "username" && (strings.HasPrefix(step, "sign up") || step == "add it" || strings.HasPrefix(step, "put it")):
		return false // whoever chooses a username has to be told that it is taken
	case strings.Contains(step, "locked"), strings.Contains(step, "text"): // dozens of hashes; nobody else has a phone
		return slices.Contains([]string{"e-mail address", "phone number", "username"}, kind)
	}
	return true
}

// E-01, P-07: whatever somebody tries, an identifier that is somebody's and one that is
// nobody's get the same answers byte for byte, for the same number of password hashes and
// of messages handed over, and the same calls of stores; and no answer waits for a message
// to be sent. C-12: of what is handed over nothing goes to an address that is only typed.
func TestKnownAndUnknownLookAlike(t *testing.T) {
	s := newServer(t, strict)
	digest, err := s.users.HashPassword(t.Context(), password)
	must(t, err)
	s.digest = digest
	n := 0
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		for _, kind := range slices.Sorted(maps.Keys(suspects)) {
			if !worthTrying(step, kind) {
				continue
			}
			n++
			t.Run(step+"/"+kind, func(t *testing.T) {
				sus := suspects[kind](s, n)
				open := s.sender.shut()
				known := s.probe(sus.known, sus.alsoKnown, steps[step])
				unknown := s.probe(sus.unknown, sus.alsoUnknown, steps[step])
				open()
				known.compare(t, unknown)
				s.engine.Close()
				if mails := s.sender.Messages(sus.unknown); len(mails) > 0 && !strings.Contains(step, "sign up") && step != "add it" && !strings.HasPrefix(step, "put it") {
					t.Errorf("%d messages to %s, which nobody has", len(mails), sus.unknown)
				}
			})
		}
	}
	s.engine.Close()
}

// probe is somebody who tries something on an identifier, and keeps what they see.
type probe struct {
	*browser
	typed, also string
	mine        []string // what differs between two probes by nature

	start  time.Time
	names  map[string]string
	seen   []string // answers
	hashes []int64  // for each, as are the next two
	handed []int64
	calls  [][]string
}

func (s *server) probe(typed, also string, take func(p *probe)) *probe {
	p := &probe{browser: s.browser(), typed: typed, also: also, mine: []string{typed, also}, start: s.clock.Now(), names: map[string]string{}}
	s.calls.take()
	take(p)
	s.clock.Advance(25 * time.Hour)
	return p
}

// own signs the prober in with an account of their own.
func (p *probe) own() {
	p.s.t.Helper()
	email := fmt.Sprintf("own%06d@example.com", p.s.requests.Load())
	_, err := p.s.users.Create(p.s.t.Context(), user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: email, Strategy: "admin"}}, PasswordDigest: p.s.digest,
	})
	must(p.s.t, err)
	p.browser.signIn(email)
	p.mine = append(p.mine, email)
	p.s.calls.take()
}

func (p *probe) post(path string, f url.Values) *answer {
	before, handed := p.s.hasher.Done(), p.s.engine.Handed()
	a := p.browser.post(path, f)
	p.hashes = append(p.hashes, p.s.hasher.Done()-before)
	p.handed = append(p.handed, p.s.engine.Handed()-handed)
	p.calls = append(p.calls, p.s.calls.take())
	p.seen = append(p.seen, p.normal(path+"\n", a))
	return a
}

func (p *probe) identify() (id string) {
	return p.post("/v1/client/sign_ins", form("identifier", p.typed)).text("response.id")
}

func (p *probe) attempts(id string, f url.Values, n int) {
	for range n {
		p.post("/v1/client/sign_ins/"+id+"/attempt_first_factor", f)
	}
}

// code asks for something to be sent, again too soon and again in time, and guesses.
func (p *probe) code(strategy string) {
	id := p.identify()
	path := "/v1/client/sign_ins/" + id
	for _, wait := range []time.Duration{0, time.Second, 30 * time.Second} {
		p.s.clock.Advance(wait)
		p.post(path+"/prepare_first_factor", form("strategy", strategy))
	}
	p.attempts(id, form("strategy", strategy, "code", "000000"), 6)
	p.attempts(id, form("strategy", strategy, "code", ""), 1)
	p.post(path+"/reset_password", form("password", "a password that is new"))
}

func (p *probe) kind() string {
	if strings.HasPrefix(p.typed, "+") {
		return "phone_number"
	}
	return "email_address"
}

func (p *probe) strategy() string {
	return map[string]string{"email_address": "email_code", "phone_number": "phone_code"}[p.kind()]
}

func (p *probe) signUp() {
	id := p.post("/v1/client/sign_ups", form(p.kind(), p.typed, "password", "a password that is new")).text("response.id")
	path := "/v1/client/sign_ups/" + id
	for _, wait := range []time.Duration{0, time.Second, 30 * time.Second} {
		p.s.clock.Advance(wait)
		p.post(path+"/prepare_verification", form("strategy", p.strategy()))
	}
	for range 6 {
		p.post(path+"/attempt_verification", form("strategy", p.strategy(), "code", "000000"))
	}
	p.post(path+"?_method=PATCH", form(p.kind(), strings.ToUpper(p.typed), "first_name", "Eve"))
}

var (
	idPattern     = regexp.MustCompile(`\b[a-z]{3,6}_[0-9A-Za-z]{27}\b`)
	cookiePattern = regexp.MustCompile(`__client=[\w-]{43}\.\w{27}`)
	avatarPattern = regexp.MustCompile(`\bavatar_[0-9a-f]{16}\b`)
	tracePattern  = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	jwtPattern    = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
	millisPattern = regexp.MustCompile(`\b1[89]\d{11}\b`)
	datePattern   = regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`)
)

// normal is an answer with what is random numbered by its first appearance, and times
// counted from the start.
func (p *probe) normal(path string, a *answer) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s%d\n", path, a.status)
	must(p.s.t, a.header.Write(&text))
	text.WriteString(a.raw)
	out := text.String()
	for i, own := range p.mine {
		local, domain, _ := strings.Cut(own, "@")
		for _, spelling := range []string{own, url.QueryEscape(own), strings.ToUpper(own), strings.ToUpper(local) + "@" + domain} {
			out = strings.ReplaceAll(out, spelling, fmt.Sprintf("MINE%d", i))
		}
	}
	for _, random := range []*regexp.Regexp{jwtPattern, cookiePattern, idPattern, avatarPattern, tracePattern} {
		out = random.ReplaceAllStringFunc(out, p.number)
	}
	out = millisPattern.ReplaceAllStringFunc(out, func(millis string) string {
		var ms int64
		_, _ = fmt.Sscan(millis, &ms)
		return time.UnixMilli(ms).Sub(p.start).String()
	})
	return datePattern.ReplaceAllStringFunc(out, func(date string) string {
		at, err := http.ParseTime(date)
		must(p.s.t, err)
		return at.Sub(p.start).String()
	})
}

// number gives a random text a name that tells its length and its first appearance.
func (p *probe) number(random string) string {
	if p.names[random] == "" {
		kind, _, _ := strings.Cut(random, "_")
		p.names[random] = fmt.Sprintf("<%d of %d characters: %s>", len(p.names), len(random), kind[:min(len(kind), 6)])
		if len(random) == 32 || strings.HasPrefix(random, "eyJ") {
			p.names[random] = fmt.Sprintf("<%d of %d characters>", len(p.names), len(random))
		}
	}
	return p.names[random]
}

// compare fails where two probes saw something else.
func (p *probe) compare(t *testing.T, unknown *probe) {
	t.Helper()
	if len(p.seen) == 0 || len(p.seen) != len(unknown.seen) {
		t.Fatalf("%d answers and %d", len(p.seen), len(unknown.seen))
	}
	for i := range p.seen {
		if p.seen[i] != unknown.seen[i] {
			t.Errorf("answer %d differs: known\n%s\nunknown\n%s", i, p.seen[i], unknown.seen[i])
		}
		if p.hashes[i] != unknown.hashes[i] {
			t.Errorf("answer %d costs %d hashes for a known one, %d for an unknown one:\n%.200s", i, p.hashes[i], unknown.hashes[i], p.seen[i])
		}
		if p.handed[i] != unknown.handed[i] {
			t.Errorf("answer %d hands over %d messages for a known one, %d for an unknown one:\n%.200s", i, p.handed[i], unknown.handed[i], p.seen[i])
		}
		if a, b := strings.Join(p.calls[i], " "), strings.Join(unknown.calls[i], " "); a != b {
			t.Errorf("answer %d asks the stores: known\n%s\nunknown\n%s\n%.200s", i, a, b, p.seen[i])
		}
	}
}
