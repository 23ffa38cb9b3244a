package gatehouse

import (
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// DefaultAddr is where a server listens unless told otherwise.
const DefaultAddr = "127.0.0.1:8080"

// DefaultDir is where a development server keeps its secrets and its database.
const DefaultDir = ".gatehouse"

// DevelopmentTestCode is the code that test addresses accept on a development
// server that only this machine reaches.
const DevelopmentTestCode = "424242"

// Config sets up a Server. In development the zero value of every other field
// works; production needs PublicURL, DatabaseURL, SecretKey and EncryptionKeys.
type Config struct {
	// Development turns on what must never meet the internet: test addresses with
	// a fixed code, an outbox at /dev/outbox instead of mail, plain http, secrets
	// that are made on the first start. No environment variable sets it (Z-03).
	Development bool

	// Addr is the address that the caller listens on; Open does not listen. It
	// decides the default of PublicURL, and in development it must be a loopback
	// address. "" means DefaultAddr.
	Addr string
	// PublicURL is what browsers call the server: scheme, host, port, and a path
	// if it is mounted below one. Every link, redirect and issuer is made from it,
	// never from a request. In development "" means http://localhost and
	// the port of Addr.
	PublicURL string
	// DevBind lets a development server bind Addr although other machines reach
	// it, as in a container. Test addresses then accept a random code per start
	// (see [Server.TestCode]) instead of 424242.
	DevBind bool

	// DatabaseURL is "sqlite:PATH" or "postgres://…". It holds the users and,
	// without RedisURL, the sessions. In development "" means
	// sqlite:<Dir>/gatehouse.db.
	DatabaseURL string
	// RedisURL moves clients, sessions, attempts and limits to Redis:
	// "redis://…" or "rediss://…", several hosts separated by commas for a
	// Cluster, ?master_name=… for Sentinel. "" keeps them in the database.
	RedisURL string
	// RedisPrefix begins every key, so that several servers can share a Redis.
	// "" means "gatehouse".
	RedisPrefix string
	// RedisPlaintext allows redis:// to another machine in production, for a
	// private network that is trusted to the last host (D-01).
	RedisPlaintext bool

	// Dir holds what a development server makes: secrets, database, sdk.env. It is
	// made with mode 0700. "" means DefaultDir. Production makes no files.
	Dir string
	// SecretKey is what app servers show to the Backend API: "sk_live_…" in
	// production, "sk_test_…" in development, where "" makes one.
	SecretKey Secret
	// EncryptionKeys encrypt what is stored and must be read back: "id:base64" with
	// 32 bytes each, separated by commas. The first encrypts, all decrypt. In
	// development "" makes one.
	EncryptionKeys Secret
	// SigningKeyPEM is a private key (PKCS #8 or PKCS #1) taken in as the active
	// signing key, for custody outside. "" lets the server make and rotate its own.
	SigningKeyPEM Secret
	// KeyRotation is how long a signing key of the server's own signs before the next
	// one takes its place, an hour or more. Verifiers that follow the public set notice
	// nothing; give those with a copy of the key in their configuration a new one, or
	// turn rotation off. 0 means 365 days, negative never.
	KeyRotation time.Duration
	// SessionLifetime is how long a session lasts at most, whatever is done with it, a
	// minute or more. 0 means 7 days.
	SessionLifetime time.Duration
	// SessionIdleTimeout ends a session that nobody has used for as long, a minute or
	// more. 0 means never.
	SessionIdleTimeout time.Duration
	// MaxTokenLifetime lets the Backend API mint session tokens that live longer than
	// 60 s: up to this, which may be 30 minutes. Every node then holds what was revoked in
	// memory for as long. 0 means 60 s.
	MaxTokenLifetime time.Duration

	// AllowedOrigins are the origins besides the public URL's that may call the
	// Frontend API from a browser: "https://app.example.com". In development every
	// loopback origin may.
	AllowedOrigins []string
	// TrustedProxies are the reverse proxies whose X-Forwarded-For is believed, as
	// addresses or networks. Empty believes none.
	TrustedProxies []string
	// WhenStale says what becomes of a good token while this node cannot follow the
	// revocations of the others: [middleware.StaleAsk] ("ask", also ""), which asks the
	// store and answers 503 if that fails, "refuse" or "allow".
	WhenStale middleware.StalePolicy
	// HTTPOnlySession hides the session cookie from scripts. Leave it off where an
	// official browser SDK runs, which has to write that cookie.
	HTTPOnlySession bool

	// HomeURL, SignInURL, SignUpURL and UserURL are where people are sent; absolute,
	// or a path below the public URL. "" means the built-in pages "/", "/sign-in",
	// "/sign-up" and "/user".
	HomeURL, SignInURL, SignUpURL, UserURL string
	// ClerkJSDir holds the npm packages @clerk/clerk-js and @clerk/ui in folders of
	// these names, served below /npm. "" answers 404 there.
	ClerkJSDir string

	// TemplatesDir holds templates of mails and texts that take the place of the built-in
	// ones of the same names (docs/messages.md). A file that stands for none, and a template
	// that fails, keep the server from starting. "" holds none.
	TemplatesDir string

	// Settings are what this instance lets people do until an operator changes it; nil
	// means DefaultSettings.
	Settings *Settings
	// PinnedSettings names those of Settings that no operator may change while servers
	// run, as the configuration file names them: "sign_up_mode", "email_address" or
	// "email_address.required". What a configuration file sets is pinned. nil pins none.
	PinnedSettings []string
	// Passwords is the cost of password hashes; its zero value is the recommended one.
	Passwords Passwords
	// Sender delivers mails. nil refuses in production to send any, and collects
	// them for /dev/outbox in development.
	Sender notify.Sender

	// Logger gets every record, without secrets. nil means discard.
	Logger *slog.Logger
	// Now is the clock. nil means time.Now.
	Now func() time.Time
}

// Passwords is the cost of argon2id (RFC 9106), table [passwords] of the
// configuration file. Zero fields are the recommended cost; less than 19456 KiB or
// 2 iterations is refused.
type Passwords struct {
	MemoryKiB     uint32 `toml:"memory_kib"`     // 0 means 47104
	Iterations    uint32 `toml:"iterations"`     // 0 means 2
	Parallelism   uint8  `toml:"parallelism"`    // 0 means 1
	MaxConcurrent int    `toml:"max_concurrent"` // hashes at once; 0 means the number of CPUs, 2 at least
}
