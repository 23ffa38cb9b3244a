package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// announcement is what a server tells on its standard output once it is ready.
type announcement struct {
	URL      string
	Control  string  // answers /cpu with the CPU time that the server took, in nanoseconds
	Token    string  // of the middleware's servers
	Signing  float64 // of the service: nanoseconds of one raw signature
	Browsers []signedIn
}

// signedIn is one browser of the service.
type signedIn struct{ Cookie, Session string }

// serveChild is a server process of the whole-server part. It ends when its standard
// input does, so that it never outlives the command.
func serveChild(ctx context.Context, name string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	said := announcement{URL: "http://" + listener.Addr().String()}
	h, err := childHandler(ctx, name, &said)
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	said.Control = "http://" + control.Addr().String()
	go http.Serve(control, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, cpuTime()) }))
	go (&http.Server{Handler: h}).Serve(listener)
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin) // until its end
	return err
}

// cpuTime is what the process took of the CPU, in nanoseconds.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// bareHandler is what a server cannot do with less.
var bareHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

func childHandler(ctx context.Context, name string, said *announcement) (http.Handler, error) {
	if algorithm, ok := serviceAlgorithm(name); ok {
		return serviceHandler(ctx, algorithm, said)
	}
	k, err := newIssuerKey("RS256")
	if err != nil {
		return nil, err
	}
	if said.Token, err = k.token(0, time.Now().Add(50*time.Minute)); err != nil {
		return nil, err
	}
	for _, p := range append([]peer{gatehousePeer, firstSeenPeer}, peers...) {
		if p.name == name {
			return answering(p, k)
		}
	}
	return bareHandler, nil
}

// answering is the bare handler behind a peer.
func answering(p peer, k *issuerKey) (http.Handler, error) {
	h, err := p.protect(k, func(string) {})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		fmt.Fprintln(w, "ok")
	}), nil
}

// serviceBrowsers is how many browsers are signed in: so many that none comes near
// the limit of mints for one session.
const serviceBrowsers = 2000

// serviceHandler is the whole service on PostgreSQL and Redis, with the bare handler
// beside it at /bare.
func serviceHandler(ctx context.Context, algorithm string, said *announcement) (http.Handler, error) {
	k, err := newIssuerKey(algorithm)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench")
	if err != nil {
		return nil, err
	}
	s, err := gatehouse.Open(ctx, gatehouse.Config{
		Development: true, Addr: said.URL[len("http://"):], PublicURL: said.URL, Dir: filepath.Join(dir, "gatehouse"),
		DatabaseURL: os.Getenv(postgresVariable), RedisURL: os.Getenv(redisVariable), RedisPrefix: "bench-" + algorithm,
		SigningKeyPEM:  gatehouse.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		TrustedProxies: []string{"127.0.0.1"},
	})
	if err != nil {
		return nil, err
	}
	if said.Browsers, err = signIn(ctx, s, algorithm); err != nil {
		return nil, err
	}
	said.Signing = signing(k)
	mux := http.NewServeMux()
	mux.Handle("/bare", bareHandler)
	mux.Handle("/", s.Handler())
	return mux, nil
}

// signing is what one raw signature takes of the CPU, in nanoseconds.
func signing(k *issuerKey) float64 {
	const runs = 500
	sign := k.rawSign()
	before := cpuTime()
	for range runs {
		sign()
	}
	return float64(cpuTime()-before) / runs
}

// signIn makes users and signs ten browsers in for each.
func signIn(ctx context.Context, s *gatehouse.Server, label string) ([]signedIn, error) {
	var all []signedIn
	for n := range serviceBrowsers / 10 {
		u, err := s.Users().Create(ctx, user.NewUser{
			FirstName: "Ada", LastName: "Lovelace",
			EmailAddresses: []user.NewIdentifier{{Value: fmt.Sprintf("user%d-%s-%d@example.com", n, label, os.Getpid()), Strategy: "email_code"}},
		})
		if err != nil {
			return nil, err
		}
		for range 10 {
			c, cookie, err := s.Sessions().NewClient(ctx)
			if err != nil {
				return nil, err
			}
			ss, err := s.Sessions().Start(ctx, session.NewSession{ClientID: c.ID, UserID: string(u.ID), AsOf: time.Now(), Strategy: "email_code"})
			if err != nil {
				return nil, err
			}
			all = append(all, signedIn{Cookie: string(cookie.Value), Session: string(ss.ID)})
		}
	}
	return all, nil
}
