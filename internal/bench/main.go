// Command bench measures this module beside other ways to protect handlers in Go, and
// against what none can do without. It prints the tables of docs/performance.md.
//
//	make bench-peers
//	go run . -part pairs -run 'hot|first-seen' -rounds 6
//
// Three parts, by -part:
//
//   - pairs: two things run in turns of 0.2 ms in this process. The figure is the median
//     of the ratios of neighbouring turns, and of the rounds the median again, since the
//     speed of a machine drifts by more than what is to be measured.
//   - servers: whole servers of one core under wrk, each a process of its own.
//   - service: requests to the service on PostgreSQL and Redis, under wrk.
package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 10, "how many rounds; medians of fewer than 6 say little")
	seconds := flags.Int("seconds", 2, "how long each kind of request is sent in a round, by wrk")
	short := flags.Bool("short", false, "one round of a second: does everything run?")
	parts := flags.String("part", "pairs,servers,service", "what to run")
	write := flags.String("write", "", "a Markdown file whose generated part is replaced by the tables, instead of printing them")
	only := flags.String("run", "", "only rows whose name matches this regular expression")
	serve := flags.String("serve", "", "serve as one of the servers under load (for this command's own use)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *serve != "" {
		return serveChild(ctx, *serve)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *short {
		*rounds, *seconds = 1, 1
	}
	if *write != "" {
		var tables bytes.Buffer
		if err := measure(ctx, *parts, match, *rounds, *seconds, &tables, progress); err != nil {
			return err
		}
		return replaceGenerated(*write, tables.String())
	}
	return measure(ctx, *parts, match, *rounds, *seconds, out, progress)
}

func measure(ctx context.Context, parts string, match *regexp.Regexp, rounds, seconds int, out, progress io.Writer) error {
	writeMachine(out, rounds)
	for part := range strings.SplitSeq(parts, ",") {
		var err error
		switch part {
		case "pairs":
			err = pairs(ctx, match, rounds, out, progress)
		case "servers":
			if err = findWrk(); err == nil {
				err = wholeServers(ctx, match, rounds, seconds, out, progress)
			}
		case "service":
			if err = cmp.Or(findWrk(), findStores()); err == nil {
				err = endpoints(ctx, match, rounds, seconds, out, progress)
			}
		default:
			err = fmt.Errorf("no part %q: want pairs, servers, service", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func pairs(ctx context.Context, only *regexp.Regexp, rounds int, out, progress io.Writer) error {
	fmt.Fprintf(progress, "signing %d tokens\n", inTurn)
	s, err := newSuite(ctx, only)
	if err != nil {
		return err
	}
	defer s.close()
	s.run(rounds, progress)
	s.writeLimits(out)
	s.writePeers(out)
	return nil
}
