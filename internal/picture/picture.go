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
	"image"
	"image/jpeg"
	"image/png"
	"time"
)

// What Make takes and gives.
const (
	MaxBytes = 10 << 20 // of an upload
	MaxSide  = 4096     // pixels of an upload, in width and in height
	Side     = 512      // pixels of a result, in width and in height, at most
)

const (
	jpegQuality = 88
	// maxAtOnce bounds memory: a progressive JPEG of MaxSide squared takes about 250 MiB
	// while it is decoded, everything else less.
	maxAtOnce = 2
	maxWait   = 2 * time.Second
	// maxScans bounds work: each scan of a progressive JPEG visits all of its pixels, and
	// costs the sender a few bytes. Encoders write about ten.
	maxScans = 64
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

// Maker makes pictures, a bounded number at once. It is safe for concurrent use.
type Maker struct {
	slots chan struct{}
	wait  time.Duration
}

// NewMaker returns a Maker of two pictures at once; others wait up to 2 s for their turn.
func NewMaker() *Maker { return &Maker{slots: make(chan struct{}, maxAtOnce), wait: maxWait} }

// Make returns data as an upright picture of at most Side pixels in width and height, in
// the proportions that it has, or as it is where it is smaller. Of an animation it is the
// first frame. Errors: ErrUnsupported, ErrTooLarge, ErrBusy, and ctx's where the caller
// gave up while waiting.
func (m *Maker) Make(ctx context.Context, data []byte) (Picture, error) {
	if len(data) > MaxBytes {
		return Picture{}, ErrTooLarge
	}
	f := sniff(data)
	if f == nil {
		return Picture{}, ErrUnsupported
	}
	if err := f.check(data); err != nil {
		return Picture{}, err
	}
	release, err := m.acquire(ctx)
	if err != nil {
		return Picture{}, err
	}
	defer release()
	src, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if src.Bounds().Empty() {
		return Picture{}, ErrUnsupported
	}
	small := fit(src)
	if f.oriented {
		small = upright(small, orientation(data))
	}
	return encode(small)
}

// acquire waits for a turn.
func (m *Maker) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	timeout := time.NewTimer(m.wait)
	defer timeout.Stop()
	select {
	case m.slots <- struct{}{}:
		return func() { <-m.slots }, nil
	case <-timeout.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func encode(img *image.RGBA) (Picture, error) {
	var b bytes.Buffer
	if img.Opaque() {
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
			return Picture{}, fmt.Errorf("encode picture: %w", err)
		}
		return Picture{Type: "image/jpeg", Content: b.Bytes()}, nil
	}
	if err := png.Encode(&b, img); err != nil {
		return Picture{}, fmt.Errorf("encode picture: %w", err)
	}
	return Picture{Type: "image/png", Content: b.Bytes()}, nil
}
