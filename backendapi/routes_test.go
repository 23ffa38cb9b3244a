package backendapi_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/backendapi"
)

var update = flag.Bool("update", false, "rewrite testdata/routes.txt")

// A route that is new or gone shows in the golden list.
func TestRoutes(t *testing.T) {
	got := strings.Join(newServer(t).handler.(*backendapi.Handler).Routes(), "\n") + "\n"
	const golden = "testdata/routes.txt"
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if got != string(want) {
		t.Errorf("routes differ from %s; run make golden\n%s", golden, got)
	}
}
