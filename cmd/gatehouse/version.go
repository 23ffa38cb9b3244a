package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// versionCommand prints the build.
type versionCommand struct{}

// Run implements command.
func (versionCommand) Run(_ context.Context, p *program) error {
	version, revision, goVersion := "unknown", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	fmt.Fprintf(p.stdout, "gatehouse %s%s %s\n", version, revision, goVersion)
	return nil
}
