package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
)

// confirmFor is how long people may think about it.
const confirmFor = 2 * time.Minute

// deleter serves DELETE /api/account.
type deleter struct {
	server *gatehouse.Server
	key    []byte // signs confirmations; a restart makes them void
	now    func() time.Time
}

func newDeleter(server *gatehouse.Server, now func() time.Time) *deleter {
	return &deleter{server: server, key: []byte(rand.Text()), now: now}
}

// ServeHTTP asks for a confirmation, and deletes whoever brings it back in the
// header Confirm.
func (d *deleter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := auth.FromContext(r.Context())
	if !d.confirmed(a, r.Header.Get("Confirm")) {
		// RFC 6585 §3: the request lacks a condition that it must state.
		answer(w, http.StatusPreconditionRequired, map[string]any{
			"message": "This deletes your account for good. Send the request again with the header Confirm.",
			"confirm": d.confirmation(a, d.now().Add(confirmFor)),
		})
		return
	}
	u, err := d.server.User(r.Context())
	if err == nil {
		err = d.server.Users().DeleteSelf(r.Context(), u.ID)
	}
	switch {
	case errors.Is(err, gatehouse.ErrSignedOut):
		answer(w, http.StatusUnauthorized, map[string]any{"message": "You are signed out."})
	case err != nil:
		log.Print(err)
		answer(w, http.StatusInternalServerError, map[string]any{"message": "Your account could not be deleted. Please try again."})
	default:
		answer(w, http.StatusOK, map[string]any{"deleted": true})
	}
}

// confirmation is "deadline.signature": it says who asked, on which session, until
// when.
func (d *deleter) confirmation(a auth.Auth, deadline time.Time) string {
	until := strconv.FormatInt(deadline.Unix(), 10)
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte(a.UserID + " " + a.SessionID + " " + until))
	return until + "." + hex.EncodeToString(mac.Sum(nil))
}

// confirmed reports whether text is a confirmation of this session's, in time.
func (d *deleter) confirmed(a auth.Auth, text string) bool {
	until, _, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return false
	}
	deadline := time.Unix(seconds, 0)
	return d.now().Before(deadline) && hmac.Equal([]byte(text), []byte(d.confirmation(a, deadline)))
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
