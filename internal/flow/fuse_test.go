package flow_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// fuse fails store calls: those after the n-th when armed, which is what a crash at
// that moment looks like from inside.
type fuse struct {
	left   atomic.Int64 // calls until it blows; below 0: not armed
	armed  atomic.Bool
	noMail atomic.Bool

	reads     atomic.Int64 // of users by id until meanwhile happens
	meanwhile func()
	calls     []string
	mu        sync.Mutex
}

var errBlown = errors.New("the lights went out")

func (f *fuse) arm(n int64) {
	f.left.Store(n)
	f.armed.Store(true)
}

// beforeRead makes something happen before the n-th read of a user by id from now on.
func (f *fuse) beforeRead(n int64, meanwhile func()) {
	f.meanwhile = meanwhile
	f.reads.Store(n)
}

func (f *fuse) mend() { f.armed.Store(false) }

func (f *fuse) spend(call string) error {
	f.mu.Lock()
	f.calls = append(f.calls, call)
	f.mu.Unlock()
	if f.armed.Load() && f.left.Add(-1) < 0 {
		return errBlown
	}
	return nil
}

func (f *fuse) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

func (f *fuse) made() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// The wrapped stores: each write that a flow leads to spends the fuse.
type attempts struct {
	*sessionsql.Store
	f *fuse
}

func (s attempts) CreateAttempt(ctx context.Context, a session.Attempt) error {
	if err := s.f.spend("CreateAttempt"); err != nil {
		return err
	}
	return s.Store.CreateAttempt(ctx, a)
}

func (s attempts) ReplaceAttempt(ctx context.Context, a session.Attempt, now time.Time) (int64, error) {
	if err := s.f.spend("ReplaceAttempt"); err != nil {
		return 0, err
	}
	return s.Store.ReplaceAttempt(ctx, a, now)
}

func (s attempts) Try(ctx context.Context, id, name string, now time.Time) (int, error) {
	if err := s.f.spend("Try"); err != nil {
		return 0, err
	}
	return s.Store.Try(ctx, id, name, now)
}

type limits struct {
	*sessionsql.Store
	f *fuse
}

func (s limits) Take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) (bool, time.Duration, error) {
	if err := s.f.spend("Take"); err != nil {
		return false, 0, err
	}
	return s.Store.Take(ctx, key, limit, window, now)
}

type clients struct {
	*sessionsql.Store
	f *fuse
}

func (s clients) CreateClient(ctx context.Context, c session.Client) error {
	if err := s.f.spend("CreateClient"); err != nil {
		return err
	}
	return s.Store.CreateClient(ctx, c)
}

func (s clients) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	if err := s.f.spend("UpdateClient"); err != nil {
		return session.Client{}, err
	}
	return s.Store.UpdateClient(ctx, id, fn)
}

func (s clients) CommitCookie(ctx context.Context, token string, data []byte, expiry, now time.Time) error {
	if err := s.f.spend("CommitCookie"); err != nil {
		return err
	}
	return s.Store.CommitCookie(ctx, token, data, expiry, now)
}

type sessionStore struct {
	*sessionsql.Store
	f *fuse
}

func (s sessionStore) Create(ctx context.Context, ss session.Session, asOf time.Time) error {
	if err := s.f.spend("Session.Create"); err != nil {
		return err
	}
	return s.Store.Create(ctx, ss, asOf)
}

type userStore struct {
	*usersql.Store
	f *fuse
}

func (s userStore) ByID(ctx context.Context, id user.ID) (*user.User, error) {
	if s.f.reads.Add(-1) == 0 {
		s.f.meanwhile()
	}
	return s.Store.ByID(ctx, id)
}

func (s userStore) Create(ctx context.Context, u *user.User, events ...user.Event) error {
	if err := s.f.spend("User.Create"); err != nil {
		return err
	}
	return s.Store.Create(ctx, u, events...)
}

func (s userStore) Update(ctx context.Context, id user.ID, fn func(*user.User) ([]user.Event, error)) (*user.User, error) {
	if err := s.f.spend("User.Update"); err != nil {
		return nil, err
	}
	return s.Store.Update(ctx, id, fn)
}

type sender struct {
	*notify.Outbox
	f *fuse
}

func (s sender) Send(ctx context.Context, m notify.Message) error {
	if err := s.f.spend("Send"); err != nil {
		return err
	}
	if s.f.noMail.Load() {
		return errBlown
	}
	return s.Outbox.Send(ctx, m)
}
