package frontendapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// victim is somebody whose things others try to get at.
type victim struct {
	s     *server
	email string
	user  user.ID
	here  *browser // signed in

	n        int      // of victims before
	attempts []string // that are kept of the victim
}

const neighbour = "neighbour@example.com"

// object is something of a victim's that a route names by its id.
type object struct {
	owner *browser
	id    string
	body  url.Values // what the owner would be granted: the right code, the right password
}

// objectOf makes, for every route with an id, what it is about. A route that is not here
// fails the test.
var objectOf = map[string]func(v *victim) object{
	"GET /v1/client/sign_ups/{id}":                       func(v *victim) object { return v.signUp(nil) },
	"PATCH /v1/client/sign_ups/{id}":                     func(v *victim) object { return v.signUp(form("first_name", "Eve")) },
	"POST /v1/client/sign_ups/{id}/prepare_verification": func(v *victim) object { return v.signUp(form("strategy", "email_code")) },
	"POST /v1/client/sign_ups/{id}/attempt_verification": func(v *victim) object {
		o := v.signUp(nil)
		o.owner.post("/v1/client/sign_ups/"+o.id+"/prepare_verification", form("strategy", "email_code")).ok()
		o.body = form("strategy", "email_code", "code", v.s.code("new-"+v.email))
		return o
	},

	"GET /v1/client/sign_ins/{id}": func(v *victim) object { return v.signIn(nil) },
	"POST /v1/client/sign_ins/{id}/prepare_first_factor": func(v *victim) object {
		return v.signIn(form("strategy", "email_code", "email_address_id", string(v.address(user.KindEmailAddress, true).ID)))
	},
	"POST /v1/client/sign_ins/{id}/attempt_first_factor": func(v *victim) object {
		return v.signIn(form("strategy", "password", "password", password))
	},
	"POST /v1/client/sign_ins/{id}/reset_password": func(v *victim) object {
		o := v.signIn(form("password", "a password that is new"))
		path := "/v1/client/sign_ins/" + o.id
		o.owner.post(path+"/prepare_first_factor", form("strategy", "reset_password_email_code")).ok()
		o.owner.post(path+"/attempt_first_factor", form("strategy", "reset_password_email_code", "code", v.s.code(v.email))).ok()
		return o
	},

	"POST /v1/client/sign_ins/{id}/prepare_second_factor": func(v *victim) object { return v.signIn(form("strategy", "phone_code")) },
	"POST /v1/client/sign_ins/{id}/attempt_second_factor": func(v *victim) object { return v.signIn(form("strategy", "totp", "code", "000000")) },

	"GET /v1/client/sessions/{id}":         func(v *victim) object { return v.session(nil) },
	"POST /v1/client/sessions/{id}/touch":  func(v *victim) object { return v.session(form("intent", "select_session")) },
	"POST /v1/client/sessions/{id}/end":    func(v *victim) object { return v.session(nil) },
	"POST /v1/client/sessions/{id}/remove": func(v *victim) object { return v.session(nil) },
	"POST /v1/client/sessions/{id}/tokens": func(v *victim) object { return v.session(nil) },
	"POST /v1/client/sessions/{id}/verify": func(v *victim) object { return v.session(form("level", "first_factor")) },
	"POST /v1/client/sessions/{id}/verify/prepare_first_factor": func(v *victim) object {
		return v.stepUp(form("strategy", "email_code"))
	},
	"POST /v1/client/sessions/{id}/verify/attempt_first_factor": func(v *victim) object {
		return v.stepUp(form("strategy", "password", "password", password))
	},

	"POST /v1/client/sessions/{id}/verify/prepare_second_factor": func(v *victim) object { return v.stepUp(form("strategy", "phone_code")) },
	"POST /v1/client/sessions/{id}/verify/attempt_second_factor": func(v *victim) object {
		return v.stepUp(form("strategy", "totp", "code", "000000"))
	},
	"POST /v1/client/sessions/{id}/tokens/{template}": func(v *victim) object {
		v.s.template("t", `{"of":"{{user.id}}"}`)
		return v.session(nil)
	},

	"GET /v1/me/email_addresses/{id}":                       func(v *victim) object { return v.added(user.KindEmailAddress) },
	"DELETE /v1/me/email_addresses/{id}":                    func(v *victim) object { return v.added(user.KindEmailAddress) },
	"POST /v1/me/email_addresses/{id}/prepare_verification": func(v *victim) object { return v.added(user.KindEmailAddress) },
	"POST /v1/me/email_addresses/{id}/attempt_verification": func(v *victim) object { return v.proving(user.KindEmailAddress) },
	"GET /v1/me/phone_numbers/{id}":                         func(v *victim) object { return v.added(user.KindPhoneNumber) },
	"DELETE /v1/me/phone_numbers/{id}":                      func(v *victim) object { return v.added(user.KindPhoneNumber) },
	"POST /v1/me/phone_numbers/{id}/prepare_verification":   func(v *victim) object { return v.added(user.KindPhoneNumber) },
	"POST /v1/me/phone_numbers/{id}/attempt_verification":   func(v *victim) object { return v.proving(user.KindPhoneNumber) },
	"PATCH /v1/me/phone_numbers/{id}": func(v *victim) object {
		o := v.added(user.KindPhoneNumber)
		o.body = form("reserved_for_second_factor", "true")
		return o
	},
	"POST /v1/me/sessions/{id}/revoke": func(v *victim) object {
		there := v.s.browser()
		there.signIn(v.email)
		return object{owner: v.here, id: there.sessionID}
	},
}

