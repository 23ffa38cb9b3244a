package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Errors of senders, wrapped; test with errors.Is.
var (
	// ErrRejected means that the message will not be taken however often it is
	// sent: no such mailbox, a policy, an address that is none.
	ErrRejected = errors.New("notify: message rejected")
	// ErrChannel means that the sender has no such channel.
	ErrChannel = errors.New("notify: no sender for this channel")
)

// TLSPolicy is how a connection to a mail server is encrypted.
type TLSPolicy string

// The policies.
const (
	TLSStart    TLSPolicy = "starttls" // upgrade before anything is said, or fail
	TLSImplicit TLSPolicy = "implicit" // TLS from the first byte
	TLSNone     TLSPolicy = "none"     // plain text: for a server on the same machine
)

// SMTPConfig sets up an SMTP sender. The zero value of every optional field works.
type SMTPConfig struct {
	Host     string    // required
	Port     int       // 0 means 587, with TLSImplicit 465, with TLSNone 25
	TLS      TLSPolicy // "" means TLSStart
	Username string    // "" sends without authentication
	Password Password
	From     string        // required: an address, "App <app@example.com>" or "app@example.com"
	HELO     string        // the name given to the server; "" means the host's own
	Timeout  time.Duration // of one message, connection included; 0 means 15 s

	// TLSConfig replaces the default (system roots, TLS 1.2 or newer, the name is Host).
	TLSConfig *tls.Config
}

// Password is a secret that prints as "[redacted]".
type Password string

// String, GoString and MarshalText keep the password out of logs and dumps.
func (Password) String() string { return "[redacted]" }

// GoString implements fmt.GoStringer.
func (Password) GoString() string { return "[redacted]" }

// MarshalText implements encoding.TextMarshaler.
func (Password) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// SMTP sends mails through a mail server (RFC 5321), one connection a message. It is
// safe for concurrent use.
type SMTP struct {
	cfg    SMTPConfig
	from   *mail.Address
	domain string // of From, for message ids
}

// NewSMTP checks cfg and returns a sender; the error names the bad field. It
// connects to nothing.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	if cfg.Host == "" {
		return nil, errors.New("notify: SMTPConfig.Host is required")
	}
	from, err := mail.ParseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("notify: SMTPConfig.From is no address: %w", err)
	}
	switch cfg.TLS {
	case "":
		cfg.TLS = TLSStart
	case TLSStart, TLSImplicit, TLSNone:
	default:
		return nil, fmt.Errorf("notify: SMTPConfig.TLS is %q, want starttls, implicit or none", cfg.TLS)
	}
	if cfg.TLS == TLSNone && cfg.Username != "" {
		return nil, errors.New("notify: SMTPConfig.Username needs TLS: a password is never sent in plain text")
	}
	if cfg.Port == 0 {
		cfg.Port = map[TLSPolicy]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}[cfg.TLS]
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, fmt.Errorf("notify: SMTPConfig.Port is %d", cfg.Port)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	if cfg.TLSConfig == nil {
		cfg.TLSConfig = &tls.Config{ServerName: cfg.Host, MinVersion: tls.VersionTLS12}
	}
	s := &SMTP{cfg: cfg, from: from}
	s.domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	if _, err := s.client(context.Background()); err != nil {
		return nil, fmt.Errorf("notify: SMTPConfig: %w", err)
	}
	return s, nil
}

// Send hands m to the mail server. Errors: ErrChannel for texts; ErrRejected where
// the server, or the address itself, says no for good; anything else may pass when
// tried again.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if m.Channel != Mail {
		return fmt.Errorf("%w: %s", ErrChannel, m.Channel)
	}
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("notify: smtp: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return sendError(ctx, err)
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil {
		return sendError(ctx, err)
	}
	_ = client.CloseWithSMTPClient(session) // the server has the mail: a failing goodbye changes nothing
	return nil
}

// sendError keeps the codes of a server's answer and drops its text, which may quote
// the address or the login (L-01, L-06).
func sendError(ctx context.Context, err error) error {
	if se, ok := errors.AsType[*gomail.SendError](err); ok {
		if se.ErrorCode() >= 500 && !se.IsTemp() {
			return fmt.Errorf("%w: smtp: %s, code %d", ErrRejected, se.Reason, se.ErrorCode())
		}
		return fmt.Errorf("notify: smtp: %s, code %d", se.Reason, se.ErrorCode())
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("notify: smtp: the server refused the connection or login, code %d", answer.Code)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("notify: smtp: %w", ctx.Err())
	}
	return fmt.Errorf("notify: smtp: %w", err)
}

// message turns m into MIME. Recipients are bare addresses: a display name, a list
// or a line break in one is refused.
func (s *SMTP) message(m Message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || to.Name != "" {
		return nil, fmt.Errorf("%w: message %s has no valid address", ErrRejected, m.ID)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// client makes a client for one message. Its connection is closed when ctx ends,
// however far it got.
func (s *SMTP) client(ctx context.Context) (*gomail.Client, error) {
	opts := []gomail.Option{
		gomail.WithPort(s.cfg.Port),
		gomail.WithTimeout(s.cfg.Timeout),
		gomail.WithTLSConfig(s.cfg.TLSConfig),
		gomail.WithDialContextFunc(func(dial context.Context, network, address string) (net.Conn, error) {
			conn, err := s.dial(dial, network, address)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}),
	}
	switch s.cfg.TLS {
	case TLSImplicit:
		opts = append(opts, gomail.WithSSL())
	case TLSNone:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.cfg.HELO != "" {
		opts = append(opts, gomail.WithHELO(s.cfg.HELO))
	}
	if s.cfg.Username != "" {
		opts = append(opts, gomail.WithUsername(s.cfg.Username), gomail.WithPassword(string(s.cfg.Password)),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.cfg.Host, opts...)
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.cfg.TLS == TLSImplicit {
		return (&tls.Dialer{Config: s.cfg.TLSConfig}).DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
