package main

import (
	"errors"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// smtpTable is the table [smtp]: the server that takes mails. Without a host no
// mail goes out; a development server then keeps them in its outbox.
type smtpTable struct {
	Host         string `toml:"host"`
	Port         int    `toml:"port"` // 0 means the usual one of the TLS policy
	TLS          string `toml:"tls"`  // "starttls" (default), "implicit", "none"
	Username     string `toml:"username"`
	PasswordFile string `toml:"password_file"` // or GATEHOUSE_SMTP_PASSWORD, GATEHOUSE_SMTP_PASSWORD_FILE
	From         string `toml:"from"`          // "App <no-reply@example.com>"

	Password gatehouse.Secret `toml:"-"`
}

// complete finds the password: the environment before the file.
func (t *smtpTable) complete(lookup func(string) string) error {
	value, path := lookup("GATEHOUSE_SMTP_PASSWORD"), lookup("GATEHOUSE_SMTP_PASSWORD_FILE")
	switch {
	case value != "" && path != "":
		return errors.New("GATEHOUSE_SMTP_PASSWORD and GATEHOUSE_SMTP_PASSWORD_FILE are both set: keep one")
	case value != "":
		t.Password = gatehouse.Secret(value)
		return nil
	case path == "":
		path = t.PasswordFile
	}
	if path == "" {
		return nil
	}
	text, err := secretfile.Read(path)
	t.Password = gatehouse.Secret(text)
	return err
}

// sender returns what delivers mails; nil without a host.
func (t smtpTable) sender() (notify.Sender, error) {
	if t.Host == "" {
		return nil, nil
	}
	return notify.NewSMTP(notify.SMTPConfig{
		Host: t.Host, Port: t.Port, TLS: notify.TLSPolicy(t.TLS),
		Username: t.Username, Password: notify.Password(t.Password), From: t.From,
	})
}
