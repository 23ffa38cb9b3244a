package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// builds holds what the tests build; gone when they end.
var builds string

func TestMain(m *testing.M) {
	if os.Getenv(nodeVariable) != "" {
		os.Exit(runNode())
	}
	dir, err := os.MkdirTemp("", "gatehouse-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds cmd/gatehouse once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(builds, "gatehouse")
	build := exec.Command("go", "build", "-o", path, "./cmd/gatehouse")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cmd/gatehouse: %w\n%s", err, out)
	}
	return path, nil
})

// process is one `gatehouse dev` that can be killed and started again on the same
// address, folder and stores.
type process struct {
	t    *testing.T
	args []string
	env  []string
	url  string
	dir  string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// newProcess prepares `gatehouse dev` in a folder of its own. config is the text of its file.
func newProcess(t *testing.T, config string, env ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "gatehouse.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	p := &process{
		t: t, dir: dir, url: "http://" + addr,
		args: []string{path, "dev", "--config", file},
		env:  append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GATEHOUSE_ADDR=" + addr, "GATEHOUSE_PUBLIC_URL=http://" + addr}, env...),
	}
	t.Cleanup(p.kill)
	return p
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// start runs the process and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	if !p.ready(30 * time.Second) {
		text, _ := os.ReadFile(log.Name())
		p.t.Fatalf("not ready after 30 s:\n%s", text)
	}
}

func (p *process) ready(patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ctx.Err() == nil {
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/readyz", nil)
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return false
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	p.mu.Lock()
	cmd := p.cmd
	p.cmd = nil
	p.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
