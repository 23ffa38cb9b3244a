// Package document keeps what operators of an instance change while its processes run:
// few, small documents, each one row of the database with a version.
//
// A [Document] holds the decoded form of its row in memory, so that reading it costs an
// atomic load, and follows the row by [Document.Refresh], which its owner calls every
// second or so. [Document.Update] changes the row by compare-and-set. While the
// database is away, and where a row cannot be decoded, the last good form stays.
package document

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrConflict is an update that others were faster than, several times in a row.
var ErrConflict = errors.New("document: changed by somebody else meanwhile")

// changes bounds how often an update is tried again.
const changes = 8

// Document is one document, decoded as T. It is safe for concurrent use.
type Document[T any] struct {
	store  *Store
	name   string
	decode func(body []byte) (T, error)
	now    func() time.Time

	// One refresh or update at a time: what was read first is never put in place of
	// what was read last.
	mu      sync.Mutex
	current atomic.Pointer[Snapshot[T]]
}

// Snapshot is a document at one version. Treat it as read-only.
type Snapshot[T any] struct {
	Value   T
	Version int64 // 0: nobody has changed the document yet
}

// Open reads a document. decode makes a T of a row's body; nil is no row yet. now says
// when an update is made; nil means time.Now.
func Open[T any](ctx context.Context, store *Store, name string, decode func(body []byte) (T, error), now func() time.Time) (*Document[T], error) {
	if now == nil {
		now = time.Now
	}
	d := &Document[T]{store: store, name: name, decode: decode, now: now}
	if _, err := d.load(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Current is the document as this process knows it.
func (d *Document[T]) Current() *Snapshot[T] { return d.current.Load() }

// Refresh takes over what others have changed: one query. On an error Current stays as
// it is.
func (d *Document[T]) Refresh(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.load(ctx)
	return err
}

// load reads the row if its version is not the one at hand.
func (d *Document[T]) load(ctx context.Context) (*Snapshot[T], error) {
	known := d.current.Load()
	at := int64(0)
	if known != nil {
		at = known.Version
	}
	body, version, changed, err := d.store.read(ctx, d.name, at)
	switch {
	case err != nil:
		return nil, err
	case !changed && known != nil:
		return known, nil
	}
	return d.publish(body, version)
}

func (d *Document[T]) publish(body []byte, version int64) (*Snapshot[T], error) {
	value, err := d.decode(body)
	if err != nil {
		return nil, fmt.Errorf("read %s, version %d: %w", d.name, version, err)
	}
	s := &Snapshot[T]{Value: value, Version: version}
	d.current.Store(s)
	return s, nil
}

// Update stores what change makes of the newest version of the document: its body, or nil
// to leave it as it is. change may run more than once. What it returns must decode.
// Current is the new version when Update returns; other processes see it when they
// refresh. Errors: those of change and of decode, ErrConflict, the store's.
func (d *Document[T]) Update(ctx context.Context, change func(now *Snapshot[T]) (body []byte, err error)) (*Snapshot[T], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range changes {
		before, err := d.load(ctx)
		if err != nil {
			return nil, err
		}
		body, err := change(before)
		if err != nil || body == nil {
			return before, err
		}
		if _, err := d.decode(body); err != nil {
			return nil, err
		}
		done, err := d.store.replace(ctx, d.name, before.Version, body, d.now())
		if err != nil {
			return nil, err
		}
		if done {
			return d.publish(body, before.Version+1)
		}
	}
	return nil, ErrConflict
}
