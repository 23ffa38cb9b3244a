package middleware_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// An app that imports the kit gets little else into its build.
func TestOutsideModules(t *testing.T) {
	const home = "github.com/gatehouse-dev/gatehouse"
	for _, test := range []struct {
		packages []string
		want     []string
	}{
		{[]string{"auth", "middleware"}, []string{"github.com/golang-jwt/jwt/v5"}},
		{[]string{"auth", "middleware", "auth/jwks"}, []string{
			"github.com/golang-jwt/jwt/v5",
			"github.com/lestrrat-go/blackmagic",
			"github.com/lestrrat-go/httpcc",
			"github.com/lestrrat-go/httprc",
			"github.com/lestrrat-go/iter",
			"github.com/lestrrat-go/jwx/v2",
			"github.com/lestrrat-go/option",
			"golang.org/x/crypto",
		}},
	} {
		args := []string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}
		for _, p := range test.packages {
			args = append(args, home+"/"+p)
		}
		out, err := exec.CommandContext(t.Context(), "go", args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		modules := strings.Fields(string(out))
		slices.Sort(modules)
		modules = slices.Compact(modules)
		modules = slices.DeleteFunc(modules, func(m string) bool { return m == home })
		if !slices.Equal(modules, test.want) {
			t.Errorf("%v need the modules %q, want %q", test.packages, modules, test.want)
		}
	}
}
