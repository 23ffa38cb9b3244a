package gatehousetest_test

import (
	"fmt"
	"net/http"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// A protected handler, asked by somebody who is signed in and by somebody who is not.
func Example() {
	t := newT() // in a test: its argument
	defer t.end()

	server := gatehousetest.New(t, gatehousetest.WithApp(func(s *gatehouse.Server) http.Handler {
		return s.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Println("signed in:", auth.FromContext(r.Context()).IsAuthenticated)
		}))
	}))
	ada := server.CreateUser(gatehousetest.Email("ada@example.com"))

	for _, client := range []*http.Client{server.SignIn(ada), server.Client()} {
		res, err := client.Get(server.URL + "/")
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		res.Body.Close()
		fmt.Println(res.StatusCode)
	}
	// Output:
	// signed in: true
	// 200
	// 401
}
