package secretfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
)

// K-09: files 0600, folder 0700, never over an existing file.
func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parent", "secrets")
	if err := secretfile.Dir(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "key")
	if err := secretfile.Create(path, "s3cret\n"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
	if err := secretfile.Create(path, "other"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over an existing file: %v, want ErrExist", err)
	}
	if got, err := secretfile.Read(path); err != nil || got != "s3cret" {
		t.Errorf("Read = %q, %v; want the first text, trimmed", got, err)
	}
	if err := secretfile.Dir(dir); err != nil {
		t.Errorf("Dir of its own folder: %v", err)
	}
}

// K-09: a link that waits under the name is not followed.
func TestCreateFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.Symlink(target, filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Create(filepath.Join(dir, "key"), "x"); err == nil {
		t.Error("Create wrote through a link")
	}
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("target exists: %v", err)
	}
}

// K-09: secrets that others may read or write are refused, saying what to do.
func TestReadRefusesOpenModes(t *testing.T) {
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o660, 0o602, 0o610} {
		path := filepath.Join(t.TempDir(), "key")
		if err := secretfile.Create(path, "s3cret"); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := secretfile.Read(path)
		if !errors.Is(err, secretfile.ErrTooOpen) || !strings.Contains(err.Error(), "chmod") {
			t.Errorf("Read of mode %04o: %v, want ErrTooOpen and advice", mode, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error tells the secret: %v", err)
		}
	}
}

// K-09: a folder that lets others in is refused.
func TestDirRefusesOpenModes(t *testing.T) {
	for _, mode := range []fs.FileMode{0o755, 0o770, 0o701} {
		dir := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := secretfile.Dir(dir); !errors.Is(err, secretfile.ErrTooOpen) {
			t.Errorf("Dir of mode %04o: %v, want ErrTooOpen", mode, err)
		}
	}
}

// K-09: a file of another user is refused even where its mode is right.
func TestReadRefusesForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		// Only root can make a file of somebody else; a file of root is accepted.
		if _, err := secretfile.Read("/etc/hostname"); !errors.Is(err, secretfile.ErrTooOpen) {
			t.Errorf("Read of a world-readable file of root: %v, want ErrTooOpen", err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := secretfile.Create(path, "s3cret"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := secretfile.Read(path); !errors.Is(err, secretfile.ErrTooOpen) {
		t.Errorf("Read = %v, want ErrTooOpen", err)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sdk.env")
	for _, text := range []string{"one", "two"} {
		if err := secretfile.Replace(path, text); err != nil {
			t.Fatal(err)
		}
		if got, err := secretfile.Read(path); err != nil || got != text {
			t.Errorf("Read = %q, %v; want %q", got, err, text)
		}
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := secretfile.Read(dir); err == nil {
		t.Error("Read of a folder: no error")
	}
	big := filepath.Join(dir, "big")
	if err := secretfile.Create(big, strings.Repeat("x", 64<<10+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := secretfile.Read(big); err == nil {
		t.Error("Read of a huge file: no error")
	}
}
