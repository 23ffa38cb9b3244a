package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

const (
	crashSignUps = 1000
	crashWorkers = 16
	crashJudges  = 4 // who sign in afterwards: a server hashes few passwords at once
	crashKills   = 10
	testCode     = "424242"
)

// crashConfig is the cheapest password hash that is allowed, and a proxy that is
// believed, so that every virtual user has an address of its own.
const crashConfig = `
trusted_proxies = ["127.0.0.1"]

[passwords]
memory_kib = 19456
`

// A thousand people sign up while the server is killed ten times. Whoever was told
// "complete" signs in afterwards, and no address is held by a user who cannot.
func TestSignUpsSurviveKills(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { signUpsSurviveKills(t) })
	t.Run("PostgreSQL", func(t *testing.T) {
		signUpsSurviveKills(t, "GATEHOUSE_DATABASE_URL="+testservers.Postgres(t))
	})
}

func signUpsSurviveKills(t *testing.T, env ...string) {
	server := newProcess(t, crashConfig, env...)
	server.start()

	var begun atomic.Int64
	complete := make([]atomic.Bool, crashSignUps)
	var workers sync.WaitGroup
	for range crashWorkers {
		workers.Go(func() {
			for {
				n := int(begun.Add(1)) - 1
				if n >= crashSignUps {
					return
				}
				// While the server is down nobody new arrives; those under way are cut off.
				complete[n].Store(server.ready(30*time.Second) && newPerson(server.url, n).signUp() == nil)
			}
		})
	}
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	killed := killAtRandom(server, &begun, done)
	<-done
	if killed != crashKills {
		t.Fatalf("killed %d times, want %d", killed, crashKills)
	}

	var told, silent, free, wrong atomic.Int64
	begun.Store(0)
	for range crashJudges {
		workers.Go(func() {
			for {
				n := int(begun.Add(1)) - 1
				if n >= crashSignUps {
					return
				}
				err := patiently(newPerson(server.url, n+crashSignUps).as(n).signIn)
				var refused *refusal
				switch {
				case err == nil && complete[n].Load():
					told.Add(1)
				case err == nil:
					silent.Add(1) // complete, but killed before the answer
				case errors.As(err, &refused) && refused.code == "form_identifier_not_found" && !complete[n].Load():
					free.Add(1)
				default:
					wrong.Add(1)
					t.Errorf("person %d (answered complete: %v) cannot sign in: %v", n, complete[n].Load(), err)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d complete, %d complete unanswered, %d free, %d wrong", told.Load(), silent.Load(), free.Load(), wrong.Load())
	if told.Load() < crashSignUps/2 {
		t.Errorf("only %d sign-ups were answered complete: the kills left no test", told.Load())
	}
}

// killAtRandom kills and restarts the server once at a random point of each tenth of the work.
func killAtRandom(server *process, begun *atomic.Int64, done <-chan struct{}) (killed int) {
	const span = crashSignUps / crashKills
	for i := range crashKills {
		at := int64(i*span + rand.IntN(span-crashWorkers))
		for begun.Load() < at {
			select {
			case <-done:
				return killed
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // into the middle of a request
		server.kill()
		killed++
		server.start()
	}
	return killed
}

// person is one virtual user with a browser and an address of their own.
type person struct {
	base, email, password, address string
	client                         *http.Client
}

func newPerson(base string, n int) *person {
	jar, _ := cookiejar.New(nil)
	p := &person{base: base, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	p.address = fmt.Sprintf("2001:db8:%x:%x::1", n>>16, n&0xffff)
	return p.as(n)
}

func (p *person) as(n int) *person {
	p.email = fmt.Sprintf("person%d+clerk_test@example.com", n)
	p.password = fmt.Sprintf("a long enough secret %d", n)
	return p
}

// refusal is an error answer.
type refusal struct {
	status int
	code   string
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.body) }

type attempt struct {
	Response struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"response"`
}

func (p *person) signUp() error {
	made, err := p.post("/v1/client/sign_ups", "email_address", p.email, "password", p.password)
	if err != nil {
		return err
	}
	path := "/v1/client/sign_ups/" + made.Response.ID
	if _, err := p.post(path+"/prepare_verification", "strategy", "email_code"); err != nil {
		return err
	}
	made, err = p.post(path+"/attempt_verification", "strategy", "email_code", "code", testCode)
	return complete(made, err)
}

// patiently does as a 503 asks: it tries again a little later, for some time.
func patiently(signIn func() error) error {
	for try := 1; ; try++ {
		err := signIn()
		if refused, ok := errors.AsType[*refusal](err); !ok || refused.code != "service_unavailable" || try == 4 {
			return err
		}
		time.Sleep(3 * time.Second)
	}
}

func (p *person) signIn() error {
	return complete(p.post("/v1/client/sign_ins", "identifier", p.email, "strategy", "password", "password", p.password))
}

func complete(a attempt, err error) error {
	if err == nil && a.Response.Status != "complete" {
		return fmt.Errorf("status %q", a.Response.Status)
	}
	return err
}

func (p *person) post(path string, pairs ...string) (attempt, error) {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return attempt{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.base)
	request.Header.Set("X-Forwarded-For", p.address)
	response, err := p.client.Do(request)
	if err != nil {
		return attempt{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return attempt{}, err
	}
	if response.StatusCode != http.StatusOK {
		var envelope struct{ Errors []struct{ Code string } }
		_ = json.Unmarshal(body, &envelope)
		r := &refusal{status: response.StatusCode, body: string(body)}
		if len(envelope.Errors) > 0 {
			r.code = envelope.Errors[0].Code
		}
		return attempt{}, r
	}
	var a attempt
	return a, json.Unmarshal(body, &a)
}
