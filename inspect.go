package gatehouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/clientip"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/logging"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// Status says how a check of [Inspect] went.
type Status string

// A warning is what may be meant so; a failure keeps people out, or lets some in.
const (
	StatusOK      Status = "ok"
	StatusWarning Status = "warning"
	StatusFailure Status = "failure"
)

// Finding is what one check came to. It holds no secret.
type Finding struct {
	Check  string `json:"check"` // what was looked at: "database"
	Status Status `json:"status"`
	Detail string `json:"detail"`        // what was found
	Fix    string `json:"fix,omitempty"` // one sentence; "" if there is nothing to do
}

// Inspection is a look at a configuration and at the stores that it names.
type Inspection struct {
	// Findings of configuration, secrets, stores, keys and clocks, in this order. What
	// could not be looked at since something before it failed is missing.
	Findings []Finding
	// PublicURL, PublishableKey and Issuer follow from the configuration; "" if it
	// cannot be used.
	PublicURL, PublishableKey, Issuer string
	// SigningKey is the kid of the key that signs now; "" if it could not be read.
	SigningKey string

	cfg        Config
	urls       publicURLs
	ring       *keyring.Ring // nil without usable secrets
	storage    *storage
	middleware *middleware.Middleware
}

// Inspect checks what a server would be opened with. It starts nothing, makes no
// file, changes no table and writes to no store. Its findings tell what is wrong;
// there is no error beside them.
func Inspect(ctx context.Context, cfg Config) *Inspection {
	i := &Inspection{cfg: cfg, storage: &storage{}}
	if !i.inspectConfig() {
		return i
	}
	i.inspectSecrets()
	i.inspectEdge()
	if !i.inspectDatabase(ctx) || !i.inspectRedis(ctx) {
		return i
	}
	i.inspectKeys(ctx)
	i.inspectClocks(ctx)
	return i
}

