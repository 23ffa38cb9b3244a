package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// How long Redis may take (E-04). Nothing is sent twice: what was counted or
// replaced, and then not heard of, must not be counted or replaced again.
const (
	dialTimeout = time.Second
	opTimeout   = 500 * time.Millisecond
)

var (
	// ErrURL is a Redis URL that Open does not understand.
	ErrURL = errors.New("redisstore: the Redis URL must be redis://, rediss:// or unix://")
	// ErrPlaintext is a Redis on another machine that would be spoken to without TLS.
	ErrPlaintext = errors.New("redisstore: redis:// to another machine sends sessions unencrypted: " +
		"use rediss://, or allow plain text (--redis-plaintext) if the network is private")
)

// Config sets up Open.
type Config struct {
	// URL is required:
	//
	//	redis://[USER:PASSWORD@]HOST[:PORT][/DB]  one server
	//	rediss://…                                the same with TLS
	//	unix:///PATH                              a socket
	//	redis://HOST:PORT,HOST:PORT               nodes of a Cluster
	//	redis://HOST?cluster=true                 the one address of a Cluster
	//	redis://HOST,HOST?master_name=NAME        Sentinels; sentinel_username and
	//	                                          sentinel_password if they want others
	URL       string
	Prefix    string       // of every key; required, see New
	Plaintext bool         // allows redis:// to other machines (D-01)
	Logger    *slog.Logger // nil means discard
}

// Open connects to Redis, waits for its answer and checks that it keeps what it is
// given. Errors: ErrURL, ErrPlaintext, ErrEviction, session.ErrUnavailable; none
// contains the URL.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	options, err := ParseURL(cfg.URL, cfg.Plaintext)
	if err != nil {
		return nil, err
	}
	client := newClient(options)
	s, err := New(client, cfg.Prefix)
	if err == nil {
		err = s.check(ctx, cfg.Logger)
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return s, nil
}

// reloadCluster is how soon a client learns that another node serves a slot, where the
// one that did is gone and cannot tell.
const reloadCluster = time.Second

// newClient returns what redis.NewUniversalClient does, but for a Cluster one that
// follows a fail-over within reloadCluster.
func newClient(o *redis.UniversalOptions) redis.UniversalClient {
	if o.MasterName != "" || len(o.Addrs) < 2 && !o.IsClusterMode {
		return redis.NewUniversalClient(o)
	}
	cluster := o.Cluster()
	cluster.ClusterStateReloadInterval = reloadCluster
	return redis.NewClusterClient(cluster)
}

// ParseURL returns the options that Open uses for a URL. Unless plaintext is true,
// they refuse to connect without TLS to anything but this machine, which holds for
// the nodes that a Cluster or a Sentinel names, too (D-01).
func ParseURL(rawURL string, plaintext bool) (*redis.UniversalOptions, error) {
	u, hosts, err := splitURL(rawURL)
	if err != nil {
		return nil, err
	}
	o := &redis.UniversalOptions{
		DialTimeout:           dialTimeout,
		ReadTimeout:           opTimeout,
		WriteTimeout:          opTimeout,
		PoolTimeout:           dialTimeout,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		DialerRetries:         1,
		PipelinePoolSize:      -1,
		DisableIdentity:       true,
		// Needs commands that an ordinary user of Redis has not.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	o.Username = u.User.Username()
	o.Password, _ = u.User.Password()
	if err := setQuery(o, u.Query()); err != nil {
		return nil, err
	}
	if u.Scheme == "unix" {
		return setSocket(o, u)
	}
	if o.Addrs, err = addresses(hosts, defaultPort(o)); err != nil {
		return nil, err
	}
	if o.DB, err = database(u.Path); err != nil {
		return nil, err
	}
	if u.Scheme == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // the name is each address's host
		return o, nil
	}
	if plaintext {
		return o, nil
	}
	for _, addr := range o.Addrs {
		if !thisMachine(addr) {
			return nil, ErrPlaintext
		}
	}
	o.Dialer = dialThisMachine
	return o, nil
}

// splitURL takes the list of hosts out of a URL, which net/url does not know. Its
// errors, like all here, quote nothing of a URL that may hold a password.
func splitURL(rawURL string) (*url.URL, []string, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	if scheme != "redis" && scheme != "rediss" && scheme != "unix" {
		return nil, nil, ErrURL
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	at := strings.LastIndex(rest[:end], "@") + 1
	hosts := strings.Split(rest[at:end], ",")
	u, err := url.Parse(scheme + "://" + rest[:at] + hosts[0] + rest[end:])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: it cannot be parsed", ErrURL)
	}
	return u, hosts, nil
}

func setQuery(o *redis.UniversalOptions, query url.Values) error {
	for name := range query {
		switch value := query.Get(name); name {
		case "cluster":
			on, err := strconv.ParseBool(value)
			if err != nil {
				return fmt.Errorf("%w: cluster must be true or false", ErrURL)
			}
			o.IsClusterMode = on
		case "master_name":
			o.MasterName = value
		case "sentinel_username":
			o.SentinelUsername = value
		case "sentinel_password":
			o.SentinelPassword = value
		default:
			return fmt.Errorf("%w: an option is unknown", ErrURL)
		}
	}
	return nil
}

func setSocket(o *redis.UniversalOptions, u *url.URL) (*redis.UniversalOptions, error) {
	if u.Path == "" || u.Path == "/" || u.Host != "" || o.MasterName != "" || o.IsClusterMode {
		return nil, fmt.Errorf("%w: unix:// takes the path of one socket", ErrURL)
	}
	o.Addrs = []string{u.Path}
	o.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", u.Path)
	}
	return o, nil
}

func defaultPort(o *redis.UniversalOptions) string {
	if o.MasterName != "" {
		return "26379"
	}
	return "6379"
}

func addresses(hosts []string, port string) ([]string, error) {
	var addrs []string
	for _, host := range hosts {
		u, err := url.Parse("redis://" + host)
		if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" {
			return nil, fmt.Errorf("%w: a host is malformed", ErrURL)
		}
		p := u.Port()
		if p == "" {
			p = port
		}
		addrs = append(addrs, net.JoinHostPort(u.Hostname(), p))
	}
	return addrs, nil
}

func database(path string) (int, error) {
	path = strings.Trim(path, "/")
	if path == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(path)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: the path is the number of a database", ErrURL)
	}
	return n, nil
}

// thisMachine reports whether an address is a loopback one.
func thisMachine(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func dialThisMachine(ctx context.Context, network, addr string) (net.Conn, error) {
	if !thisMachine(addr) {
		return nil, ErrPlaintext
	}
	return (&net.Dialer{Timeout: dialTimeout, KeepAlive: 5 * time.Minute}).DialContext(ctx, network, addr)
}
