package main

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// result is what a command line left behind.
type result struct {
	code           int
	stdout, stderr string
}

// execute runs a command line that ends by itself.
func execute(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, func(name string) string { return env[name] }, strings.NewReader(""), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// write puts a file into a folder of the test's and returns its path.
func write(t *testing.T, name, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// Flag, then environment, then file, then default.
func TestPrecedence(t *testing.T) {
	file := write(t, "gatehouse.toml", "addr = \"127.0.0.1:3333\"\n", 0o600)
	env := map[string]string{"GATEHOUSE_ADDR": "127.0.0.1:2222"}
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"flag":                {env, []string{"dev", "--config", file, "--addr", "127.0.0.1:1111"}, "127.0.0.1:1111"},
		"environment":         {env, []string{"dev", "--config", file}, "127.0.0.1:2222"},
		"file":                {nil, []string{"dev", "--config", file}, "127.0.0.1:3333"},
		"file_by_environment": {map[string]string{"GATEHOUSE_CONFIG": file}, []string{"dev"}, "127.0.0.1:3333"},
		"default":             {nil, []string{"dev"}, "127.0.0.1:8080"},
		"dev_bind":            {env, []string{"dev", "--dev-bind", "0.0.0.0:4444"}, "0.0.0.0:4444"},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, tt.env, append(tt.args, "--print-config")...)
			if got.code != 0 || !strings.Contains(got.stdout, "addr = '"+tt.want+"'") {
				t.Errorf("%+v, want addr %s", got, tt.want)
			}
		})
	}
}

