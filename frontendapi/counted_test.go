package frontendapi_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// calls lists what was asked of the stores.
type calls struct {
	mu   sync.Mutex
	made []string
}

func (c *calls) note(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = append(c.made, name)
}

// take returns the calls since the last time.
func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := slices.Clone(c.made)
	c.made = nil
	return made
}

// The stores, counted: each method that answering a request may call.
type countedUsers struct {
	*usersql.Store
	c *calls
}

func (s countedUsers) Create(ctx context.Context, u *user.User, events ...user.Event) error {
	s.c.note("users.Create")
	return s.Store.Create(ctx, u, events...)
}

func (s countedUsers) ByID(ctx context.Context, id user.ID) (*user.User, error) {
	s.c.note("users.ByID")
	return s.Store.ByID(ctx, id)
}

func (s countedUsers) ByKey(ctx context.Context, kind user.Kind, key string) (*user.User, error) {
	s.c.note("users.ByKey")
	return s.Store.ByKey(ctx, kind, key)
}

func (s countedUsers) Update(ctx context.Context, id user.ID, fn func(*user.User) ([]user.Event, error)) (*user.User, error) {
	s.c.note("users.Update")
	return s.Store.Update(ctx, id, fn)
}

func (s countedUsers) Find(ctx context.Context, q user.Query) ([]*user.User, error) {
	s.c.note("users.Find")
	return s.Store.Find(ctx, q)
}

type countedClients struct {
	session.ClientStore
	c *calls
}

func (s countedClients) CreateClient(ctx context.Context, c session.Client) error {
	s.c.note("clients.Create")
	return s.ClientStore.CreateClient(ctx, c)
}

func (s countedClients) Client(ctx context.Context, id session.ClientID) (session.Client, error) {
	s.c.note("clients.Client")
	return s.ClientStore.Client(ctx, id)
}

func (s countedClients) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	s.c.note("clients.Update")
	return s.ClientStore.UpdateClient(ctx, id, fn)
}

func (s countedClients) FindCookie(ctx context.Context, token string, now time.Time) ([]byte, bool, error) {
	s.c.note("clients.FindCookie")
	return s.ClientStore.FindCookie(ctx, token, now)
}

func (s countedClients) CommitCookie(ctx context.Context, token string, data []byte, expiry, now time.Time) error {
	s.c.note("clients.CommitCookie")
	return s.ClientStore.CommitCookie(ctx, token, data, expiry, now)
}

type countedSessions struct {
	session.SessionStore
	c *calls
}

func (s countedSessions) Get(ctx context.Context, id session.ID) (session.Session, error) {
	s.c.note("sessions.Get")
	return s.SessionStore.Get(ctx, id)
}

func (s countedSessions) LoadClient(ctx context.Context, cookieToken string, client session.ClientID, id session.ID, now time.Time, events ...session.Event) ([]byte, session.Client, session.Session, error) {
	s.c.note("sessions.LoadClient")
	return s.SessionStore.LoadClient(ctx, cookieToken, client, id, now, events...)
}

func (s countedSessions) GetMany(ctx context.Context, ids []session.ID) ([]session.Session, error) {
	s.c.note("sessions.GetMany")
	return s.SessionStore.GetMany(ctx, ids)
}

func (s countedSessions) OfUser(ctx context.Context, userID string) ([]session.Session, error) {
	s.c.note("sessions.OfUser")
	return s.SessionStore.OfUser(ctx, userID)
}

type countedAttempts struct {
	session.AttemptStore
	c *calls
}

func (s countedAttempts) CreateAttempt(ctx context.Context, a session.Attempt) error {
	s.c.note("attempts.Create")
	return s.AttemptStore.CreateAttempt(ctx, a)
}

func (s countedAttempts) Attempt(ctx context.Context, id string, now time.Time) (session.Attempt, error) {
	s.c.note("attempts.Attempt")
	return s.AttemptStore.Attempt(ctx, id, now)
}

func (s countedAttempts) ReplaceAttempt(ctx context.Context, a session.Attempt, now time.Time) (int64, error) {
	s.c.note("attempts.Replace")
	return s.AttemptStore.ReplaceAttempt(ctx, a, now)
}

func (s countedAttempts) DeleteAttempt(ctx context.Context, id string) error {
	s.c.note("attempts.Delete")
	return s.AttemptStore.DeleteAttempt(ctx, id)
}

func (s countedAttempts) Try(ctx context.Context, id, name string, now time.Time) (int, error) {
	s.c.note("attempts.Try")
	return s.AttemptStore.Try(ctx, id, name, now)
}

type countedLimits struct {
	session.LimitStore
	c *calls
}

func (s countedLimits) Take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) (bool, time.Duration, error) {
	s.c.note("limits.Take")
	return s.LimitStore.Take(ctx, key, limit, window, now)
}

func (s countedLimits) CountIn(ctx context.Context, key string, window time.Duration, now time.Time) (int, error) {
	s.c.note("limits.CountIn")
	return s.LimitStore.CountIn(ctx, key, window, now)
}

func (s countedLimits) Reset(ctx context.Context, key string) error {
	s.c.note("limits.Reset")
	return s.LimitStore.Reset(ctx, key)
}

// gate is the outbox behind a gate that a test may close: then whoever sends waits.
type gate struct {
	*notify.Outbox
	mu     sync.Mutex
	closed chan struct{} // nil: open
}

func (g *gate) Send(ctx context.Context, m notify.Message) error {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed != nil {
		<-closed
	}
	return g.Outbox.Send(ctx, m)
}

// shut closes the gate until open is called.
func (g *gate) shut() (open func()) {
	closed := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(closed)
		g.closed = nil
	}
}
