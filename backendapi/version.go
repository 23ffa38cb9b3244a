package backendapi

import (
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// versions are the published versions of the API, oldest first.
var versions = []string{"2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"}

// versionSplitMetadata is the first version in which metadata is changed on its own
// route only.
const versionSplitMetadata = "2026-05-12"

// apiVersion is the version that a request asks for, by header or by query but not by
// both; without either it is the oldest.
func apiVersion(r *http.Request) (string, error) {
	headers, query := r.Header.Values("Clerk-API-Version"), r.URL.Query()["__clerk_api_version"]
	asked := slices.Concat(headers, query)
	switch len(asked) {
	case 0:
		return versions[0], nil
	case 1:
		if slices.Contains(versions, asked[0]) {
			return asked[0], nil
		}
	}
	return "", apierr.APIVersionInvalid
}