// A value in a higher layer hides its twin with _FILE in a lower one.
func TestSecretTwins(t *testing.T) {
	secrets := write(t, "s.env", "GATEHOUSE_SECRET_KEY=sk_live_fromfile\nGATEHOUSE_ENCRYPTION_KEY=k:fromfile\n# comment\n\nGATEHOUSE_SMTP_PASSWORD='pw'\n", 0o600)
	file := write(t, "gatehouse.toml", "secrets_file = '"+secrets+"'\n", 0o600)
	key := write(t, "key", "sk_live_twin", 0o600)
	env := map[string]string{"GATEHOUSE_SECRET_KEY_FILE": key}
	p := &program{getenv: func(name string) string { return env[name] }}
	s, err := (&serverFlags{Config: file}).resolve(p, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.gatehouse.SecretKey != "sk_live_twin" || s.gatehouse.EncryptionKeys != "k:fromfile" || s.smtp.Password != "pw" {
		t.Errorf("secret key %q, encryption keys %q, password %q", string(s.gatehouse.SecretKey), string(s.gatehouse.EncryptionKeys), string(s.smtp.Password))
	}
}

// K-09: what is printed holds no secret.
func TestPrintConfigIsRedacted(t *testing.T) {
	env := map[string]string{
		"GATEHOUSE_SECRET_KEY":     "sk_live_canary",
		"GATEHOUSE_ENCRYPTION_KEY": "k1:canary",
		"GATEHOUSE_DATABASE_URL":   "postgres://app:canary@db/app?sslpassword=canary",
		"GATEHOUSE_REDIS_URL":      "rediss://:canary@cache:6379",
		"GATEHOUSE_SMTP_PASSWORD":  "canary",
		"GATEHOUSE_HOOK_SECRET":    "whsec_canary",
	}
	got := execute(t, env, "serve", "--public-url", "https://app.example.com", "--print-config")
	if got.code != 0 || strings.Contains(got.stdout+got.stderr, "canary") {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"mode = 'production'", "secret_key = '[redacted]'", "postgres://db/app", "[settings.email_address]", "public_url = 'https://app.example.com'"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%s is missing from\n%s", want, got.stdout)
		}
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 40)
	live := map[string]string{
		"GATEHOUSE_PUBLIC_URL": "https://app.example.com", "GATEHOUSE_SECRET_KEY": "sk_live_" + long,
		"GATEHOUSE_ENCRYPTION_KEY": "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"GATEHOUSE_DATABASE_URL":   "sqlite:" + filepath.Join(t.TempDir(), "g.db"),
	}
	with := func(name, value string) map[string]string {
		env := map[string]string{name: value}
		for k, v := range live {
			if k != name {
				env[k] = v
			}
		}
		return env
	}
	tests := map[string]struct {
		env  map[string]string
		args []string
		want string // in the message
	}{
		"unknown_command":         {nil, []string{"launch"}, "launch"},
		"unknown_flag":            {nil, []string{"dev", "--fast"}, "--fast"},
		"group_without_command":   {nil, []string{"keys"}, "show"},
		"unknown_keys_in_file":    {nil, []string{"dev", "--config", write(t, "a.toml", "adr = 'x'\n[settings]\nfoo = 1\n", 0o600)}, "adr (line 1), settings.foo (line 3)"},
		"malformed_file":          {nil, []string{"dev", "--config", write(t, "b.toml", "addr = \n", 0o600)}, "line 1"},
		"wrong_type_in_file":      {nil, []string{"dev", "--config", write(t, "c.toml", "addr = 1\n", 0o600)}, "line 1"},
		"missing_file":            {nil, []string{"dev", "--config", "/nowhere.toml"}, "/nowhere.toml"},
		"log_level":               {nil, []string{"dev", "--log-level", "loud", "--print-config"}, "loud"},
		"log_format":              {map[string]string{"GATEHOUSE_LOG_FORMAT": "xml"}, []string{"dev", "--print-config"}, "xml"},
		"addr_and_dev_bind":       {nil, []string{"dev", "--addr", "127.0.0.1:1", "--dev-bind", ":2"}, "--dev-bind"},
		"Z-03_dev_elsewhere":      {nil, []string{"dev", "--addr", "0.0.0.0:0", "--dir", filepath.Join(t.TempDir(), "d")}, "gatehouse serve"},
		"Z-03_dev_with_live_key":  {map[string]string{"GATEHOUSE_SECRET_KEY": "sk_live_" + long}, []string{"dev", "--dir", filepath.Join(t.TempDir(), "d")}, "sk_live_"},
		"Z-03_serve_with_test":    {with("GATEHOUSE_SECRET_KEY", "sk_test_"+long), []string{"serve"}, "sk_test_"},
		"C-13_serve_has_no_bind":  {live, []string{"serve", "--dev-bind", ":1"}, "--dev-bind"},
		"C-13_serve_with_bind":    {with("GATEHOUSE_DEV_BIND", "true"), []string{"serve"}, "DevBind"},
		"D-01_serve_plain_redis":  {with("GATEHOUSE_REDIS_URL", "redis://cache.internal"), []string{"serve"}, "--redis-plaintext"},
		"serve_without_secret":    {with("GATEHOUSE_SECRET_KEY", ""), []string{"serve"}, "GATEHOUSE_SECRET_KEY"},
		"serve_without_key":       {with("GATEHOUSE_ENCRYPTION_KEY", ""), []string{"serve"}, "GATEHOUSE_ENCRYPTION_KEY"},
		"serve_without_URL":       {with("GATEHOUSE_PUBLIC_URL", ""), []string{"serve"}, "GATEHOUSE_PUBLIC_URL"},
		"K-09_password_in_argv":   {nil, []string{"dev", "--database-url", "postgres://app:canary@db/app"}, "GATEHOUSE_DATABASE_URL"},
		"K-09_redis_pw_in_argv":   {nil, []string{"dev", "--redis-url", "redis://:canary@cache"}, "GATEHOUSE_REDIS_URL"},
		"K-09_pw_query_in_argv":   {nil, []string{"dev", "--database-url", "postgres://db/app?password=canary"}, "GATEHOUSE_DATABASE_URL"},
		"K-09_open_secrets_file":  {nil, []string{"serve", "--config", write(t, "d.toml", "secrets_file = '"+write(t, "s", "GATEHOUSE_SECRET_KEY=canary\n", 0o644)+"'", 0o600)}, "chmod"},
		"secrets_file_with_more":  {nil, []string{"serve", "--config", write(t, "e.toml", "secrets_file = '"+write(t, "s", "PATH=canary\n", 0o600)+"'", 0o600)}, "line 1"},
		"smtp_without_from":       {nil, []string{"dev", "--config", write(t, "f.toml", "[smtp]\nhost = 'mail'\n", 0o600), "--dir", filepath.Join(t.TempDir(), "d")}, "From"},
		"hook_without_secret":     {nil, []string{"dev", "--config", write(t, "g.toml", "[hook]\nurl = 'https://hooks.example.com'\n", 0o600), "--dir", filepath.Join(t.TempDir(), "d")}, "Secrets"},
		"hook_with_bad_secret":    {map[string]string{"GATEHOUSE_HOOK_SECRET": "canary"}, []string{"dev", "--config", write(t, "h.toml", "[hook]\nurl = 'https://hooks.example.com'\n", 0o600), "--dir", filepath.Join(t.TempDir(), "d")}, "whsec_"},
		"hook_secret_twice":       {map[string]string{"GATEHOUSE_HOOK_SECRET": "canary", "GATEHOUSE_HOOK_SECRET_FILE": "x"}, []string{"dev", "--print-config"}, "keep one"},
		"init_without_public_url": {nil, []string{"init"}, "--public-url"},
		"init_with_bad_url":       {nil, []string{"init", "--public-url", "app.example.com", "--out", t.TempDir()}, "PublicURL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var stdout, stderr bytes.Buffer
			code := run(ctx, tt.args, func(name string) string { return tt.env[name] }, strings.NewReader(""), &stdout, &stderr)
			if code != 2 || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit %d, %q; want 2 and %q", code, stderr.String(), tt.want)
			}
			if strings.Contains(stdout.String()+stderr.String(), "canary") || strings.Contains(stderr.String(), long) {
				t.Errorf("a secret was shown: %s%s", stdout.String(), stderr.String())
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"dev", "--help"}} {
		if got := execute(t, nil, args...); got.code != 0 || !strings.Contains(got.stdout, "Usage: gatehouse") {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := execute(t, nil, "version"); got.code != 0 || !strings.HasPrefix(got.stdout, "gatehouse ") {
		t.Errorf("version: %+v", got)
	}
}

func TestKeysShow(t *testing.T) {
	got := execute(t, nil, "keys", "show", "--addr", "127.0.0.1:4000")
	if got.code != 0 || got.stdout != "pk_live_Y2xlcmsubG9jYWxob3N0OjQwMDAk\n" {
		t.Errorf("%+v, want the key of clerk.localhost:4000", got)
	}
}

// init writes what serve starts with.
func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	got := execute(t, nil, "init", "--public-url", "https://app.example.com", "--out", dir)
	if got.code != 0 || !strings.Contains(got.stdout, "pk_live_") || strings.Contains(got.stdout, "sk_live_") {
		t.Fatalf("init: %+v", got)
	}
	for _, name := range []string{configName, secretsName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, info, err)
		}
	}
	again := execute(t, nil, "init", "--public-url", "https://other.example.com", "--out", dir)
	if again.code != 1 || !strings.Contains(again.stderr, "exists") {
		t.Errorf("init over existing files: %+v, want 1", again)
	}
	addr := freeAddr(t)
	stop := start(t, nil, addr, "serve", "--config", filepath.Join(dir, configName), "--addr", addr)
	if out := stop(); strings.Contains(out.stdout+out.stderr, "sk_live_") || out.code != 0 {
		t.Errorf("serve: %+v", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "gatehouse.db")); err != nil {
		t.Errorf("the database is not where the file says: %v", err)
	}
}