// grant is what the owner is answered. Second factors are off, which nobody else is told
// of somebody's object.
func grant(method, pattern string) string {
	if strings.HasSuffix(pattern, "_second_factor") || method == http.MethodPatch && pattern == "/v1/me/phone_numbers/{id}" {
		return "403 feature_not_enabled"
	}
	return "200 "
}

// told is what an actor is answered who asks for a victim's object by a route: the
// status and the code, or granted.
func told(actor, granted, pattern, need string) string {
	const nobody, unknown = "401 authentication_invalid", "404 resource_not_found"
	switch {
	case actor == "owner":
		return granted
	case actor == "anonymous", actor == "banned" && need == "self":
		return nobody
	case actor == "neighbour" && need != "self":
		return granted // what belongs to a browser belongs to everybody in it
	}
	// Dead, foreign and unknown sessions are alike: the SDK then fetches the client anew.
	for _, step := range []string{"touch", "end", "remove", "tokens", "tokens/{template}"} {
		if strings.HasSuffix(pattern, "/client/sessions/{id}/"+step) {
			return nobody
		}
	}
	return unknown
}

// A-01, S-11: every route that names an object answers everybody but its owner as if there
// were none, and does nothing.
func TestObjectsOfOthers(t *testing.T) {
	s := newServer(t, withPhones)
	s.settings.Reverification = false // it is not to be what refuses
	stranger, banned := s.signUp("stranger@example.com"), s.signUp("banned@example.com")
	_, err := s.users.Ban(t.Context(), user.ID(banned.userID))
	must(t, err)
	s.signUp(neighbour)

	n := 0
	s.each(func(method, pattern, need string) {
		if !strings.Contains(pattern, "{id}") {
			return
		}
		t.Run(method+" "+pattern, func(t *testing.T) {
			objectOf := objectOf[method+" "+pattern]
			if objectOf == nil {
				t.Fatal("the route names an object, and nobody tried to get at somebody else's: add it to objectOf")
			}
			n++
			s.clock.Advance(time.Minute) // limits by client
			v := s.victim(fmt.Sprintf("victim%d@example.com", n))
			v.n = n
			o := objectOf(v)
			s.clock.Advance(31 * time.Second) // between two codes
			actors := []struct {
				name string
				*browser
			}{{"anonymous", s.browser()}, {"stranger", stranger}, {"banned", banned}, {"neighbour", o.owner.neighbour()}, {"owner", o.owner}}
			for _, actor := range actors {
				path := strings.NewReplacer("{id}", o.id, "{template}", "t").Replace(pattern)
				if need == "self" {
					path += "?_clerk_session_id=" + actor.sessionID
				}
				granted := grant(method, pattern)
				want := told(actor.name, granted, pattern, need)
				if actor.name == "neighbour" && want == granted {
					continue // as the owner, who comes next
				}
				before := v.state()
				a := actor.send(method, path, strings.NewReader(o.body.Encode()), "application/x-www-form-urlencoded")
				if got := fmt.Sprintf("%d %s", a.status, a.code()); got != want {
					t.Errorf("%s: %s, want %s: %s", actor.name, got, want, a.raw)
				}
				if want == granted {
					continue
				}
				if after := v.state(); after != before {
					t.Errorf("%s changed the victim's\n%s\nto\n%s", actor.name, before, after)
				}
				if actor.name != "neighbour" && (strings.Contains(a.raw, v.email) || strings.Contains(a.raw, string(v.user))) {
					t.Errorf("%s sees the victim: %s", actor.name, a.raw)
				}
			}
		})
	})
	if n != len(objectOf) {
		t.Errorf("%d routes were tried, the table has %d", n, len(objectOf))
	}
}

