package gatehouse

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// clerkJS serves /npm/@clerk/<package>@<version>/dist/… from folders of the
// operator's own, whatever version a page asks for: what lies there is what is
// run. Other origins may load it, as script tags of SDKs do.
type clerkJS struct {
	root *os.Root // nil serves nothing
}

// newClerkJS opens dir, which holds folders "clerk-js" and "ui"; "" serves nothing.
func newClerkJS(dir string) (*clerkJS, error) {
	if dir == "" {
		return &clerkJS{}, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("gatehouse: Config.ClerkJSDir: %w", err)
	}
	return &clerkJS{root: root}, nil
}

func (c *clerkJS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := clerkJSFile(r.URL.Path)
	if c.root == nil || !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		httpjson.WriteError(w, apierr.NotFound, traceID(r), nil)
		return
	}
	// A Root does not follow links or dots out of the folder.
	f, err := c.root.Open(name)
	if err != nil {
		httpjson.WriteError(w, apierr.NotFound, traceID(r), nil)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		httpjson.WriteError(w, apierr.NotFound, traceID(r), nil)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=300")
	if strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".mjs") {
		// Without charset browsers read these files in the encoding of the page.
		h.Set("Content-Type", "text/javascript; charset=utf-8")
	}
	http.ServeContent(w, r, path.Base(name), info.ModTime(), f)
}

func (c *clerkJS) close() error {
	if c.root == nil {
		return nil
	}
	return c.root.Close()
}

// clerkJSFile turns "/npm/@clerk/ui@1/dist/ui.browser.js" into "ui/dist/ui.browser.js".
func clerkJSFile(urlPath string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(urlPath, "/npm/@clerk/")
	if !ok {
		return "", false
	}
	pkg, file, ok := strings.Cut(rest, "/")
	pkg, _, _ = strings.Cut(pkg, "@")
	if !ok || (pkg != "clerk-js" && pkg != "ui") || !strings.HasPrefix(file, "dist/") || path.Clean(file) != file {
		return "", false
	}
	return pkg + "/" + file, true
}
