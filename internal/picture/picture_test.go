package picture

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"testing/synctest"
)

func decoded(t *testing.T, p Picture) image.Image {
	t.Helper()
	decode := png.Decode
	if p.Type == "image/jpeg" {
		decode = jpeg.Decode
	}
	img, err := decode(bytes.NewReader(p.Content))
	if err != nil {
		t.Fatalf("result of type %s: %v", p.Type, err)
	}
	return img
}

func made(t *testing.T, data []byte) (Picture, image.Image) {
	t.Helper()
	p, err := NewMaker().Make(t.Context(), data)
	if err != nil {
		t.Fatalf("Make: %v", err)
	}
	return p, decoded(t, p)
}

func TestKinds(t *testing.T) {
	pixel, err := base64.StdEncoding.DecodeString(webpPixel)
	if err != nil {
		t.Fatal(err)
	}
	seeThrough := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for _, test := range []struct {
		name string
		data []byte
		kind string
		w, h int
	}{
		{"small PNG", asPNG(t, halves(10, 6)), "image/jpeg", 10, 6},
		{"transparent PNG", asPNG(t, seeThrough), "image/png", 4, 4},
		{"wide JPEG", asJPEG(t, halves(1024, 300)), "image/jpeg", 512, 150},
		{"tall PNG", asPNG(t, halves(1, 4096)), "image/jpeg", 1, 512},
		{"GIF", animation(t), "image/jpeg", 8, 8},
		{"WebP", pixel, "image/jpeg", 1, 1},
		{"wide WebP", lossless(1024, 300, nil), "image/jpeg", 512, 150},
		{"large PNG", asPNG(t, image.NewGray(image.Rect(0, 0, 4096, 2049))), "image/jpeg", 512, 256},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, img := made(t, test.data)
			if b := img.Bounds(); p.Type != test.kind || b.Dx() != test.w || b.Dy() != test.h {
				t.Errorf("made %s of %v, want %s of %dx%d", p.Type, b, test.kind, test.w, test.h)
			}
		})
	}
	// N-04: one frame, the first.
	p, img := made(t, animation(t))
	if r, _, _, _ := img.At(4, 4).RGBA(); r > 0x1000 || bytes.HasPrefix(p.Content, []byte("GIF")) {
		t.Errorf("not the first frame: %v", img.At(4, 4))
	}
}

// Large pictures are reduced before they are scaled: their colours stay where they were,
// and what is transparent lends no colour to what is not.
func TestScaling(t *testing.T) {
	for _, size := range []image.Point{{600, 400}, {2047, 900}, {2048, 1000}, {4095, 64}} {
		_, img := made(t, asPNG(t, halves(size.X, size.Y)))
		b := img.Bounds()
		for x, want := range map[int]color.RGBA{0: {0xff, 0, 0, 0xff}, b.Dx()/2 - 3: {0xff, 0, 0, 0xff}, b.Dx()/2 + 3: {0, 0, 0xff, 0xff}, b.Dx() - 1: {0, 0, 0xff, 0xff}} {
			if got := img.At(x, b.Dy()-1); !near(got, want) {
				t.Errorf("%v: at %d: %v, want %v", size, x, got, want)
			}
		}
	}
	dotted := image.NewNRGBA(image.Rect(0, 0, 2048, 2048))
	for i := 0; i < len(dotted.Pix); i += 4 {
		if i%8 == 0 {
			copy(dotted.Pix[i:], []byte{0xff, 0, 0, 0xff}) // red
		} else {
			copy(dotted.Pix[i:], []byte{0, 0xff, 0, 0}) // green that nobody sees
		}
	}
	_, img := made(t, asPNG(t, dotted))
	if got := color.NRGBAModel.Convert(img.At(100, 100)).(color.NRGBA); got.G > 2 || got.R < 0xfd || got.A < 0x7d || got.A > 0x82 {
		t.Errorf("every other pixel transparent: %v", got)
	}
}

// near allows for what JPEG changes.
func near(got, want color.Color) bool {
	r, g, b, _ := got.RGBA()
	wr, wg, wb, _ := want.RGBA()
	off := func(a, b uint32) bool { return max(a, b)-min(a, b) > 0x0c00 }
	return !off(r, wr) && !off(g, wg) && !off(b, wb)
}

// N-04: decoders share a bounded amount of memory; whoever waits too long is sent away.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMaker()
		if !m.memory.TryAcquire(maxMemory) {
			t.Fatal("no memory to begin with")
		}
		data := asPNG(t, halves(2, 2))
		if _, err := m.Make(t.Context(), data); !errors.Is(err, ErrBusy) {
			t.Errorf("Make = %v, want ErrBusy", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Make(ctx, data); !errors.Is(err, context.Canceled) {
			t.Errorf("Make = %v, want context.Canceled", err)
		}
		m.memory.Release(100)
		for range 2 { // what one took comes back
			if _, err := m.Make(t.Context(), data); err != nil {
				t.Errorf("Make = %v", err)
			}
		}
	})
}
