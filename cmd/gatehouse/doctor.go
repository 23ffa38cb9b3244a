package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/gatehouse-dev/gatehouse"
)

// doctorCommand checks a deployment from the inside, through its configuration and
// stores, and from the outside, as browsers meet it.
type doctorCommand struct {
	inspectFlags
	URL            string   `name:"url" placeholder:"URL" help:"A page or route of the app, as browsers call it: https://app.example.com/api/me. The doctor says why it answers 401 or redirects in circles."`
	CookieStdin    bool     `name:"cookie-stdin" help:"Read the value of the browser's Cookie header from standard input and send it to --url. Others on this machine could read it on the command line."`
	PublishableKey string   `name:"publishable-key" placeholder:"KEY" help:"The publishable key that the app has (CLERK_PUBLISHABLE_KEY, NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY or VITE_CLERK_PUBLISHABLE_KEY); compared with the server's."`
	Origins        []string `name:"origin" placeholder:"ORIGIN" help:"An origin whose pages call the server, which has to allow it."`
	Offline        bool     `help:"Look at configuration and stores alone, and send no request."`
}

// errUnwell is the exit code 1 of a deployment with failures.
var errUnwell = errors.New("something keeps people out")

// Run implements command.
func (c *doctorCommand) Run(ctx context.Context, p *program) error {
	if c.PrintConfig {
		return c.printConfig(p)
	}
	target, err := c.target()
	if err != nil {
		return &usageError{err}
	}
	cookie, err := c.cookie(p)
	if err != nil {
		return err
	}
	i, err := c.inspect(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = i.Close() }()
	d := &doctor{Inspection: i, fetcher: newFetcher(), target: target, cookie: cookie, origins: c.Origins}
	d.findings = append(d.findings, i.Findings...)
	if i.PublicURL != "" {
		d.checkKey(c.PublishableKey, p.getenv)
		if !c.Offline {
			d.checkServer(ctx)
		}
		d.checkTarget(ctx, c.Offline)
	}
	return c.report(p.stdout, d.findings)
}

func (c *doctorCommand) target() (*url.URL, error) {
	if c.URL == "" {
		if c.CookieStdin {
			return nil, errors.New("--cookie-stdin needs --url, where to send it")
		}
		return nil, nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errors.New("--url is no http or https URL")
	}
	return u, nil
}

// cookie is the Cookie header on standard input, with or without its name.
func (c *doctorCommand) cookie(p *program) (string, error) {
	if !c.CookieStdin {
		return "", nil
	}
	data, err := io.ReadAll(io.LimitReader(p.stdin, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read cookie: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if name, value, ok := strings.Cut(text, ":"); ok && strings.EqualFold(name, "cookie") {
		text = strings.TrimSpace(value)
	}
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", &usageError{errors.New("standard input holds no Cookie header of one line")}
	}
	return text, nil
}

// report prints the findings and returns errUnwell if one is a failure.
func (c *doctorCommand) report(w io.Writer, findings []gatehouse.Finding) error {
	failures := 0
	for _, f := range findings {
		if f.Status == gatehouse.StatusFailure {
			failures++
		}
	}
	if c.JSON {
		if err := writeJSON(w, map[string]any{"ok": failures == 0, "findings": findings}); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(w, "%-8s %s: %s\n", f.Status, f.Check, printable(f.Detail))
			if f.Fix != "" {
				fmt.Fprintf(w, "%-8s %s\n", "", printable(f.Fix))
			}
		}
	}
	switch failures {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: 1 failure", errUnwell)
	}
	return fmt.Errorf("%w: %d failures, of which the first may cause the others", errUnwell, failures)
}

// doctor collects findings.
type doctor struct {
	*gatehouse.Inspection
	findings []gatehouse.Finding
	fetcher  fetcher
	target   *url.URL // nil without --url
	cookie   string
	origins  []string
}

func (d *doctor) ok(check, format string, args ...any) {
	d.findings = append(d.findings, gatehouse.Finding{Check: check, Status: gatehouse.StatusOK, Detail: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(check, detail, fix string) {
	d.findings = append(d.findings, gatehouse.Finding{Check: check, Status: gatehouse.StatusWarning, Detail: detail, Fix: fix})
}

func (d *doctor) fail(check, detail, fix string) {
	d.findings = append(d.findings, gatehouse.Finding{Check: check, Status: gatehouse.StatusFailure, Detail: detail, Fix: fix})
}

// keyVariables are where official SDKs look for the publishable key.
var keyVariables = []string{"CLERK_PUBLISHABLE_KEY", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "VITE_CLERK_PUBLISHABLE_KEY"}

// checkKey compares the publishable keys that apps have with the server's: it names
// the server and the cookies.
func (d *doctor) checkKey(given string, getenv func(string) string) {
	keys := map[string]string{"--publishable-key": given}
	for _, name := range keyVariables {
		keys[name] = getenv(name)
	}
	for _, name := range append([]string{"--publishable-key"}, keyVariables...) {
		switch keys[name] {
		case "":
		case d.PublishableKey:
			d.ok("publishable key", "%s is the server's", name)
		default:
			d.fail("publishable key", fmt.Sprintf("%s is %s, and this server's is %s: app and server read each other's cookies under other names",
				name, keys[name], d.PublishableKey), "Give the app the server's key, and restart or rebuild it.")
		}
	}
}