// Close closes the stores.
func (i *Inspection) Close() error {
	var errs []error
	for _, closer := range i.storage.closers {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// Auth says who r is from and, if nobody, why, as the middleware of a server with
// this configuration does. It renews no cookie, and it asks the store whether the
// session has ended. Without keys the reason is keys_unavailable.
func (i *Inspection) Auth(r *http.Request) auth.Auth {
	if i.middleware == nil {
		return auth.Auth{Reason: auth.ReasonKeysUnavailable, Detail: "the signing keys could not be read"}
	}
	return i.middleware.Explain(r, i.middleware.Auth(r))
}

func (i *Inspection) ok(check, format string, args ...any) {
	i.Findings = append(i.Findings, Finding{Check: check, Status: StatusOK, Detail: fmt.Sprintf(format, args...)})
}

func (i *Inspection) warn(check, detail, fix string) {
	i.Findings = append(i.Findings, Finding{Check: check, Status: StatusWarning, Detail: detail, Fix: fix})
}

func (i *Inspection) fail(check, detail, fix string) {
	i.Findings = append(i.Findings, Finding{Check: check, Status: StatusFailure, Detail: detail, Fix: fix})
}

// inspectConfig reports whether there is anything to go on with.
func (i *Inspection) inspectConfig() bool {
	urls, err := i.cfg.completeButSecrets()
	if err != nil {
		i.fail("configuration", plainError(err), "Correct the field; `gatehouse init` writes a configuration to start from.")
		return false
	}
	i.urls = urls
	i.PublicURL, i.PublishableKey, i.Issuer = urls.base(), urls.publishableKey(), urls.issuer()
	i.ok("configuration", "%s, public URL %s, publishable key %s, issuer %s", environmentName(i.cfg.Development), i.PublicURL, i.PublishableKey, i.Issuer)
	return true
}

func (i *Inspection) inspectSecrets() {
	const check = "secrets"
	c := &i.cfg
	if c.Development {
		err := secretfile.CheckDir(c.Dir)
		if err == nil {
			err = c.readDevelopmentSecrets()
		}
		if errors.Is(err, fs.ErrNotExist) {
			i.warn(check, "none yet in "+c.Dir, "Start the development server once with `gatehouse dev`; it makes them.")
			return
		} else if err != nil {
			i.fail(check, plainError(err), "Let only their owner read them, or delete the folder of the development server.")
			return
		}
	}
	err := c.checkSecrets()
	if err == nil {
		i.ring, err = keyring.Parse(string(c.EncryptionKeys))
	}
	if err != nil {
		i.fail(check, plainError(err), "`gatehouse init` shows the form of each secret.")
		return
	}
	i.ok(check, "complete, and the files that hold them are closed to others")
}

// inspectEdge looks at what stands between browsers and the server.
func (i *Inspection) inspectEdge() {
	c := &i.cfg
	switch _, err := clientip.NewResolver(c.TrustedProxies); {
	case err != nil:
		i.fail("proxies", err.Error(), "Write trusted_proxies as addresses or networks: \"10.0.0.0/8\".")
	case i.urls.https && len(c.TrustedProxies) == 0:
		i.warn("proxies", "the public URL is https, so a proxy ends TLS, and trusted_proxies names none: everybody counts as that proxy's address",
			"Set trusted_proxies to the proxy's address (GATEHOUSE_TRUSTED_PROXIES), and let it set X-Forwarded-For.")
	default:
		i.ok("proxies", "X-Forwarded-For is believed from %s", orNobody(c.TrustedProxies))
	}
	if !c.Development && !i.urls.https {
		i.warn("https", "the public URL is not https: cookies can be read on the way", "Put TLS in front and make the public URL https.")
	}
	if !c.Development && c.Sender == nil {
		i.warn("mail", "no mail server is configured: nobody can confirm an address", "Fill in the table [smtp] of the configuration file.")
	}
}

func orNobody(list []string) string {
	if len(list) == 0 {
		return "nobody"
	}
	return strings.Join(list, ", ")
}

// inspectDatabase reports whether the stores are there.
func (i *Inspection) inspectDatabase(ctx context.Context) bool {
	const check = "database"
	where := logging.StoreURL(i.cfg.DatabaseURL)
	err := i.storage.openDatabase(ctx, i.cfg.DatabaseURL, sqldb.OpenReadOnly)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, sqldb.ErrReadOnly):
		i.fail(check, where+" is not there yet, or of an older version", "Start the server once with this configuration; it makes the tables.")
		return false
	case errors.Is(err, sqldb.ErrUnavailable):
		i.fail(check, where+" does not answer: "+plainError(err), "Start it, or correct its address (GATEHOUSE_DATABASE_URL) and the firewall between.")
		return false
	case err != nil:
		i.fail(check, where+": "+plainError(err), "Correct GATEHOUSE_DATABASE_URL.")
		return false
	}
	if err := checkInstance(ctx, i.storage.db, i.cfg.Development); err != nil {
		i.fail(check, plainError(err), "Give this server a database of its own, or run the doctor in the other mode (--dev).")
		return false
	}
	if path, ok := strings.CutPrefix(i.cfg.DatabaseURL, "sqlite:"); ok {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			i.fail(check, fmt.Sprintf("%s has mode %04o: others can read it", path, info.Mode().Perm()), "Run chmod 600 "+path+".")
			return true
		}
	}
	i.ok(check, "%s answers, and its tables are up to date", where)
	i.inspectSearch(ctx)
	return true
}

// inspectSearch tells of a PostgreSQL without the index of substrings.
func (i *Inspection) inspectSearch(ctx context.Context) {
	if indexed, err := i.storage.users.SearchIndexed(ctx); err != nil || indexed {
		return // what keeps it from being told, the checks of the database tell
	}
	i.warn("search", "the database has no index of substrings: searching for users reads every one of them",
		"Let an administrator of the database create the extension pg_trgm and the index user_search_trigrams: docs/troubleshooting.md has the statements.")
}

