package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// contentTypes are the kinds of files served; anything else in the folder stays private.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets are the served files. release is a hash over all of them that stands in
// their URL as a folder, so that modules find each other by relative imports and a
// new version of one file gives all of them new URLs.
type assets struct {
	release string
	files   map[string]asset // by path below /ui/
}

type asset struct {
	body []byte
	etag string // quoted
}

// readAssets takes in every file of files that a page may load.
func readAssets(files fs.FS) (*assets, error) {
	a := &assets{files: make(map[string]asset)}
	all := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !served(name) {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		a.files[name] = asset{body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		fmt.Fprintf(all, "%s %x\n", name, sum)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.release = hex.EncodeToString(all.Sum(nil)[:8])
	return a, nil
}

func served(name string) bool {
	return contentTypes[path.Ext(name)] != "" && !strings.HasSuffix(name, "_test.js")
}

// asset serves /ui/<release>/<file> for ever and /ui/<file> with revalidation.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	cache := "no-cache"
	if rest, ok := strings.CutPrefix(name, h.assets.release+"/"); ok {
		name, cache = rest, "public, max-age=31536000, immutable"
	}
	f, err := h.find(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if h.live {
		cache = "no-store"
	}
	head := w.Header()
	head.Set("Cache-Control", cache)
	head.Set("Content-Type", contentTypes[path.Ext(name)])
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("ETag", f.etag)
	h.transport(head)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
}

// find returns a served file, read anew where files may change.
func (h *Handler) find(name string) (asset, error) {
	if !h.live {
		if f, ok := h.assets.files[name]; ok {
			return f, nil
		}
		return asset{}, fs.ErrNotExist
	}
	if !fs.ValidPath(name) || !served(name) {
		return asset{}, fs.ErrNotExist
	}
	body, err := fs.ReadFile(h.files, name)
	if err != nil {
		return asset{}, errors.Join(fs.ErrNotExist, err)
	}
	sum := sha256.Sum256(body)
	return asset{body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}
