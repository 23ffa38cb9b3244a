package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// writeMachine says where the figures come from.
func writeMachine(out io.Writer, rounds int) {
	fmt.Fprintf(out, "%s, %s, %d CPUs (%s), %s/%s, %d rounds", time.Now().UTC().Format(time.DateOnly), runtime.Version(),
		runtime.NumCPU(), cpuModel(), runtime.GOOS, runtime.GOARCH, rounds)
	for _, command := range [][]string{{"redis-server", "--version"}, {"wrk", "--version"}} {
		text, _ := exec.Command(command[0], command[1:]...).Output() // wrk exits with 1
		if words := strings.Fields(string(text)); len(words) > 2 {
			fmt.Fprintf(out, ", %s", strings.Join(words[:3], " "))
		}
	}
	fmt.Fprint(out, ".\n\n")
}

// cpuModel is the name of the processor where Linux tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, model, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown"
}

// version returns the version of a module that this program was built with.
func version(module string) string { return versions()[module] }

var versions = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			all[m.Path] = m.Version
		}
	}
	return all
})
