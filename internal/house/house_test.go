package house_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of this module each package may import, besides the
// leaves below. A package that is missing here fails the test; the table changes in
// the same commit as docs/architecture.md.
var allowed = map[string]string{
	"":                       "*", // package gatehouse wires everything
	"auth":                   "internal/strictjson",
	"auth/jwks":              "auth internal/strictjson",
	"middleware":             "auth",
	"user":                   "internal/origin internal/strictjson internal/picture user/internal/digest",
	"user/internal/digest":   "",
	"user/sqlstore":          "user internal/origin internal/sqldb",
	"user/storetest":         "user internal/origin",
	"session":                "auth auth/jwks internal/origin",
	"session/internal/rules": "session",
	"session/redisstore":     "session session/internal/rules",
	"session/sqlstore":       "session session/internal/rules internal/sqldb",
	"session/storetest":      "session session/internal/rules internal/origin",
	"notify":                 "",
	"frontendapi":            "auth user session internal/flow internal/apierr internal/httpjson internal/origin internal/upload",
	"backendapi":             "user session internal/bulk internal/flow internal/settings internal/jwttemplate internal/secretkey internal/apierr internal/httpjson internal/strictjson internal/upload internal/audit internal/origin internal/webhook",
	"ui":                     "",
	"webhook":                "",
	"client":                 "",
	"gatehousetest":          ". auth user session notify",
	"cmd/gatehouse":          ". client auth auth/jwks middleware session notify user internal/logging internal/secretfile",

	"internal/apierr":      "auth user session internal/bulk internal/flow internal/settings internal/jwttemplate internal/secretkey internal/sqldb internal/webhook",
	"internal/audit":       "internal/origin internal/sqldb",
	"internal/bulk":        "user internal/sqldb",
	"internal/clientip":    "",
	"internal/digesttest":  "",
	"internal/document":    "internal/sqldb",
	"internal/flow":        "user session notify internal/audit internal/jwttemplate",
	"internal/house":       "",
	"internal/httpjson":    "internal/apierr internal/strictjson",
	"internal/jobs":        "",
	"internal/jwttemplate": "auth internal/document",
	"internal/keyring":     "",
	"internal/logging":     "",
	"internal/origin":      "",
	"internal/outgoing":    "",
	"internal/people":      "user",
	"internal/picture":     "",
	"internal/random":      "",
	"internal/secretfile":  "",
	"internal/secretkey":   "internal/sqldb",
	"internal/settings":    "internal/document",
	"internal/sqldb":       "",
	"internal/strictjson":  "",
	"internal/testservers": "",
	"internal/upload":      "internal/apierr internal/httpjson",
	"internal/webhook":     "webhook internal/keyring internal/sqldb",

	// Examples show what an app may import: public packages only.
	"examples/quickstart":   ". auth middleware",
	"examples/api-only":     "auth auth/jwks middleware", // and nothing of a server
	"examples/other-origin": "auth auth/jwks middleware",
	"examples/delete-self":  ". auth middleware gatehousetest",
}

// leaves may be imported by any package but those that an app imports alone
// (auth, middleware), which stay free of them.
var leaves = []string{"internal/random"}

type goPackage struct {
	ImportPath string
	Doc        string
	GoFiles    []string
	Imports    []string
	Module     struct{ Path string }
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		self := relative(p, p.ImportPath)
		rule, known := allowed[self]
		if !known {
			t.Errorf("package %q is not in the table of internal/house", self)
			continue
		}
		may := strings.Fields(rule)
		for _, path := range p.Imports {
			if path != p.Module.Path && !strings.HasPrefix(path, p.Module.Path+"/") {
				continue
			}
			dep := relative(p, path)
			name := dep
			if name == "" {
				name = "."
			}
			free := slices.Contains(leaves, dep) && self != "auth" && self != "middleware"
			if rule != "*" && !free && !slices.Contains(may, name) {
				t.Errorf("%s imports %s, which the house does not allow", self, name)
			}
		}
	}
}

// Every package says in one place what it is for.
func TestPackageDoc(t *testing.T) {
	for _, p := range list(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func relative(p goPackage, path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, p.Module.Path), "/")
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,GoFiles,Imports,Module", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		packages = append(packages, p)
	}
}
