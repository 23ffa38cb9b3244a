package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Pairs of measurements: of what has nothing to do with passwords, and of what hashes one.
const (
	pairs       = 10_000
	hashedPairs = 500
	shortPairs  = 200
)

// question is something to try on an identifier: it leads up to a call, which is timed.
type question struct {
	name  string
	pairs int
	floor time.Duration // 0: what is under the floor
	ask   func(b *browser, identifier string) (call func())
}

var questions = []question{
	{"sign_in", pairs, 0, identifies},
	{"sign_in_with_floor", pairs, flow.DefaultFloor, identifies},
	{"password", pairs, 0, guesses},
	{"password_with_floor", pairs, flow.DefaultFloor, guesses},
	{"password_hashed", hashedPairs, flow.DefaultFloor, guesses},
	{"code_prepare", pairs, 0, prepares("email_code")},
	{"code_resend", pairs, 0, func(b *browser, identifier string) func() {
		again := prepares("email_code")(b, identifier)
		again()
		b.pass(time.Minute)
		return again
	}},
	{"code_attempt", pairs, 0, guessesCode},
	{"code_attempt_with_floor", pairs, flow.DefaultFloor, guessesCode},
	{"reset_prepare", pairs, 0, prepares("reset_password_email_code")},
	{"sign_up", pairs, 0, func(b *browser, identifier string) func() {
		return func() {
			_, _ = b.CreateSignUp(b.t.Context(), flow.Caller{}, flow.SignUpFields{EmailAddress: &identifier})
		}
	}},
	{"sign_up_prepare", pairs, 0, func(b *browser, identifier string) func() {
		out, err := b.signUp(flow.SignUpFields{EmailAddress: &identifier})
		must(b.t, err)
		c := b.caller()
		return func() {
			_, _ = b.PrepareVerification(b.t.Context(), c, out.SignUp.ID, flow.Prepare{Strategy: "email_code"})
		}
	}},
}

func identifies(b *browser, identifier string) func() {
	return func() {
		_, _ = b.CreateSignIn(b.t.Context(), flow.Caller{}, flow.SignInFields{Identifier: identifier})
	}
}

func guesses(b *browser, identifier string) func() {
	return func() {
		_, _ = b.CreateSignIn(b.t.Context(), flow.Caller{}, flow.SignInFields{Identifier: identifier, Password: "wrong password"})
	}
}

func guessesCode(b *browser, identifier string) func() {
	id := b.identify(identifier).ID
	_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
	must(b.t, err)
	c := b.caller()
	return func() {
		_, _ = b.AttemptFirstFactor(b.t.Context(), c, id, flow.Proof{Strategy: "email_code", Code: "000000"})
	}
}

func prepares(strategy string) func(b *browser, identifier string) func() {
	return func(b *browser, identifier string) func() {
		id := b.identify(identifier).ID
		c := b.caller()
		return func() { _, _ = b.PrepareFirstFactor(b.t.Context(), c, id, flow.Prepare{Strategy: strategy}) }
	}
}

// BenchmarkKnownAndUnknown times each question about somebody and about nobody, in turn
// and in random order, without a network between, and reports Welch's t and what the
// medians differ by: of the work itself, and of some questions with the floor that hides
// what is left. Beyond 4.5, t says that as many measurements tell them apart. With
// -short there are few.
func BenchmarkKnownAndUnknown(b *testing.B) {
	for _, q := range questions {
		b.Run(q.name, func(b *testing.B) {
			w := protected(b)
			flow.SetFloor(w.Engine, q.floor)
			w.set(func(s *flow.Settings) { s.Password.Required = false })
			w.person(jane, func(nu *user.NewUser) { nu.Username, nu.FirstName = "janedoe", "Jane" })
			if q.pairs == pairs {
				flow.SkipHashes(w.Engine)
			}
			n := q.pairs
			if testing.Short() {
				n = min(n, shortPairs)
			}
			b.ResetTimer()
			known, unknown := w.measure(q, n)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(welch(known, unknown), "t")
			b.ReportMetric((median(known)-median(unknown))/1e3, "Δmedian-µs")
			b.ReportMetric(median(known)/1e3, "median-µs")
		})
	}
}

// measure asks n times each and returns nanoseconds.
func (w *world) measure(q question, n int) (known, unknown []float64) {
	for i := range n {
		identifiers := []string{jane, fmt.Sprintf("joan%d@example.com", i%7)}
		first := rand.IntN(2)
		for _, which := range []int{first, 1 - first} {
			w.pass(25 * time.Hour) // past every limit and lock
			call := q.ask(w.browser(), identifiers[which])
			w.Close() // what was sent before is not to run beside
			start := time.Now()
			call()
			took := float64(time.Since(start))
			if which == 0 {
				known = append(known, took)
			} else {
				unknown = append(unknown, took)
			}
		}
		if i%500 == 499 {
			_, err := w.store.Sweep(w.t.Context(), w.clock())
			must(w.t, err)
		}
	}
	return known, unknown
}

// welch is Welch's t of two samples.
func welch(a, b []float64) float64 {
	meanA, varA := moments(a)
	meanB, varB := moments(b)
	return (meanA - meanB) / math.Sqrt(varA/float64(len(a))+varB/float64(len(b)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

func median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return sorted[len(sorted)/2]
}
