package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// smtpServer receives mails: as much of RFC 5321 as a client needs to hand one over.
type smtpServer struct {
	starttls bool   // offer RFC 3207
	implicit bool   // TLS from the first byte
	stranger bool   // present a certificate that nobody trusts
	noLogin  bool   // refuse every login
	silent   bool   // say nothing at all
	rcpt     string // answer to RCPT instead of 250

	port  int
	roots *x509.CertPool
	tls   *tls.Config

	mails chan received
	conns chan struct{}
	n     atomic.Int64
}

// received is one mail as it came in.
type received struct {
	from, to, login, data string
	encrypted             bool
}

func startSMTP(t *testing.T, s *smtpServer) *smtpServer {
	t.Helper()
	s.mails, s.conns = make(chan received, 16), make(chan struct{}, 16)
	cert, roots := certificate(t)
	s.tls, s.roots = &tls.Config{Certificates: []tls.Certificate{cert}}, roots
	if s.stranger {
		_, s.roots = certificate(t)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns <- struct{}{}
			conns.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				s.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
	return s
}

// serve speaks to one client until it quits.
func (s *smtpServer) serve(c net.Conn) {
	if s.silent {
		buf := make([]byte, 1)
		_, _ = c.Read(buf)
		return
	}
	var m received
	if s.implicit {
		c, m.encrypted = tls.Server(c, s.tls), true
	}
	r := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 mail.example.com")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250-mail.example.com")
			if s.starttls && !m.encrypted {
				say("250-STARTTLS")
			}
			if m.encrypted {
				say("250-AUTH PLAIN")
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go")
			tc := tls.Server(c, s.tls)
			if tc.Handshake() != nil {
				return
			}
			c, m.encrypted = tc, true
			r = bufio.NewReader(c)
		case "AUTH":
			login, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			m.login = strings.ReplaceAll(strings.TrimPrefix(string(login), "\x00"), "\x00", "/")
			if s.noLogin {
				say("535 5.7.8 bad credentials for " + m.login)
				continue
			}
			say("235 ok")
		case "MAIL":
			m.from = between(rest)
			say("250 ok")
		case "RCPT":
			if m.to = between(rest); s.rcpt != "" {
				say(s.rcpt + " <" + m.to + ">")
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go")
			m.data = readData(r)
			s.n.Add(1)
			s.mails <- m
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func readData(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func between(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

func (s *smtpServer) received(t *testing.T) received {
	t.Helper()
	select {
	case m := <-s.mails:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail arrived")
	}
	return received{}
}

func (s *smtpServer) accepted(t *testing.T) {
	select {
	case <-s.conns:
	case <-time.After(10 * time.Second):
		t.Error("nobody connected")
	}
}

func (s *smtpServer) count() int64 { return s.n.Load() }

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.com"},
		DNSNames: []string{"mail.example.com"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