// an id in a body is an object, too.
func TestObjectsOfOthersInBodies(t *testing.T) {
	s := newServer(t, withPhones)
	s.settings.Reverification = false
	s.signUp(neighbour)
	eve, v := s.signUp("eve@example.com"), s.victim("victim@example.com")
	email, phone := v.added(user.KindEmailAddress).id, v.added(user.KindPhoneNumber).id
	primary := string(v.address(user.KindEmailAddress, true).ID)
	other := s.browser()
	in := other.post("/v1/client/sign_ins", form("identifier", "eve@example.com")).ok().text("response.id")
	eve.post("/v1/client/sessions/"+eve.sessionID+"/verify", form("level", "first_factor")).ok()

	before := v.state()
	for _, c := range []struct {
		name string
		call func() *answer
		want string
	}{
		{"primary e-mail address", func() *answer {
			return eve.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", primary))
		}, "422 form_resource_not_found"},
		{"primary e-mail address that is not proved", func() *answer {
			return eve.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", email))
		}, "422 form_resource_not_found"},
		{"primary phone number", func() *answer {
			return eve.me(http.MethodPatch, "/v1/me", form("primary_phone_number_id", phone))
		}, "422 form_resource_not_found"},
		{"address of a sign-in's code", func() *answer {
			return other.post("/v1/client/sign_ins/"+in+"/prepare_first_factor", form("strategy", "email_code", "email_address_id", primary))
		}, "400 strategy_for_user_invalid"},
		{"address of a step-up's code", func() *answer {
			return eve.post("/v1/client/sessions/"+eve.sessionID+"/verify/prepare_first_factor", form("strategy", "email_code", "email_address_id", primary))
		}, "400 strategy_for_user_invalid"},
		{"number of a step-up's code", func() *answer {
			return eve.post("/v1/client/sessions/"+eve.sessionID+"/verify/prepare_first_factor", form("strategy", "phone_code", "phone_number_id", phone))
		}, "400 strategy_for_user_invalid"},
	} {
		a := c.call()
		if got := fmt.Sprintf("%d %s", a.status, a.code()); got != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, got, c.want, a.raw)
		}
		if strings.Contains(a.raw, "victim") {
			t.Errorf("%s: the answer shows the victim: %s", c.name, a.raw)
		}
	}
	if after := v.state(); after != before {
		t.Errorf("the victim's\n%s\nbecame\n%s", before, after)
	}
}

func withPhones(_ *frontendapi.Config, s *flow.Settings) {
	s.PhoneNumber = flow.Attribute{Enabled: true, FirstFactor: true, VerifyAtSignUp: true}
	s.Strategies = append(s.Strategies, "phone_code")
}

// victim signs somebody up, on a browser where a neighbour is signed in as well.
func (s *server) victim(email string) *victim {
	s.t.Helper()
	b := s.shared().signUp(email)
	return &victim{s: s, email: email, user: user.ID(b.userID), here: b}
}