func (i *Inspection) inspectRedis(ctx context.Context) bool {
	const check = "redis"
	if i.cfg.RedisURL == "" {
		return true
	}
	where := logging.StoreURL(i.cfg.RedisURL)
	switch err := i.storage.openRedis(ctx, &i.cfg); {
	case errors.Is(err, redisstore.ErrEviction): // D-03
		i.fail(check, plainError(err), "Set maxmemory-policy noeviction: an evicted key is a revoked session that lives again.")
		return false
	case err != nil:
		i.fail(check, where+" does not answer: "+plainError(err), "Start it, or correct its address and password (GATEHOUSE_REDIS_URL).")
		return false
	}
	if _, err := redisstore.ParseURL(i.cfg.RedisURL, false); errors.Is(err, redisstore.ErrPlaintext) { // D-01
		i.warn(check, where+" answers without TLS on another machine", "Use rediss:// unless the network is trusted to the last host.")
		return true
	}
	i.ok(check, "%s answers and evicts nothing", where)
	return true
}

// inspectKeys reads the signing keys and prepares what Auth needs.
func (i *Inspection) inspectKeys(ctx context.Context) {
	const check = "signing keys"
	if i.ring == nil {
		return
	}
	s := &Server{cfg: i.cfg, urls: i.urls, log: slog.New(slog.DiscardHandler)}
	keys, err := s.openSessions(ctx, i.storage, i.ring, nil)
	if errors.Is(err, sqldb.ErrReadOnly) {
		i.warn(check, "a server with this configuration will change them when it starts", "Start the server with this configuration, then ask again.")
		return
	} else if err != nil {
		i.fail(check, plainError(err), "Configure the encryption key with which this database was begun (GATEHOUSE_ENCRYPTION_KEY); all of a list decrypt.")
		return
	}
	if err := s.openMiddleware(keys); err != nil {
		i.fail(check, plainError(err), "Correct the configuration.")
		return
	}
	i.middleware, i.SigningKey = s.middleware, keys.SigningKey()
	i.ok(check, "%s signs, and can be decrypted", i.SigningKey)
}

// Clocks may differ by less than the leeway of verifiers (T-11).
const (
	clockWarning = 2 * time.Second
	clockFailure = 5 * time.Second
)

// ClockFinding compares the clock here with another one, read at the same moment.
func ClockFinding(check string, here, there time.Time) Finding {
	ahead, word := here.Sub(there), "ahead of"
	if ahead < 0 {
		ahead, word = -ahead, "behind"
	}
	f := Finding{Check: check, Status: StatusOK, Detail: "agrees with the clock here to the second"}
	if ahead < clockWarning {
		return f
	}
	f.Status = StatusWarning
	if ahead >= clockFailure {
		f.Status = StatusFailure
	}
	f.Detail = fmt.Sprintf("the clock here is %v %s it, and tokens allow for %v", ahead.Round(time.Second), word, clockFailure)
	f.Fix = "Let NTP set the clocks of all machines."
	return f
}

func (i *Inspection) inspectClocks(ctx context.Context) {
	type clock interface {
		Clock(context.Context) (time.Time, error)
	}
	clocks := map[string]clock{"database clock": i.storage.db}
	if redis, ok := i.storage.sessions.(clock); ok {
		clocks["redis clock"] = redis
	}
	for _, name := range []string{"database clock", "redis clock"} {
		if clocks[name] == nil || name == "database clock" && strings.HasPrefix(i.cfg.DatabaseURL, "sqlite:") {
			continue
		}
		there, err := clocks[name].Clock(ctx)
		if err != nil {
			i.warn(name, "cannot be read: "+plainError(err), "Allow the command TIME, or compare the clocks by hand.")
			continue
		}
		i.Findings = append(i.Findings, ClockFinding(name, i.cfg.Now(), there))
	}
}

// plainError is an error's text without the package's own name.
func plainError(err error) string { return strings.TrimPrefix(err.Error(), "gatehouse: ") }
