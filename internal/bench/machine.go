package main

import (
	"runtime/debug"
	"sync"
)

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
