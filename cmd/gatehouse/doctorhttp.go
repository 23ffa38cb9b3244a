package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
)

const (
	doctorTimeout  = 5 * time.Second
	maxDoctorBytes = 64 << 10
	maxKeys        = 16
)

// fetcher asks like a browser but follows nothing by itself.
type fetcher struct{ http *http.Client }

func newFetcher() fetcher {
	return fetcher{&http.Client{
		Timeout:       doctorTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response whose body was read, up to a bound.
type answer struct {
	*http.Response
	body []byte
	here time.Time // the clock here when it came
}

func (c fetcher) get(ctx context.Context, address string, header map[string]string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	res, err := c.http.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which the finding names
		}
		return nil, err
	}
	defer res.Body.Close()
	here := time.Now()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDoctorBytes))
	return &answer{res, body, here}, err
}

// checkServer looks at the server as its public URL shows it.
func (d *doctor) checkServer(ctx context.Context) {
	const check = "public URL"
	address := d.PublicURL + "/.well-known/jwks.json"
	res, err := d.fetcher.get(ctx, address, nil)
	switch {
	case err != nil:
		d.fail(check, d.PublicURL+" cannot be reached from here: "+err.Error(), "Start the server, or correct the public URL, DNS or the proxy; browsers have to reach it, too.")
		return
	case res.StatusCode >= 300 && res.StatusCode < 400:
		d.fail(check, fmt.Sprintf("%s redirects to %s", d.PublicURL, res.Header.Get("Location")), "Make the address that browsers end up at the public URL: scheme, host and port count.")
		return
	case res.StatusCode == http.StatusBadRequest:
		d.fail(check, d.PublicURL+" answers 400: the server behind it takes itself for another host", "Let the proxy pass the header Host on, and give the server this public URL.")
		return
	case res.StatusCode != http.StatusOK:
		d.fail(check, fmt.Sprintf("%s answers %d for its key set: another program, or a proxy without the server behind it", d.PublicURL, res.StatusCode),
			"Route the public URL to this server, with its path.")
		return
	}
	d.ok(check, "%s answers", d.PublicURL)
	d.checkServerKeys(res.body)
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		// The header is cut to the second.
		d.findings = append(d.findings, gatehouse.ClockFinding("server clock", res.here, at.Add(time.Second/2)))
	}
	d.checkOrigins(ctx)
}

// checkServerKeys compares the keys that the public URL shows with the stored one.
func (d *doctor) checkServerKeys(body []byte) {
	const check = "key set"
	keys, err := jwks.Parse(body, maxKeys)
	if err != nil {
		d.fail(check, "the public URL serves none: "+err.Error(), "Route the public URL to this server.")
		return
	}
	kids := make([]string, len(keys))
	for n, key := range keys {
		kids[n] = key.ID
	}
	switch {
	case d.SigningKey == "": // there is a finding about that
	case slices.Contains(kids, d.SigningKey):
		d.ok(check, "the public URL shows %s", d.SigningKey)
	default:
		d.fail(check, fmt.Sprintf("the server at the public URL signs with other keys (%v) than this configuration's database has (%s)", kids, d.SigningKey),
			"Run the doctor with the server's configuration, or stop the second server that answers there.")
	}
}

// checkOrigins asks whether the server lets the pages of each origin read its answers.
func (d *doctor) checkOrigins(ctx context.Context) {
	origins := slices.Clone(d.origins)
	if d.target != nil {
		origins = append(origins, d.target.Scheme+"://"+d.target.Host)
	}
	slices.Sort(origins)
	for _, origin := range slices.Compact(origins) {
		res, err := d.fetcher.get(ctx, d.PublicURL+"/v1/environment", map[string]string{"Origin": origin})
		switch {
		case err != nil:
			d.fail("origin", "asking for "+origin+": "+err.Error(), "Start the server.")
		case res.Header.Get("Access-Control-Allow-Origin") != origin:
			d.fail("origin", "the server does not let pages of "+origin+" call it", "Add it to allowed_origins (GATEHOUSE_ALLOWED_ORIGINS), scheme, host and port as browsers show them.")
		case res.Header.Get("Access-Control-Allow-Credentials") != "true":
			d.fail("origin", "pages of "+origin+" may call, but without cookies", "Let the proxy leave the Access-Control headers alone.")
		default:
			d.ok("origin", "pages of %s may call the server", origin)
		}
	}
}
