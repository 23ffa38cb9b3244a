package user_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// An app opens the store, creates a user and checks a password.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "users")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, "users.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	users, err := user.NewService(user.Config{
		Store: store,
		Events: user.EventHandlerFunc(func(_ context.Context, e user.Event) error {
			fmt.Println("event:", e.Type) // end the user's sessions here
			return nil
		}),
	})
	if err != nil {
		log.Fatal(err)
	}

	ada, err := users.Create(ctx, user.NewUser{
		FirstName:      "Ada",
		EmailAddresses: []user.NewIdentifier{{Value: "Ada@Example.com", Strategy: "email_code"}},
		Password:       "correct horse battery",
	})
	if err != nil {
		log.Fatal(err)
	}
	found, identification, err := users.ByIdentifier(ctx, "ada@example.com")
	fmt.Println(found.FirstName, identification.Value, err)
	fmt.Println(users.VerifyPassword(ctx, found, "wrong horse battery"))
	fmt.Println(users.VerifyPassword(ctx, found, "correct horse battery"))
	fmt.Println(users.Delete(ctx, ada.ID))
	// Output:
	// Ada Ada@example.com <nil>
	// user: password incorrect
	// <nil>
	// event: user.deleted
	// <nil>
}

// The user and the app's own row are created together or not at all.
func ExampleService_WithTx() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "users")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	users, err := user.NewService(user.Config{
		Store:  store,
		Events: user.EventHandlerFunc(func(context.Context, user.Event) error { return nil }),
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.DB().ExecContext(ctx, `
		create table customers (
			user_id varchar(64) not null references users (id) on delete cascade,
			plan varchar(20) not null
		)`); err != nil {
		log.Fatal(err)
	}

	tx, err := store.DB().BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	ada, err := users.WithTx(tx).Create(ctx, user.NewUser{Username: "ada_l"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, `insert into customers (user_id, plan) values ($1, $2)`, string(ada.ID), "pro"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(tx.Commit())
	// Output: <nil>
}
