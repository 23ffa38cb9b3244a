// Package secretfile reads and makes files that hold secrets (K-09): files of mode
// 0600 in folders of mode 0700, made in one step and never over an existing one.
package secretfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxBytes bounds what Read takes: no secret is longer.
const maxBytes = 64 << 10

// ErrTooOpen means that others than its owner may read a file of secrets, or may
// put another one in its place.
var ErrTooOpen = errors.New("secrets are open to others")

// Read returns the text of a file without blanks and line ends around it. It
// refuses with ErrTooOpen a file that group or others may read or write, or that
// belongs to neither the user of this process nor root.
func Read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// What is judged is what was opened, not what the name leads to a moment later.
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", path)
	}
	if err := check(path, info, 0o077); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxBytes {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxBytes)
	}
	return strings.TrimSpace(string(data)), nil
}

// Create makes a file of mode 0600 with the given text. It returns fs.ErrExist,
// wrapped, where there is one already, and leaves nothing behind when it fails.
func Create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

// Replace makes a file of mode 0600 with the given text, in place of an existing
// one; a reader sees the old or the new text, never a part.
func Replace(path, text string) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := Create(temporary, text); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// Dir makes a folder of mode 0700 with its parents, or checks that an existing one
// lets nobody but its owner in (ErrTooOpen).
func Dir(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	return CheckDir(path)
}

// CheckDir returns ErrTooOpen for a folder that lets others than its owner in.
func CheckDir(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", path)
	}
	return check(path, info, 0o077)
}

// check refuses modes with any of the given bits, and foreign owners.
func check(path string, info fs.FileInfo, bits fs.FileMode) error {
	if !hasModes {
		return nil
	}
	if mode := info.Mode().Perm(); mode&bits != 0 {
		return fmt.Errorf("%w: %s has mode %04o; run chmod go= %s", ErrTooOpen, path, mode, path)
	}
	if !ownedByUs(info) {
		return fmt.Errorf("%w: %s belongs to another user", ErrTooOpen, path)
	}
	return nil
}
