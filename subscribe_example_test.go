package gatehouse_test

import (
	"context"
	"fmt"
	"log"
	"os"

	gatehouse "github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/user"
)

// An app that keeps rows of its own for users follows what happens to them.
func ExampleServer_Subscribe() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, err := gatehouse.Open(ctx, gatehouse.Config{Development: true, Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	told := make(chan string)
	err = server.Subscribe(ctx, "mirror", func(ctx context.Context, e gatehouse.Event) error {
		told <- e.Type // an error here would have the event told again, later
		return nil
	}, "user.*")
	if err != nil {
		log.Fatal(err)
	}
	u, err := server.Users().Create(ctx, user.NewUser{Username: "ada_lovelace"})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Users().Delete(ctx, u.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-told)
	fmt.Println(<-told)
	// Output:
	// user.created
	// user.deleted
}
