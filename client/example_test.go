package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
)

// A user is made, found, changed and deleted, in the process that the server runs in. Over
// HTTP nothing but the first lines is different: see [client.New].
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	server, err := gatehouse.Open(ctx, gatehouse.Config{Development: true, Dir: filepath.Join(dir, "gatehouse")})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	api := server.BackendAPI()

	ada, err := api.Users.Create(ctx, client.NewUser{
		EmailAddresses: []string{"ada@example.com"},
		Password:       "correct horse battery staple",
		FirstName:      "Ada",
		PublicMetadata: map[string]any{"plan": "pro"},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Users.Create(ctx, client.NewUser{EmailAddresses: []string{"ada@example.com"}, Password: "another long password"})
	fmt.Println("taken:", errors.Is(err, client.ErrTaken))

	ada, err = api.Users.Update(ctx, ada.ID, client.UserChange{
		LastName:  client.Set("Lovelace"),
		FirstName: client.Clear[string](),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("first name %q, last name %q\n", ada.FirstName, ada.LastName)

	for u, err := range api.Users.All(ctx, client.UserQuery{NameQuery: "love"}) {
		if err != nil {
			log.Fatal(err)
		}
		var metadata struct{ Plan string }
		if err := u.PublicMetadata.Decode(&metadata); err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.PrimaryEmailAddress(), metadata.Plan)
	}

	if err := api.Users.Delete(ctx, ada.ID); err != nil {
		log.Fatal(err)
	}
	_, err = api.Users.Get(ctx, ada.ID)
	fmt.Println("gone:", errors.Is(err, client.ErrNotFound))
	// Output:
	// taken: true
	// first name "", last name "Lovelace"
	// ada@example.com pro
	// gone: true
}

// The client of a server elsewhere, as its key comes from the environment.
func ExampleNew() {
	api, err := client.New(client.Config{
		URL:       "https://app.example.com/api",
		SecretKey: client.Secret("sk_live_…"),
	})
	fmt.Println(api, err)
	api, err = client.New(client.Config{
		URL:       "https://app.example.com/api",
		SecretKey: "sk_live_0123456789",
	})
	fmt.Println(api, err)
	// Output:
	// <nil> client: Config.SecretKey is missing, or has characters that no key has
	// client of https://app.example.com/api/v1 <nil>
}