// shared is a browser that a neighbour is signed in on.
func (s *server) shared() *browser {
	s.t.Helper()
	b := s.browser()
	b.signIn(neighbour)
	b.neighbourID = b.sessionID
	return b
}

// neighbour is the browser as its neighbour uses it.
func (b *browser) neighbour() *browser {
	other := *b // with the same cookies
	other.sessionID = b.neighbourID
	return &other
}

// signUp begins one, with an address of its own.
func (v *victim) signUp(body url.Values) object {
	v.s.t.Helper()
	b := v.s.shared()
	a := b.post("/v1/client/sign_ups", form("email_address", "new-"+v.email, "password", password)).ok()
	v.attempts = append(v.attempts, a.text("response.id"))
	return object{owner: b, id: a.text("response.id"), body: body}
}

// signIn begins one.
func (v *victim) signIn(body url.Values) object {
	v.s.t.Helper()
	b := v.s.shared()
	a := b.post("/v1/client/sign_ins", form("identifier", v.email)).ok()
	v.attempts = append(v.attempts, a.text("response.id"))
	return object{owner: b, id: a.text("response.id"), body: body}
}

func (v *victim) session(body url.Values) object {
	return object{owner: v.here, id: v.here.sessionID, body: body}
}

// stepUp begins to prove a factor again.
func (v *victim) stepUp(body url.Values) object {
	v.s.t.Helper()
	o := v.session(body)
	o.owner.post("/v1/client/sessions/"+o.id+"/verify", form("level", "first_factor")).ok()
	v.attempts = append(v.attempts, strings.Replace(o.id, "sess_", "rvf_", 1))
	return o
}

// added is an address that waits for its proof.
func (v *victim) added(k user.Kind) object {
	v.s.t.Helper()
	value, path := "more-"+v.email, "/v1/me/email_addresses"
	if k == user.KindPhoneNumber {
		value, path = "+1201555"+fmt.Sprintf("01%02d", v.n), "/v1/me/phone_numbers"
	}
	a := v.here.me(http.MethodPost, path, form(string(k), value)).ok()
	return object{owner: v.here, id: a.text("response.id")}
}

// proving is an added address and the right code.
func (v *victim) proving(k user.Kind) object {
	v.s.t.Helper()
	o, path := v.added(k), "/v1/me/email_addresses/"
	if k == user.KindPhoneNumber {
		path = "/v1/me/phone_numbers/"
	}
	v.here.me(http.MethodPost, path+o.id+"/prepare_verification", nil).ok()
	v.attempts = append(v.attempts, strings.Replace(o.id, "idn_", "iva_", 1))
	o.body = form("code", v.s.code(v.address(k, false).Value))
	return o
}

// address is one of the victim's addresses of a kind, a verified one or one that is not.
func (v *victim) address(k user.Kind, verified bool) user.Identification {
	v.s.t.Helper()
	u, err := v.s.users.ByID(v.s.t.Context(), v.user)
	must(v.s.t, err)
	for _, i := range u.Identifications {
		if i.Kind == k && i.Verified() == verified {
			return i
		}
	}
	v.s.t.Fatalf("the victim has no such %s", k)
	return user.Identification{}
}

// state is all that is stored of the victim, and how much they were sent.
func (v *victim) state() string {
	t, now := v.s.t, v.s.clock.Now()
	t.Helper()
	u, err := v.s.users.ByID(t.Context(), v.user)
	must(t, err)
	sessions, err := v.s.sessions.OfUser(t.Context(), string(v.user))
	must(t, err)
	stored, err := json.Marshal(u)
	must(t, err)
	state := fmt.Sprintf("%s %s\n%+v\n", stored, string(u.PasswordDigest), sessions)
	for _, id := range v.attempts {
		a, err := v.s.store.Attempt(t.Context(), id, now)
		must(t, err)
		state += fmt.Sprintf("%s %d %s\n", a.ID, a.Version, a.Data)
	}
	for _, i := range u.Identifications {
		state += fmt.Sprintf("%d messages to %s\n", len(v.s.outbox.Messages(i.Value)), i.Value)
	}
	return state
}
