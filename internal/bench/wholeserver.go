package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// loadRow is one kind of request in all rounds.
type loadRow struct {
	name   string
	server *server
	path   string
	args   []string
	base   *loadRow // what it is compared with; nil for the base itself
	rounds []load
}

// loads runs rows in turns.
func loads(ctx context.Context, rows []*loadRow, rounds, seconds int, progress io.Writer) error {
	for n := range rounds {
		fmt.Fprintf(progress, "round %d of %d: %d kinds of requests, %d s each\n", n+1, rounds, len(rows), seconds)
		for _, row := range rows {
			l, err := row.server.wrk(ctx, row.path, seconds, row.args...)
			if err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			row.rounds = append(row.rounds, l)
		}
	}
	return nil
}

func (r *loadRow) median(of func(load) float64) float64 {
	var all []float64
	for _, l := range r.rounds {
		all = append(all, of(l))
	}
	return median(all)
}

// times is the median of the rounds' ratios to the base.
func (r *loadRow) times(of func(load) float64) float64 {
	var all []float64
	for i, l := range r.rounds {
		all = append(all, of(l)/of(r.base.rounds[i]))
	}
	return median(all)
}

func cpuOf(l load) float64  { return l.cpu }
func rateOf(l load) float64 { return l.perSecond }

// wholeServers compares servers that protect one handler.
func wholeServers(ctx context.Context, only *regexp.Regexp, rounds, seconds int, out, progress io.Writer) error {
	var rows []*loadRow
	for _, name := range []string{"bare net/http", gatehousePeer.name, firstSeenPeer.name, "golang-jwt by hand", peers[0].name, peers[1].name} {
		if len(rows) > 0 && !only.MatchString(name) {
			continue
		}
		s, err := startServer(ctx, name)
		if err != nil {
			return err
		}
		defer s.stop()
		row := &loadRow{name: name, server: s, path: "/api/orders", args: []string{"-H", "Authorization: Bearer " + s.Token}}
		if len(rows) > 0 {
			row.base = rows[0]
		}
		rows = append(rows, row)
	}
	if err := loads(ctx, rows, rounds, seconds, progress); err != nil {
		return err
	}
	table(out, "| server | requests/s | × bare | CPU a request | × bare |", "|---|---:|---:|---:|---:|")
	for _, r := range rows {
		if r.base == nil {
			r.base = r
		}
		fmt.Fprintf(out, "| %s | %.0f | %.2f | %s | %.2f |\n", r.name, r.median(rateOf), r.times(rateOf), span(r.median(cpuOf)), r.times(cpuOf))
	}
	fmt.Fprintln(out)
	return nil
}

// algorithms of the service's servers.
var algorithms = []string{"RS256", "ES256", "EdDSA"}

func serviceAlgorithm(server string) (string, bool) { return strings.CutPrefix(server, "service ") }

// endpoints compares what the service answers with a bare handler on the same server.
func endpoints(ctx context.Context, only *regexp.Regexp, rounds, seconds int, out, progress io.Writer) error {
	dir, err := os.MkdirTemp("", "gatehouse-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var rows []*loadRow
	for _, algorithm := range algorithms {
		fmt.Fprintf(progress, "%d browsers sign in to the service with %s\n", serviceBrowsers, algorithm)
		s, err := startServer(ctx, "service "+algorithm)
		if err != nil {
			return err
		}
		defer s.stop()
		bare := &loadRow{name: "bare handler", server: s, path: "/bare"}
		list := []*loadRow{bare}
		for _, e := range serviceRequests {
			name := e.name + ", " + algorithm
			if e.once && algorithm != algorithms[0] || !only.MatchString(name) {
				continue
			}
			file := filepath.Join(dir, fmt.Sprintf("%d.lua", len(rows)+len(list)))
			err := writeScript(file, s.Browsers, e.lua)
			if err != nil {
				return err
			}
			list = append(list, &loadRow{name: name, server: s, args: []string{"-s", file}, base: bare})
		}
		if len(list) > 1 {
			rows = append(rows, list...)
		}
	}
	if err := loads(ctx, rows, rounds, seconds, progress); err != nil {
		return err
	}
	table(out, "| request | requests/s | CPU a request | × bare handler | raw signature | its share |", "|---|---:|---:|---:|---:|---:|")
	for _, r := range rows {
		if r.base == nil {
			continue
		}
		signature, share := "", ""
		if strings.HasPrefix(r.name, "mint, fresh") {
			signature, share = span(r.server.Signing), fmt.Sprintf("%.0f %%", 100*r.server.Signing/r.median(cpuOf))
		}
		fmt.Fprintf(out, "| %s | %.0f | %s | %.2f | %s | %s |\n", r.name, r.median(rateOf), span(r.median(cpuOf)), r.times(cpuOf), signature, share)
	}
	fmt.Fprintln(out)
	return nil
}

// serviceRequests are the requests to the service; see writeScript for their names.
var serviceRequests = []struct {
	name string
	once bool // signs hardly anything: one algorithm says it all
	lua  string
}{
	{"mint, fresh", false, `  return wrk.format("POST", "/v1/client/sessions/" .. many[2] .. "/tokens", headers(many[1], other))`},
	{"GET /v1/client, fresh token", false, `  return wrk.format("GET", "/v1/client", headers(many[1], other))`},
	{"GET /v1/client, last token reused", true, `  return wrk.format("GET", "/v1/client", headers(few[1], same))`},
	{"GET /v1/me", true, `  return wrk.format("GET", "/v1/me?_clerk_session_id=" .. few[2], headers(few[1], same))`},
}
