// Package picture turns what people upload into a picture that is safe to serve.
//
// [Maker.Make] takes PNG, JPEG, WebP and GIF, told apart by their first bytes and by
// nothing that the sender says. What comes out shares no byte with what came in: it is
// decoded, turned upright, scaled down and encoded anew, so that places, names, comments,
// colour profiles and whatever else hides in a file are gone (N-04). [Avatar] draws a
// picture for those who have none.
//
// The package knows no HTTP and keeps nothing.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// What Make takes and gives.
const (
	MaxBytes = 10 << 20 // of an upload
	MaxSide  = 4096     // pixels of an upload, in width and in height
	Side     = 512      // pixels of a result, in width and in height, at most
)

const (
	// maxMemory bounds what all decoders take together, in bytes: that of the largest
	// picture. Small ones go side by side, large ones one after another.
	maxMemory = 24 * MaxSide * MaxSide
	maxWait   = 5 * time.Second
)

// Errors of Make.
var (
	// ErrUnsupported is what is no picture of a known kind, or a damaged one.
	ErrUnsupported = errors.New("picture: no PNG, JPEG, WebP or GIF that can be read")
	ErrTooLarge    = errors.New("picture: more bytes or pixels than allowed")
	ErrBusy        = errors.New("picture: too many at once") // retry later
)

// Picture is an encoded picture.
type Picture struct {
	Type    string // "image/png" where something is transparent, else "image/jpeg"
	Content []byte
}

// Maker makes pictures within a bounded amount of memory. It is safe for concurrent use.
type Maker struct{ memory *semaphore.Weighted }

// NewMaker returns a Maker whose decoders take 384 MiB together at most; whoever comes
// beyond that waits up to 5 s for their turn.
func NewMaker() *Maker { return &Maker{semaphore.NewWeighted(maxMemory)} }

// Make returns data as an upright picture of at most Side pixels in width and height, in
// the proportions that it has, or as it is where it is smaller. Of an animated GIF or PNG
// it is the first frame; an animated WebP is not supported. Errors: ErrUnsupported,
// ErrTooLarge, ErrBusy, and ctx's where the caller gave up while waiting.
func (m *Maker) Make(ctx context.Context, data []byte) (Picture, error) {
	if len(data) > MaxBytes {
		return Picture{}, ErrTooLarge
	}
	f := sniff(data)
	if f == nil {
		return Picture{}, ErrUnsupported
	}
	memory, err := f.check(data)
	if err != nil {
		return Picture{}, err
	}
	if err := m.acquire(ctx, memory); err != nil {
		return Picture{}, err
	}
	defer m.memory.Release(memory)
	src, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if src.Bounds().Empty() {
		return Picture{}, ErrUnsupported
	}
	small := fit(src)
	if f.exif != nil {
		small = upright(small, orientation(f.exif(data)))
	}
	return encode(small)
}

// acquire waits for a turn.
func (m *Maker) acquire(ctx context.Context, memory int64) error {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := m.memory.Acquire(waiting, memory); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrBusy
	}
	return nil
}
