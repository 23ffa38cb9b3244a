package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/gatehouse-dev/gatehouse/client"
)

// isTerminal reports whether somebody sits at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns is the width of the terminal that w is, 0 if it is none.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// confirmFlag is what a command has that cannot be taken back.
type confirmFlag struct {
	Yes bool `short:"y" help:"Do not ask."`
}

// errDeclined is a question that was not answered with yes.
var errDeclined = errors.New("nothing was changed")

// confirm asks before something that cannot be taken back happens to n things: y for one,
// the number for several. Nobody there to ask is a no.
func (f confirmFlag) confirm(p *program, what string, n int) error {
	if f.Yes {
		return nil
	}
	if !p.interactive {
		return &usageError{fmt.Errorf("%s? There is nobody to ask: say --yes", what)}
	}
	want, how := "y", "y"
	if n > 1 {
		want = strconv.Itoa(n)
		how = want
	}
	fmt.Fprintf(p.stderr, "%s? Type %s to go on: ", what, how)
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(line), want) {
		return errDeclined
	}
	return nil
}

// maxSecret bounds a password that is read, in bytes.
const maxSecret = 4096

// readPassword asks for a password on a terminal, unseen, or reads the first line of
// standard input. It never comes from the command line, which every user of the machine
// can read (K-09).
func readPassword(p *program) (client.Secret, error) {
	f, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(p.stdin, maxSecret)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read password: %w", err)
		}
		return notEmpty(strings.TrimRight(line, "\r\n"))
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(p.stderr, prompt)
		defer fmt.Fprintln(p.stderr)
		text, err := term.ReadPassword(int(f.Fd()))
		return string(text), err
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	second, err := ask("Again: ")
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	if first != second {
		return "", errors.New("these are two passwords: nothing was changed")
	}
	return notEmpty(first)
}

func notEmpty(text string) (client.Secret, error) {
	if text == "" {
		return "", &usageError{errors.New("there is no password on standard input")}
	}
	return client.Secret(text), nil
}

// progress shows on a terminal how far a long piece of work is.
type progress struct {
	w     io.Writer // nil shows nothing
	what  string
	shown bool
}

func newProgress(p *program, what string) *progress {
	if !isTerminal(p.stderr) {
		return &progress{}
	}
	return &progress{w: p.stderr, what: what}
}

const barWidth = 30

// at redraws the bar: done of total, which may be unknown (0).
func (g *progress) at(done, total int) {
	if g.w == nil {
		return
	}
	g.shown = true
	fmt.Fprint(g.w, "\r\x1b[K", bar(g.what, done, total))
}

// end leaves the line to what comes next.
func (g *progress) end() {
	if g.shown {
		g.shown = false
		fmt.Fprint(g.w, "\r\x1b[K")
	}
}

// bar draws done of total.
func bar(what string, done, total int) string {
	if total <= 0 {
		return fmt.Sprintf("%s %d", what, done)
	}
	done = min(done, total)
	full := barWidth * done / total
	return fmt.Sprintf("%s [%s%s] %d/%d %d%%", what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, total, 100*done/total)
}
