package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

// A browser gets a client, a user signs in on it, and its session mints tokens until
// the user is revoked.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "gatehouse.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(ctx, db)
	if err != nil {
		log.Fatal(err)
	}
	ring, err := keyring.Parse(keyring.New())
	if err != nil {
		log.Fatal(err)
	}
	keys, err := session.OpenKeys(ctx, session.KeysConfig{Store: store, Sealer: ring, Algorithm: session.EdDSA})
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.NewService(session.Config{
		Clients: store, Sessions: store, Revocations: store, Keys: keys, Issuer: "https://clerk.example.com",
	})
	if err != nil {
		log.Fatal(err)
	}

	client, cookie, err := sessions.NewClient(ctx)
	if err != nil {
		log.Fatal(err)
	}
	const userID = "user_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	ss, err := sessions.Start(ctx, session.NewSession{
		ClientID: client.ID, UserID: userID, AsOf: time.Now(), Strategy: "password",
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := sessions.Mint(ctx, string(cookie.Value), ss.ID, "https://app.example.com")
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: "https://clerk.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	who, err := verifier.Verify(ctx, token)
	fmt.Println(who.UserID, err)

	if err := sessions.RevokeUser(ctx, userID, "user deleted", ""); err != nil {
		log.Fatal(err)
	}
	_, err = sessions.Mint(ctx, string(cookie.Value), ss.ID, "https://app.example.com")
	fmt.Println(errors.Is(err, session.ErrNotActive))
	// Output:
	// user_2AbCdEfGhIjKlMnOpQrStUvWxYz <nil>
	// true
}
