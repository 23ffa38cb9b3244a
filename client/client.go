// Package client calls the Backend API of a Gatehouse server: over HTTP, or in the
// process that the server runs in.
//
//	c, err := client.New(client.Config{URL: "https://app.example.com/api", SecretKey: key})
//	u, err := c.Users.Get(ctx, "user_2f…")
//
// An app that embeds the server gets the same client without a network from
// gatehouse.Server.BackendAPI. Handlers that only want to know who a request is from
// need neither: see package middleware.
//
// # Lists
//
// List returns one page. All ranges over everything, a page at a time:
//
//	for u, err := range c.Users.All(ctx, client.UserQuery{Query: "ada"}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(u.ID)
//	}
//
// # Changes
//
// What a change leaves out stays as it is. [Set] and [Clear] say what does not:
//
//	c.Users.Update(ctx, id, client.UserChange{
//		FirstName: client.Set("Ada"),
//		Username:  client.Clear[string](),
//	})
//
// # Errors
//
// What the server refuses is an [*Error], with codes to branch on; errors.Is knows
// [ErrNotFound] and others. Text that is no id is an [*IDError]: it never becomes part of a
// URL, so it reaches no other route than the one meant (I-09).
//
// # What it repeats
//
// GET, PUT and DELETE are sent again after 502, 503, 504 or a broken connection, and
// everything after 429, which says that nothing was done, if the wait that the server asks
// for is at most 15 seconds. It waits between tries, longer each time, and no longer than
// the context allows. Nothing else is repeated: a POST may have been done.
package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Version is the version of the Backend API that the client speaks.
const Version = "2026-05-12"

// DefaultTimeout bounds a request, its answer included, where Config.HTTPClient is nil.
const DefaultTimeout = 30 * time.Second

// Config sets up a Client.
type Config struct {
	// URL is where the Backend API is: "https://app.example.com/api", what official SDKs
	// call CLERK_API_URL. The /v1 that follows is the client's own; it may be given.
	// Required unless Handler is set.
	URL string
	// Handler is the Backend API in this process, which answers instead of URL.
	Handler http.Handler
	// SecretKey is shown with each request, to this URL alone: redirects are not
	// followed. Required.
	SecretKey Secret
	// HTTPClient sends requests to URL; nil is one with DefaultTimeout. Its
	// CheckRedirect and Jar are not used.
	HTTPClient *http.Client
	// MaxRetries is how often a request is repeated at most, see the package comment;
	// 0 means 3, and a negative number never.
	MaxRetries int
}

// Client calls one server. It is safe for concurrent use.
type Client struct {
	Users          Users
	EmailAddresses EmailAddresses
	PhoneNumbers   PhoneNumbers
	Sessions       Sessions
	SignInTokens   SignInTokens
	ActorTokens    ActorTokens
	Invitations    Invitations
	JWTTemplates   JWTTemplates
	TestingTokens  TestingTokens
	Jobs           Jobs
	SigningKeys    SigningKeys
	SecretKeys     SecretKeys
	Instance       Instance

	base    *url.URL      // with /v1
	key     func() string // a function prints as an address, whatever prints the Client (L-02)
	http    *http.Client
	retries int
}

// New checks cfg and returns a Client; the error names the bad field. It sends nothing.
func New(cfg Config) (*Client, error) {
	c := &Client{key: func() string { return string(cfg.SecretKey) }, retries: cfg.MaxRetries}
	if c.retries == 0 {
		c.retries = 3
	}
	if cfg.SecretKey == "" || strings.ContainsFunc(string(cfg.SecretKey), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("client: Config.SecretKey is missing, or has characters that no key has")
	}
	switch {
	case cfg.Handler != nil && cfg.URL != "":
		return nil, errors.New("client: Config.URL and Config.Handler are both set: keep one")
	case cfg.Handler != nil:
		c.base = &url.URL{Scheme: "http", Host: inProcessHost, Path: "/v1"}
		c.http = &http.Client{Transport: inProcess{cfg.Handler}}
	default:
		base, err := parseURL(cfg.URL)
		if err != nil {
			return nil, err
		}
		c.base, c.http = base, &http.Client{Timeout: DefaultTimeout}
		if cfg.HTTPClient != nil {
			c.http = &http.Client{Transport: cfg.HTTPClient.Transport, Timeout: cfg.HTTPClient.Timeout}
		}
	}
	// The key is for this server alone.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.services()
	return c, nil
}

func (c *Client) services() {
	c.Users = Users{c}
	c.EmailAddresses = EmailAddresses{c}
	c.PhoneNumbers = PhoneNumbers{c}
	c.Sessions = Sessions{c}
	c.SignInTokens = SignInTokens{c}
	c.ActorTokens = ActorTokens{c}
	c.Invitations = Invitations{c}
	c.JWTTemplates = JWTTemplates{c}
	c.TestingTokens = TestingTokens{c}
	c.Jobs = Jobs{c}
	c.SigningKeys = SigningKeys{c}
	c.SecretKeys = SecretKeys{c}
	c.Instance = Instance{c}
}

// parseURL reads Config.URL and brings it to the form that ends in /v1.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("client: Config.URL is no absolute http or https URL, such as https://app.example.com/api")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("client: Config.URL has more than host and path: https://%s%s would do", u.Host, u.EscapedPath())
	}
	path := strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path + "/v1"}, nil
}

// String names the server, never the key.
func (c *Client) String() string { return "client of " + c.base.Redacted() }
