package house_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// K-02: these are all the places that compare secrets, each in constant time and on
// values of equal length: hashes, or MACs. argon2id compares password digests itself.
var secretComparisons = map[string]string{
	"internal/secretkey/keys.go":     "SHA-256 of a secret key",
	"internal/flow/code.go":          "HMAC of a code",
	"internal/flow/link.go":          "SHA-256 of a link",
	"internal/flow/testing.go":       "HMAC of a testing token",
	"notify/signature.go":            "HMAC of a message",
	"middleware/answer.go":           "SHA-256 of a handshake's secret",
	"session/cookievalue.go":         "SHA-256 of the cookie",
	"examples/delete-self/delete.go": "HMAC of a confirmation",
}

// variableTime finds comparisons of what is named like a secret by other means.
var variableTime = regexp.MustCompile(`(?i)(\b\w*(cookietoken|secretkey|\bmac)\b *(==|!=) *[^"n\s])|bytes\.Equal\([^)]*(mac|hash|secret)`)

func TestSecretsAreComparedInConstantTime(t *testing.T) {
	const root = "../../"
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go")
	cmd.Dir = root
	files, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	found := map[string]bool{}
	for _, file := range strings.Fields(string(files)) {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "storetest/") {
			continue
		}
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "subtle.ConstantTimeCompare(") || strings.Contains(string(text), "hmac.Equal(") {
			found[file] = true
			if secretComparisons[file] == "" {
				t.Errorf("%s compares a secret and is not in the list", file)
			}
		}
		if m := variableTime.Find(text); m != nil {
			t.Errorf("%s: %q takes a time that depends on the secret", file, m)
		}
	}
	for file, what := range secretComparisons {
		if !found[file] {
			t.Errorf("%s no longer compares the %s in constant time", file, what)
		}
	}
}
