package main

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// The bounds of what one person may leave here.
const (
	maxNotes = 100
	maxNote  = 1 << 10 // bytes
)

// api keeps everybody's notes, each person's apart, in memory.
type api struct {
	mu    sync.Mutex
	notes map[string][]string // by user id
}

// newAPI is the app. On this mux nothing is public unless it says so.
func newAPI(m *middleware.Middleware) http.Handler {
	a := &api{notes: map[string][]string{}}
	mux := middleware.NewMux(m)
	mux.Public("GET /healthz", http.HandlerFunc(healthy))
	mux.Protected("GET /api/notes", http.HandlerFunc(a.list))
	mux.Protected("POST /api/notes", http.HandlerFunc(a.add))
	return mux
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"ok": true})
}

// list answers with the notes of whoever asks.
func (a *api) list(w http.ResponseWriter, r *http.Request) {
	id := auth.FromContext(r.Context()).UserID
	a.mu.Lock()
	notes := append([]string{}, a.notes[id]...)
	a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"userId": id, "notes": notes})
}

// add takes one more note from whoever asks: {"text": "…"}.
func (a *api) add(w http.ResponseWriter, r *http.Request) {
	var note struct{ Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2*maxNote)).Decode(&note); err != nil || note.Text == "" || len(note.Text) > maxNote {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"error": "want a text of up to 1024 bytes"})
		return
	}
	id := auth.FromContext(r.Context()).UserID
	a.mu.Lock()
	full := len(a.notes[id]) >= maxNotes
	if !full {
		a.notes[id] = append(a.notes[id], note.Text)
	}
	a.mu.Unlock()
	if full {
		answer(w, http.StatusConflict, map[string]any{"error": "you have 100 notes"})
		return
	}
	answer(w, http.StatusCreated, map[string]any{"text": note.Text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
