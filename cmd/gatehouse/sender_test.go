package main

import (
	"encoding/base64"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// Mails go to the mail server if there is one, texts to the hook.
func TestSender(t *testing.T) {
	smtp := smtpTable{Host: "mail.example.com", From: "app@example.com"}
	hook := hookTable{
		URL:    "https://hooks.example.com",
		Secret: gatehouse.Secret("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24))),
	}
	for name, tt := range map[string]struct {
		settings settings
		is       func(notify.Sender) bool
	}{
		"neither": {settings{}, func(s notify.Sender) bool { return s == nil }},
		"smtp":    {settings{smtp: smtp}, func(s notify.Sender) bool { _, ok := s.(*notify.SMTP); return ok }},
		"hook":    {settings{hook: hook}, func(s notify.Sender) bool { _, ok := s.(*notify.Hook); return ok }},
		"both": {settings{smtp: smtp, hook: hook}, func(s notify.Sender) bool {
			by, _ := s.(notify.ByChannel)
			_, mails := by[notify.Mail].(*notify.SMTP)
			_, texts := by[notify.SMS].(*notify.Hook)
			return mails && texts
		}},
	} {
		if s, err := tt.settings.sender(); err != nil || !tt.is(s) {
			t.Errorf("%s: %T, %v", name, s, err)
		}
	}
}