// dev starts with nothing, says where everything is, and stops when told to.
func TestDev(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	addr := freeAddr(t)
	stop := start(t, nil, addr, "dev", "--addr", addr, "--dir", dir)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if location := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(location, "/user") {
		t.Errorf("/: %d to %q, want 303 to /user", res.StatusCode, location)
	}
	got := stop()
	if got.code != 0 {
		t.Fatalf("dev: %+v", got)
	}
	for _, want := range []string{
		"DEVELOPMENT", "/dev/outbox", "424242", filepath.Join(dir, "gatehouse.db"), "GATEHOUSE_DATABASE_URL",
		"GATEHOUSE_REDIS_URL", filepath.Join(dir, "sdk.env"), "pk_live_",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the start-up message lacks %q:\n%s", want, got.stdout)
		}
	}
	if lines := strings.Count(got.stdout, "\n"); lines > 24 {
		t.Errorf("the start-up message has %d lines, more than a screen", lines)
	}
	if strings.Contains(got.stdout+got.stderr, "sk_test_") {
		t.Error("the secret key was shown (K-09)")
	}
}

// What the Redis client says goes where the server's log goes, for those who want it.
func TestRedisClientIsLogged(t *testing.T) {
	for level, want := range map[string]bool{"debug": true, "info": false} {
		env := map[string]string{"GATEHOUSE_REDIS_URL": "redis://" + freeAddr(t), "GATEHOUSE_DIR": filepath.Join(t.TempDir(), "state"), "GATEHOUSE_LOG_LEVEL": level}
		got := execute(t, env, "dev")
		if said := strings.Contains(got.stderr, "redis client"); got.code != 1 || said != want {
			t.Errorf("%s: %+v, want the client's words: %v", level, got, want)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// start runs a server command and waits until it is ready. stop ends it as a
// signal would.
func start(t *testing.T, env map[string]string, addr string, args ...string) (stop func() result) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr lockedBuffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, args, func(name string) string { return env[name] }, strings.NewReader(""), &stdout, &stderr)
	}()
	stop = sync.OnceValue(func() result {
		cancel()
		return result{<-done, stdout.String(), stderr.String()}
	})
	t.Cleanup(func() { stop() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if res, err := http.Get("http://" + addr + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return stop
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %+v", stop())
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
