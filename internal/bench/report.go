package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// writeLimits prints the comparisons of ours with what it cannot do without.
func (s *suite) writeLimits(out io.Writer) {
	if len(s.limits) == 0 {
		return
	}
	table(out, "| what | against | ratio | spread | goal | met | time | more by | B/op | allocs |", "|---|---|---:|---:|---:|---|---:|---:|---:|---:|")
	for _, c := range s.limits {
		low, high := spread(c.rounds)
		fmt.Fprintf(out, "| %s | %s | %.2f | %.2f–%.2f | %s | %s | %s | %s | %.0f | %.0f |\n", c.name, c.against,
			c.result.ratio, low, high, c.goal, c.goal.met(c.result),
			span(c.result.f), span(c.result.more()), c.bytes, c.allocs)
	}
	fmt.Fprintf(out, "\nA token of %d bytes takes %d in the cache, the table included.\n\n", s.tokenSize, s.entrySize)
}

// writePeers prints every middleware in every case.
func (s *suite) writePeers(out io.Writer) {
	if len(s.peers) == 0 {
		return
	}
	table(out, "| middleware | version | hot | 10,000 in turn | forged | expired | B/op | allocs | × raw verify | × our hit |", "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, p := range s.peers {
		cell := func(c *comparison, of func(*comparison) string) string {
			if c == nil {
				return "–"
			}
			return of(c)
		}
		time := func(c *comparison) string { return span(c.result.f) }
		ratio := func(c *comparison) string { return fmt.Sprintf("%.2f", c.result.ratio) }
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %.0f | %.0f | %s | %s |\n", p.name, version(p.module),
			cell(p.hot, time), cell(p.turns, time), cell(p.forged, time), cell(p.expired, time),
			p.hot.bytes, p.hot.allocs, cell(p.verify, ratio),
			cell(p.hot, func(c *comparison) string { return fmt.Sprintf("%.0f", c.result.ratio) }))
	}
	fmt.Fprintln(out)
	table(out, "| middleware | how it is set up |", "|---|---|")
	for _, p := range s.peers {
		fmt.Fprintf(out, "| %s | %s |\n", p.name, p.setup)
	}
	fmt.Fprintln(out)
}

// The marks around what -write replaces.
const (
	generatedBegin = "<!-- make bench-peers writes from here -->\n"
	generatedEnd   = "<!-- to here -->\n"
)

// replaceGenerated puts text between the marks of a file.
func replaceGenerated(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, begun := strings.Cut(string(old), generatedBegin)
	_, tail, ended := strings.Cut(rest, generatedEnd)
	if !begun || !ended {
		return fmt.Errorf("%s has no generated part", file)
	}
	return os.WriteFile(file, []byte(head+generatedBegin+text+generatedEnd+tail), 0o644)
}

func table(out io.Writer, header, align string) { fmt.Fprintln(out, header+"\n"+align) }

// spread returns the least and the greatest ratio of the rounds.
func spread(rounds []figures) (low, high float64) {
	low, high = rounds[0].ratio, rounds[0].ratio
	for _, r := range rounds {
		low, high = min(low, r.ratio), max(high, r.ratio)
	}
	return low, high
}

// span writes nanoseconds.
func span(ns float64) string {
	switch {
	case ns < 0:
		return "−" + span(-ns)
	case ns < 10_000:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 100_000:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	default:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	}
}
