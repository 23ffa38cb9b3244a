//go:build unix

package secretfile

import (
	"io/fs"
	"os"
	"syscall"
)

// hasModes reports whether the system knows permission bits.
const hasModes = true

func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(stat.Uid) == os.Geteuid() || stat.Uid == 0)
}
