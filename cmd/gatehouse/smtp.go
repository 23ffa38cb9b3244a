package main

import (
	"github.com/gatehouse-dev/gatehouse"
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
func (t *smtpTable) complete(lookup func(string) string) (err error) {
	t.Password, err = secretOf(lookup, "GATEHOUSE_SMTP_PASSWORD", t.PasswordFile)
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
