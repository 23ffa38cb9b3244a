package main

import (
	"errors"
	"strings"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// hookTable is the table [hook]: a program that takes texts, and mails where there is
// no mail server, as signed JSON.
type hookTable struct {
	URL        string `toml:"url"`
	SecretFile string `toml:"secret_file"` // or GATEHOUSE_HOOK_SECRET, GATEHOUSE_HOOK_SECRET_FILE

	// Secret is one "whsec_…", or several with commas between while one is replaced.
	Secret gatehouse.Secret `toml:"-"`
}

// complete finds the secret: the environment before the file.
func (t *hookTable) complete(lookup func(string) string) (err error) {
	t.Secret, err = secretOf(lookup, "GATEHOUSE_HOOK_SECRET", t.SecretFile)
	return err
}

// secretOf returns the secret in the variable name, in the file that its twin with
// _FILE names, or else in the file at path; "" where none is given.
func secretOf(lookup func(string) string, name, path string) (gatehouse.Secret, error) {
	value, file := lookup(name), lookup(name+"_FILE")
	switch {
	case value != "" && file != "":
		return "", errors.New(name + " and " + name + "_FILE are both set: keep one")
	case value != "":
		return gatehouse.Secret(value), nil
	case file != "":
		path = file
	}
	if path == "" {
		return "", nil
	}
	text, err := secretfile.Read(path)
	return gatehouse.Secret(text), err
}

func (t hookTable) sender() (notify.Sender, error) {
	if t.URL == "" {
		return nil, nil
	}
	var secrets []notify.Password
	for secret := range strings.SplitSeq(string(t.Secret), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			secrets = append(secrets, notify.Password(secret))
		}
	}
	return notify.NewHook(notify.HookConfig{URL: t.URL, Secrets: secrets})
}

// sender returns what delivers messages: mails go to the mail server if there is one,
// everything else to the hook. nil where there is neither.
func (s settings) sender() (notify.Sender, error) {
	smtp, err := s.smtp.sender()
	if err != nil {
		return nil, err
	}
	hook, err := s.hook.sender()
	switch {
	case err != nil:
		return nil, err
	case hook == nil:
		return smtp, nil
	case smtp == nil:
		return hook, nil
	}
	return notify.ByChannel{notify.Mail: smtp, notify.SMS: hook}, nil
}
