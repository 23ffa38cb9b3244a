package main

import (
	"runtime"
	"slices"
	"time"
)

const (
	// chunk is how long one thing runs before it is the other's turn: short enough
	// that both see the same machine, whose speed drifts.
	chunk = 200 * time.Microsecond
	// pairTime is how long the two of a pair run in one round.
	pairTime = 400 * time.Millisecond
	// minChunks is how often each has its turn at least.
	minChunks = 40
)

// pair compares two functions that can be run again and again.
type pair struct {
	base, f func()
}

// figures are what a pair came to in one round, or the medians of several.
type figures struct {
	ratio   float64 // how many times longer f takes than base
	base, f float64 // nanoseconds a run
}

// more is how many nanoseconds f takes longer than base, by the ratio, which is surer
// than either time.
func (r figures) more() float64 { return r.base * (r.ratio - 1) }

// round runs the two in turns and returns the median of the ratios of neighbours,
// and of the times.
func (p pair) round() figures {
	nBase, nF := fill(p.base), fill(p.f)
	var ratios, bases, fs []float64
	for start := time.Now(); time.Since(start) < pairTime || len(ratios) < minChunks; {
		b, f := clock(p.base, nBase), clock(p.f, nF)
		bases, fs, ratios = append(bases, b), append(fs, f), append(ratios, f/b)
	}
	return figures{ratio: median(ratios), base: median(bases), f: median(fs)}
}

// fill returns how many runs of f take about as long as a chunk.
func fill(f func()) int {
	f() // warm
	n := 1
	for {
		took := clock(f, n) * float64(n)
		switch {
		case took >= float64(chunk)*0.8 || n >= 1<<20:
			return n
		case took < float64(chunk)/8:
			n *= 4
		default:
			n = max(n+1, int(float64(n)*float64(chunk)/took))
		}
	}
}

// clock returns how many nanoseconds one of n runs takes.
func clock(f func(), n int) float64 {
	start := time.Now()
	for range n {
		f()
	}
	return float64(max(time.Since(start), 1)) / float64(n)
}

// allocated returns how many allocations one run of f makes, and of how many bytes.
func allocated(f func()) (allocs, bytes float64) {
	const runs = 200
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody else allocates meanwhile
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

// median returns the middle of all, the upper one of two.
func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// medians returns the medians of all rounds.
func medians(rounds []figures) figures {
	pick := func(of func(figures) float64) float64 {
		var all []float64
		for _, r := range rounds {
			all = append(all, of(r))
		}
		return median(all)
	}
	return figures{
		ratio: pick(func(r figures) float64 { return r.ratio }),
		base:  pick(func(r figures) float64 { return r.base }),
		f:     pick(func(r figures) float64 { return r.f }),
	}
}
