package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// server is a child process that serves on one core, and what it said when it was ready.
type server struct {
	announcement
	cmd   *exec.Cmd
	stdin io.Closer
}

// startServer starts this program again as the server of that name.
func startServer(ctx context.Context, name string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, self, "-serve", name)}
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(stdout).Decode(&s.announcement); err != nil {
		s.stop()
		return nil, fmt.Errorf("server %s: %w", name, err)
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
}

// cpu is what the server took of the CPU so far.
func (s *server) cpu() (time.Duration, error) {
	response, err := http.Get(s.Control + "/cpu")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(string(text), 10, 64)
	return time.Duration(ns), err
}

// load is what one round of requests came to.
type load struct {
	perSecond float64
	cpu       float64 // nanoseconds a request, of the server's process alone
}

// wrk sends requests over 32 connections for some time. Any answer but 2xx is an error.
func (s *server) wrk(ctx context.Context, path string, seconds int, args ...string) (load, error) {
	before, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	args = append([]string{"-t1", "-c32", fmt.Sprintf("-d%ds", seconds)}, args...)
	out, err := exec.CommandContext(ctx, "wrk", append(args, s.URL+path)...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	after, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	if bad := wrkBad.Find(out); bad != nil {
		return load{}, fmt.Errorf("%s: %s", path, bad)
	}
	found := wrkDone.FindSubmatch(out)
	if found == nil {
		return load{}, fmt.Errorf("wrk said: %s", out)
	}
	requests, _ := strconv.ParseFloat(string(found[1]), 64)
	rate := wrkRate.FindSubmatch(out)
	if rate == nil || requests == 0 {
		return load{}, fmt.Errorf("wrk said: %s", out)
	}
	perSecond, err := strconv.ParseFloat(string(rate[1]), 64)
	return load{perSecond: perSecond, cpu: float64(after-before) / requests}, err
}

var (
	wrkDone = regexp.MustCompile(`(\d+) requests in`)
	wrkRate = regexp.MustCompile(`Requests/sec: +([\d.]+)`)
	wrkBad  = regexp.MustCompile(`(Non-2xx or 3xx responses|Socket errors): .*`)
)

// findWrk says plainly what is missing.
func findWrk() error {
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("wrk is not installed: apt-get install wrk")
	}
	return nil
}

// writeScript writes a wrk script that lets the browsers call in turn, each request
// from an address of its own, since the service limits what one address may do. lua is
// the end of the function request, with
//
//	few   the browser whose turn it is among twenty: their last tokens serve again
//	many  the one among all others, none of which comes near its limit
//	same  an origin
//	other an origin that changes with each turn of a browser, and with it the claim azp,
//	      so that no last token serves
//
// A browser is its cookie and its session.
func writeScript(path string, browsers []signedIn, lua string) error {
	var b strings.Builder
	b.WriteString("local browsers = {\n")
	for _, browser := range browsers {
		fmt.Fprintf(&b, "{%q, %q},\n", browser.Cookie, browser.Session)
	}
	// The first address is random, so that no round meets the counts of the one before.
	b.WriteString(`}
math.randomseed(os.time())
local n, from = 0, math.random(0, 200) * 65536
local function headers(cookie, origin)
  local a = from + n
  return {
    ["Cookie"] = "__client=" .. cookie, ["Origin"] = origin,
    ["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(a / 65536) % 256, math.floor(a / 256) % 256, a % 256),
  }
end
request = function()
  n = n + 1
  local few, many = browsers[n % 20 + 1], browsers[20 + n % (#browsers - 20) + 1]
  local same, other = "http://localhost:3000", "http://localhost:" .. 3000 + math.floor(n / (#browsers - 20) + from / 65536) % 2
` + lua + "\nend\n")
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
