package spec

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const description = `
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /client/{id}:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                allOf:
                  - type: object
                    required: [response]
                    properties:
                      response:
                        nullable: true
                        oneOf:
                          - type: object
                            required: [id, sessions]
                            additionalProperties: false
                            properties:
                              id: {type: string}
                              sessions: {type: array, items: {type: object, required: [id], properties: {id: {type: string}}}}
                          - type: object
                            required: [a, b, c]
                            additionalProperties: false
                            properties: {a: {type: string}, b: {type: string}, c: {type: string}}
`

func load(t *testing.T) *API {
	t.Helper()
	file := filepath.Join(t.TempDir(), "api.yml")
	if err := os.WriteFile(file, []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := Load(file, "/api", "/v1")
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestCheck(t *testing.T) {
	api := load(t)
	const where = "GET /api/v1/client/{id} "
	for _, test := range []struct {
		name, path string
		status     int
		body       string
		want       []string
	}{
		{"as described", "/api/v1/client/c1", 200, `{"response":{"id":"c1","sessions":[{"id":"s"}]}}`, nil},
		{"null", "/api/v1/client/c1/", 200, `{"response":null}`, nil},
		{"not described", "/api/v1/other", 200, `{}`, nil},
		{"status", "/api/v1/client/c1", 201, `{}`, []string{where + "201: status not described"}},
		{"missing", "/api/v1/client/c1", 200, `{}`, []string{where + `200 /response: property "response" is missing`}},
		{"inside the closest alternative", "/api/v1/client/c1", 200, `{"response":{"id":"c1","sessions":[{"id":1},{}]}}`, []string{
			where + `200 /response/sessions/*/id: property "id" is missing`,
			where + `200 /response/sessions/*/id: value must be a string`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := api.Check("GET", test.path, test.status, []byte(test.body))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("Check = %q, %v; want %q", got, err, test.want)
			}
		})
	}
	if _, err := api.Check("GET", "/api/v1/client/c1", 200, []byte("<html>")); err == nil {
		t.Error("an answer that is not JSON passed")
	}
}

func TestKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "divergences.md")
	text := "# x\n```go\nnot this\n```\n```differences\n# why\nGET /a 200 /b: c\n```\nnor this\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := Known(file)
	if err != nil || len(known) != 1 || !known["GET /a 200 /b: c"] {
		t.Errorf("Known = %v, %v", known, err)
	}
}
