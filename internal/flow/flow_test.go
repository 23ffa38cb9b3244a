package flow_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/user"
)

// enableSecondFactor makes the user's phone number a second factor.
func (w *world) enableSecondFactor(id user.ID) {
	w.t.Helper()
	w.edit(id, func(u *user.User) {
		for i := range u.Identifications {
			if u.Identifications[i].Kind == user.KindPhoneNumber {
				u.Identifications[i].ReservedForSecondFactor = true
			}
		}
	})
}

// dropIdentifications leaves the user nothing to be reached at.
func (w *world) dropIdentifications(id user.ID) {
	w.t.Helper()
	w.edit(id, func(u *user.User) { u.Identifications, u.PrimaryEmailAddressID = nil, "" })
}

func (w *world) edit(id user.ID, fn func(*user.User)) {
	w.t.Helper()
	_, err := w.people.Update(w.t.Context(), id, func(u *user.User) ([]user.Event, error) {
		fn(u)
		return nil, nil
	})
	must(w.t, err)
}

func TestNewNamesTheBadField(t *testing.T) {
	w := newWorld(t)
	ok := flow.Config{
		Users: w.users, Sessions: w.sessions, Attempts: attempts{}, Limits: limits{}, Sender: w.outbox,
		Settings: w.Settings, Pepper: make([]byte, 32),
	}
	for field, change := range map[string]func(*flow.Config){
		"Users":    func(c *flow.Config) { c.Users = nil },
		"Sessions": func(c *flow.Config) { c.Sessions = nil },
		"Attempts": func(c *flow.Config) { c.Attempts = nil },
		"Limits":   func(c *flow.Config) { c.Limits = nil },
		"Sender":   func(c *flow.Config) { c.Sender = nil },
		"Settings": func(c *flow.Config) { c.Settings = nil },
		"Pepper":   func(c *flow.Config) { c.Pepper = c.Pepper[:31] },
		"TestCode": func(c *flow.Config) { c.TestCode = "12345" },
	} {
		cfg := ok
		change(&cfg)
		if _, err := flow.New(cfg); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("New with a bad %s = %v", field, err)
		}
	}
	if _, err := flow.New(ok); err != nil {
		t.Errorf("New = %v", err)
	}
}

// Every refusal has an entry in the catalogue of the APIs.
func TestRefusalsAreKnown(t *testing.T) {
	for _, e := range flow.Refusals() {
		if got := apierr.From(e); got.Code != e.Code || got.Status < 400 || got.Status > 499 {
			t.Errorf("%s is answered %d %s", e.Code, got.Status, got.Code)
		}
	}
}

// C-12: what people typed is escaped and neither carries links nor breaks lines.
func TestMessages(t *testing.T) {
	at := time.UnixMilli(1)
	for _, tt := range []struct{ name, greeting string }{
		{"Jane", "Hello Jane,"},
		{"Jörg-Peter O’Neill", "Hello Jörg-Peter O’Neill,"},
		{"", "Hello,"},
		{"http://evil.example", "Hello,"},
		{"evil.example", "Hello,"},
		{"<b>Jane</b>", "Hello,"},
		{"Jane\r\nBcc: eve@example.com", "Hello,"},
		{"call +1 900 555", "Hello,"},
		{strings.Repeat("a", 129), "Hello,"},
	} {
		for _, kind := range []string{"verification_code", "account_exists", "password_changed", "password_removed", "address_added", "address_removed", "primary_address_changed", "invitation"} {
			if kind == "invitation" && tt.name != "" {
				continue // whoever is invited has no name yet
			}
			m, err := flow.Compose(kind, jane, flow.Words{AppName: "Tom & <Jerry>\r\nBcc: x", Name: tt.name, Code: "123456", Minutes: 10, SignIn: "https://app.example.com/sign-in"}, at)
			must(t, err)
			if m.Kind != kind || m.To != jane || m.Channel != notify.Mail || !m.At.Equal(at) || !strings.HasPrefix(m.ID, "msg_") {
				t.Errorf("message = %+v", m)
			}
			if !strings.HasPrefix(m.Text, tt.greeting+"\n") || !strings.Contains(m.HTML, "<p>"+tt.greeting+"</p>") {
				t.Errorf("%s to %q begins:\n%s", kind, tt.name, m.Text)
			}
			if strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.HTML, "<Jerry>") || !strings.Contains(m.HTML, "Tom &amp; &lt;Jerry&gt;") {
				t.Errorf("%s: subject %q\n%s", kind, m.Subject, m.HTML)
			}
			if kind == "verification_code" && (!strings.Contains(m.Text, "123456") || !strings.Contains(m.HTML, "123456")) {
				t.Errorf("no code in\n%s", m.Text)
			}
		}
	}
	m, err := flow.Compose("account_exists", jane, flow.Words{SignIn: "javascript:alert(1)"}, at)
	must(t, err)
	if strings.Contains(m.HTML, "javascript:") || !strings.Contains(m.Subject, "this app") {
		t.Errorf("message = %+v", m)
	}
}

// L-05: a changed password is told to the verified addresses, and the sessions go on.
func TestPasswordChanged(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{Value: joe})
	})
	ss := w.browser().in(jane)
	_, err := w.users.Update(t.Context(), u.ID, user.Change{Password: new("another good password")})
	must(t, err)
	w.Close()
	if mails := w.outbox.Messages(""); len(mails) != 1 || mails[0].Kind != "password_changed" || mails[0].To != jane {
		t.Errorf("mails = %+v", mails)
	}
	if got, _ := w.sessions.Get(t.Context(), ss.ID); !got.Live(w.clock()) {
		t.Error("the session ended")
	}
	// A mail server that is down does not hold the event up.
	w.failSends(true)
	must(t, w.Engine.HandleUserEvent(context.Background(), user.Event{Type: user.EventPasswordChanged, UserID: u.ID}))
	must(t, w.Engine.HandleUserEvent(context.Background(), user.Event{Type: user.EventPasswordChanged, UserID: "user_gone"}))
}
