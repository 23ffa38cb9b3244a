package notify_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
)

func newSMTP(t *testing.T, s *smtpServer, change func(*notify.SMTPConfig)) *notify.SMTP {
	t.Helper()
	cfg := notify.SMTPConfig{
		Host: "127.0.0.1", Port: s.port, From: "Example App <app@example.com>", HELO: "localhost",
		TLSConfig: &tls.Config{RootCAs: s.roots, ServerName: "mail.example.com"},
	}
	if change != nil {
		change(&cfg)
	}
	sender, err := notify.NewSMTP(cfg)
	if err != nil {
		t.Fatalf("NewSMTP: %v", err)
	}
	return sender
}

func codeMail() notify.Message {
	return notify.Message{
		ID: "msg_2x", Channel: notify.Mail, Kind: "verification_code", To: "jane@example.org",
		Subject: "123456 is your Exämple code", Text: "Hello Jörg,\n\n123456 is your code.\n",
		HTML: "<p>Hello Jörg, <b>123456</b></p>", Code: "123456", At: time.Unix(1700000000, 0),
	}
}

func TestSMTPSendsWhatWasWritten(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server *smtpServer
		policy notify.TLSPolicy
		user   string
	}{
		{"starttls", &smtpServer{starttls: true}, notify.TLSStart, "mailer"},
		{"implicit", &smtpServer{implicit: true}, notify.TLSImplicit, "mailer"},
		{"none", &smtpServer{}, notify.TLSNone, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startSMTP(t, tt.server)
			sender := newSMTP(t, server, func(c *notify.SMTPConfig) {
				c.TLS, c.Username, c.Password = tt.policy, tt.user, "s3cret"
			})
			if err := sender.Send(t.Context(), codeMail()); err != nil {
				t.Fatalf("Send: %v", err)
			}
			got := server.received(t)
			if got.from != "app@example.com" || got.to != "jane@example.org" {
				t.Errorf("envelope = %q → %q", got.from, got.to)
			}
			if got.encrypted != (tt.policy != notify.TLSNone) {
				t.Errorf("encrypted = %v under policy %s", got.encrypted, tt.policy)
			}
			if want := map[bool]string{true: "mailer/s3cret", false: ""}[tt.user != ""]; got.login != want {
				t.Errorf("login = %q, want %q", got.login, want)
			}
			checkMail(t, got.data)
		})
	}
}

func checkMail(t *testing.T, data string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("what arrived is no mail: %v\n%s", err, data)
	}
	word := new(mime.WordDecoder)
	subject, err := word.DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != codeMail().Subject {
		t.Errorf("Subject = %q (%v), want %q", subject, err, codeMail().Subject)
	}
	for header, want := range map[string]string{
		"Message-Id": "<msg_2x@example.com>", "Auto-Submitted": "auto-generated",
		"From": `"Example App" <app@example.com>`, "To": "<jane@example.org>",
	} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s = %q, want %q", header, got, want)
		}
	}
	if date, err := m.Header.Date(); err != nil || !date.Equal(codeMail().At) {
		t.Errorf("Date = %v (%v), want %v", date, err, codeMail().At)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type = %q (%v)", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{codeMail().Text, codeMail().HTML} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatalf("next part: %v", err)
		}
		var body io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		text, err := io.ReadAll(body)
		if err != nil || strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")) != strings.TrimSpace(want) {
			t.Errorf("part = %q (%v), want %q", text, err, want)
		}
	}
}

func TestSMTPRefusals(t *testing.T) {
	for _, tt := range []struct {
		name     string
		server   *smtpServer
		policy   notify.TLSPolicy
		rejected bool
	}{
		{"no_such_mailbox_is_for_good", &smtpServer{starttls: true, rcpt: "550 5.1.1 no such user"}, notify.TLSStart, true},
		{"mailbox_busy_is_not", &smtpServer{starttls: true, rcpt: "450 4.2.1 try later"}, notify.TLSStart, false},
		{"server_without_starttls_gets_no_mail", &smtpServer{}, notify.TLSStart, false},
		{"certificate_of_another_is_refused", &smtpServer{starttls: true, stranger: true}, notify.TLSStart, false},
		{"wrong_login", &smtpServer{starttls: true, noLogin: true}, notify.TLSStart, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startSMTP(t, tt.server)
			sender := newSMTP(t, server, func(c *notify.SMTPConfig) {
				c.TLS, c.Username, c.Password = tt.policy, "mailer", "s3cret"
			})
			err := sender.Send(t.Context(), codeMail())
			if err == nil {
				t.Fatal("Send succeeded")
			}
			if errors.Is(err, notify.ErrRejected) != tt.rejected {
				t.Errorf("Send = %v, ErrRejected wanted: %v", err, tt.rejected)
			}
			// L-01, L-06: errors go to the log.
			for _, secret := range []string{"123456", "jane@example.org", "s3cret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error %q quotes %q", err, secret)
				}
			}
			if n := server.count(); n != 0 {
				t.Errorf("%d mails arrived", n)
			}
		})
	}
}

