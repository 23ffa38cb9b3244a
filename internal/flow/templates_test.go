package flow_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

func TestTemplatesInPlace(t *testing.T) {
	w := newWorld(t, func(c *flow.Config) {
		c.Settings = func() flow.Settings {
			s := defaults()
			s.AppName, s.TicketURL = "Tom & Jerry", "https://app.example.com/v1/tickets/accept"
			return s
		}
		c.Templates = fstest.MapFS{
			"invitation.txt":  {Data: []byte("Come to {{.AppName}}\n\nWithin {{.Days}} days: {{.Link}}\n")},
			"invitation.html": {Data: []byte("<p>{{.AppName}} <a href=\"{{.Link}}\">waits</a></p>")},
		}
	})
	issued, err := w.Invite(t.Context(), flow.NewInvitation{NewInvitation: user.NewInvitation{EmailAddress: joe}, Notify: true})
	must(t, err)
	m := w.outbox.Messages(joe)[0]
	if m.Subject != "Come to Tom & Jerry" || m.Text != "Within 30 days: "+issued[0].Link+"\n" {
		t.Errorf("subject %q, text %q", m.Subject, m.Text)
	}
	if !strings.Contains(m.HTML, "<p>Tom &amp; Jerry <a href=") {
		t.Errorf("C-12: not escaped: %s", m.HTML)
	}
	// The others are as ever.
	w.person(jane)
	w.browser().started("new@example.com")
	if m := w.outbox.Messages("new@example.com")[0]; !strings.Contains(m.Text, "code for Tom & Jerry") {
		t.Errorf("text %q", m.Text)
	}
}

func TestTemplatesThatFail(t *testing.T) {
	base := newWorld(t)
	for name, files := range map[string]fstest.MapFS{
		"unknown name":  {"invitations.txt": {Data: []byte("x")}},
		"folder":        {"invitation.txt/x": {Data: []byte("x")}},
		"malformed":     {"invitation.txt": {Data: []byte("{{.AppName")}},
		"unknown field": {"invitation.txt": {Data: []byte("{{.Password}}")}},
		"in HTML":       {"invitation.html": {Data: []byte("{{.Password}}")}},
		"bad HTML":      {"invitation.html": {Data: []byte("<a href=\"{{.Link}}")}},
		"text message":  {"verification_code.sms.txt": {Data: []byte("{{.Nothing}}")}},
	} {
		_, err := flow.New(flow.Config{
			Users: base.users, Sessions: base.sessions, Attempts: base.store, Limits: base.store, Sender: base.outbox,
			Settings: base.Settings, Pepper: make([]byte, 32), Templates: files,
		})
		if err == nil || !strings.Contains(err.Error(), "Templates") {
			t.Errorf("%s: New = %v, want an error that names Templates", name, err)
		}
	}
}
