// Package outgoing makes the HTTP client for addresses that somebody chose through an
// API, such as a webhook's: it must not become a way into the network that the server
// stands in (N-01).
//
// [NewClient] returns an *http.Client that looks at every IP address at the moment of
// dialling it, after the name was resolved, so that neither a name that resolves
// differently the second time nor another spelling of an address gets past. It takes no
// proxy from the environment, follows no redirect and keeps no cookie.
package outgoing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// ErrForbidden is an address that is not on the public internet and not exempted.
var ErrForbidden = errors.New("outgoing: address is not public")

// The bounds of one request.
const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	maxHeaderBytes   = 64 << 10
)

// Config sets up a client. Its zero value works.
type Config struct {
	// Allow exempts networks that the server may call though they are not public.
	Allow []netip.Prefix
	// Timeout bounds a whole request, reading the answer included; 0 means 15 s.
	Timeout time.Duration
	// RootCAs are trusted in place of the system's; nil means the system's.
	RootCAs *x509.CertPool
}

// NewClient returns a client that dials public and exempted addresses only; others end
// a request with ErrForbidden, wrapped.
func NewClient(cfg Config) *http.Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = 15 * time.Second
	}
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		// Control runs for each address that is about to be dialled, with the name resolved.
		Control: func(_, address string, _ syscall.RawConn) error { return cfg.check(address) },
	}
	return &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			TLSHandshakeTimeout:    handshakeTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true, // what is sent is what is read: no bombs
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// check judges an address with a port.
func (cfg Config) check(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: not an IP address", ErrForbidden)
	}
	if ip := at.Addr(); !cfg.Allows(ip) {
		return fmt.Errorf("%w: %s", ErrForbidden, ip)
	}
	return nil
}

// Allows reports whether a client may call the address: it is public, or exempted.
func (cfg Config) Allows(ip netip.Addr) bool {
	ip = ip.WithZone("").Unmap()
	if Public(ip) {
		return true
	}
	for _, p := range cfg.Allow {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// CheckURL reports whether text may be called at all: an absolute https URL without
// login and fragment; http only where the host is an exempted IP address or, with
// loopback exempted, localhost. That a name leads somewhere public shows when it is
// dialled.
func (cfg Config) CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return errors.New("outgoing: not an absolute URL")
	case u.User != nil:
		return errors.New("outgoing: the URL holds a login")
	case u.Fragment != "":
		return errors.New("outgoing: the URL holds a fragment")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("outgoing: the scheme is not https")
	}
	ip, isAddress := literal(u.Hostname())
	switch {
	case isAddress && !cfg.Allows(ip):
		return fmt.Errorf("%w: %s", ErrForbidden, ip)
	case u.Scheme == "http" && (!isAddress || Public(ip)):
		return errors.New("outgoing: the scheme is not https")
	}
	return nil
}

// literal is the IP address that a host is written as. localhost is one by definition
// (RFC 6761 §6.3).
func literal(host string) (netip.Addr, bool) {
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	ip, err := netip.ParseAddr(host)
	return ip.WithZone("").Unmap(), err == nil
}