// C-12: a mail goes to one bare address, or nowhere.
func TestSMTPTakesBareAddressesOnly(t *testing.T) {
	server := startSMTP(t, &smtpServer{starttls: true})
	sender := newSMTP(t, server, nil)
	for _, to := range []string{
		"", "jane", "Jane <jane@example.org>", "jane@example.org, eve@example.org",
		"jane@example.org\r\nBcc: eve@example.org", "<jane@example.org>", "jane@example.org ",
	} {
		m := codeMail()
		m.To = to
		if err := sender.Send(t.Context(), m); !errors.Is(err, notify.ErrRejected) {
			t.Errorf("Send to %q = %v, want ErrRejected", to, err)
		}
	}
	m := codeMail()
	m.Subject = "x\r\nBcc: eve@example.org"
	if err := sender.Send(t.Context(), m); err != nil {
		t.Fatalf("Send: %v", err)
	}
	got, err := mail.ReadMessage(strings.NewReader(server.received(t).data))
	if err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("Bcc") != "" {
		t.Error("a line break in the subject made a header")
	}
}

func TestSMTPKnowsMailOnly(t *testing.T) {
	server := startSMTP(t, &smtpServer{starttls: true})
	m := codeMail()
	m.Channel = notify.SMS
	if err := newSMTP(t, server, nil).Send(t.Context(), m); !errors.Is(err, notify.ErrChannel) {
		t.Errorf("Send = %v, want ErrChannel", err)
	}
}

func TestSMTPGivesUp(t *testing.T) {
	server := startSMTP(t, &smtpServer{silent: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		server.accepted(t)
		cancel()
	}()
	if err := newSMTP(t, server, nil).Send(ctx, codeMail()); err == nil {
		t.Error("Send to a silent server succeeded")
	}
}

func TestNewSMTPNamesTheBadField(t *testing.T) {
	ok := notify.SMTPConfig{Host: "mail.example.com", From: "app@example.com"}
	for _, tt := range []struct {
		field  string
		change func(*notify.SMTPConfig)
	}{
		{"Host", func(c *notify.SMTPConfig) { c.Host = "" }},
		{"From", func(c *notify.SMTPConfig) { c.From = "app" }},
		{"From", func(c *notify.SMTPConfig) { c.From = "" }},
		{"TLS", func(c *notify.SMTPConfig) { c.TLS = "maybe" }},
		{"Port", func(c *notify.SMTPConfig) { c.Port = 70000 }},
		{"Username", func(c *notify.SMTPConfig) { c.TLS, c.Username = notify.TLSNone, "mailer" }},
	} {
		cfg := ok
		tt.change(&cfg)
		if _, err := notify.NewSMTP(cfg); err == nil || !strings.Contains(err.Error(), tt.field) {
			t.Errorf("NewSMTP with a bad %s = %v", tt.field, err)
		}
	}
	if _, err := notify.NewSMTP(ok); err != nil {
		t.Errorf("NewSMTP = %v", err)
	}
}

// L-01: neither a password nor what a message says gets into a log by accident.
func TestSecretsPrintRedacted(t *testing.T) {
	cfg := notify.SMTPConfig{Password: "s3cret"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, cfg); strings.Contains(got, "s3cret") {
			t.Errorf("%s prints the password: %s", format, got)
		}
	}
	if got := codeMail().LogValue().String(); strings.Contains(got, "123456") || strings.Contains(got, "jane") {
		t.Errorf("LogValue = %s", got)
	}
}
