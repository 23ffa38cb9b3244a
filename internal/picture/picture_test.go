package picture

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"testing/synctest"
)

const webpPixel = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

// halves is an opaque picture, red on the left and blue on the right.
func halves(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < w/2 {
				img.SetRGBA(x, y, color.RGBA{0xff, 0, 0, 0xff})
			} else {
				img.SetRGBA(x, y, color.RGBA{0, 0, 0xff, 0xff})
			}
		}
	}
	return img
}

func asPNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// animation is a GIF whose first frame is black and whose second is white.
func animation(tb testing.TB) []byte {
	tb.Helper()
	g := &gif.GIF{}
	for n := range 2 {
		frame := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
		for i := range frame.Pix {
			frame.Pix[i] = uint8(n)
		}
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// stating is a PNG whose header states another size.
func stating(tb testing.TB, w, h uint32) []byte {
	data := asPNG(tb, halves(2, 2))
	binary.BigEndian.PutUint32(data[16:], w)
	binary.BigEndian.PutUint32(data[20:], h)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// withExif puts an EXIF segment with an orientation, and a text, into a JPEG.
func withExif(jpg []byte, orientation uint16, text string) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = append(binary.BigEndian.AppendUint16(tiff, orientation), "\x00\x00\x00\x00\x00\x00"+text...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append(bytes.Clone(jpg[:2]), 0xff, 0xe1)
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	return append(out, jpg[2:]...)
}

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

// N-04: what is no picture, or too large, is refused before it is decoded.
func TestHostile(t *testing.T) {
	whole := asJPEG(t, halves(64, 64))
	photo := asPNG(t, halves(64, 64))
	scans := append(bytes.Clone(whole), bytes.Repeat([]byte{0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}, 1000)...)
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, ErrUnsupported},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), ErrUnsupported},
		{"SVG with a declaration", []byte(`<?xml version="1.0"?><svg/>`), ErrUnsupported},
		{"HTML", []byte("<!doctype html><script>alert(1)</script>"), ErrUnsupported},
		{"PDF", []byte("%PDF-1.7"), ErrUnsupported},
		{"BMP", []byte("BM\x3a\x00\x00\x00"), ErrUnsupported},
		{"100 000 pixels square", stating(t, 100_000, 100_000), ErrTooLarge},
		{"4097 pixels wide", stating(t, 4097, 1), ErrTooLarge},
		{"4097 pixels high", stating(t, 1, 4097), ErrTooLarge},
		{"no pixels", stating(t, 0, 0), ErrUnsupported},
		{"11 MB", append(bytes.Clone(photo), make([]byte, 11<<20)...), ErrTooLarge},
		{"cut off", whole[:len(whole)/2], ErrUnsupported},
		{"magic bytes alone", []byte("\x89PNG\r\n\x1a\n"), ErrUnsupported},
		{"HTML after the magic bytes", []byte("GIF89a<script>alert(1)</script>"), ErrTooLarge}, // its size is text
		{"a thousand scans", scans, ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewMaker().Make(t.Context(), test.data); !errors.Is(err, test.want) {
				t.Errorf("Make = %v, want %v", err, test.want)
			}
		})
	}
}

// N-04: nothing of the file but its pixels comes through: places, scripts, trailing data.
func TestMetadataIsDropped(t *testing.T) {
	const canary = "GPS 48.8584N 2.2945E <script>alert(1)</script>"
	for name, data := range map[string][]byte{
		"EXIF":          withExif(asJPEG(t, halves(16, 16)), 1, canary),
		"after a JPEG":  append(asJPEG(t, halves(16, 16)), canary...),
		"after a PNG":   append(asPNG(t, halves(16, 16)), canary...),
		"after a GIF":   append(animation(t), canary...),
		"small, opaque": append(asPNG(t, halves(1, 1)), canary...),
	} {
		p, _ := made(t, data)
		if bytes.Contains(p.Content, []byte("script")) || bytes.Contains(p.Content, []byte("GPS")) || bytes.Contains(p.Content, []byte("Exif")) {
			t.Errorf("%s: the canary came through", name)
		}
	}
}

// Each orientation brings the corner that the camera meant to the top left.
func TestOrientation(t *testing.T) {
	// Red is the stored picture's left half, so each orientation puts it on one side.
	for orientation, red := range map[uint16]string{
		1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom", 9: "left", 0: "left",
	} {
		_, img := made(t, withExif(asJPEG(t, halves(64, 32)), orientation, ""))
		b := img.Bounds()
		w, h := b.Dx(), b.Dy()
		at := map[string]image.Point{
			"left": {4, h / 2}, "right": {w - 5, h / 2}, "top": {w / 2, 4}, "bottom": {w / 2, h - 5},
		}
		if wantTall := red == "top" || red == "bottom"; (h > w) != wantTall {
			t.Errorf("orientation %d: %dx%d", orientation, w, h)
		}
		for side, p := range at {
			r, _, blue, _ := img.At(p.X, p.Y).RGBA()
			opposite := map[string]string{"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[red]
			if side == red && r < blue || side == opposite && r > blue {
				t.Errorf("orientation %d: %s is %v", orientation, side, img.At(p.X, p.Y))
			}
		}
	}
}

// The two halves of an axis tell 2 from 3 and 5 from 6 only with a mark in one corner.
func TestOrientationCorners(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 3, 2))
	src.SetRGBA(0, 0, color.RGBA{1, 2, 3, 255})
	for orientation, want := range map[int]image.Point{
		1: {0, 0}, 2: {2, 0}, 3: {2, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 2}, 8: {0, 2},
	} {
		if got := upright(src, orientation); got.RGBAAt(want.X, want.Y).R != 1 {
			t.Errorf("orientation %d: the corner is not at %v", orientation, want)
		}
	}
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

func TestAvatar(t *testing.T) {
	seen := map[string]bool{}
	for n := range 50 {
		seed := strings.Repeat("a", n)
		p, err := Avatar(seed)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Avatar(seed)
		if !bytes.Equal(p.Content, again.Content) {
			t.Error("one seed has two pictures")
		}
		if b := decoded(t, p).Bounds(); b.Dx() != 240 || b.Dy() != 240 {
			t.Errorf("size %v", b)
		}
		seen[string(p.Content)] = true
	}
	if len(seen) < 49 {
		t.Errorf("%d pictures of 50 seeds", len(seen))
	}
}

// FuzzMake: whatever comes in, what goes out is a small picture or one of the errors.
func FuzzMake(f *testing.F) {
	pixel, _ := base64.StdEncoding.DecodeString(webpPixel)
	for _, seed := range [][]byte{
		asPNG(f, halves(3, 2)), asJPEG(f, halves(9, 9)), animation(f), pixel, stating(f, 100_000, 100_000),
		withExif(asJPEG(f, halves(8, 4)), 6, "x"), []byte("<svg/>"), []byte("\xff\xd8\xff\xe1\x00\x02"),
		[]byte("RIFF\x12\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\xff\xff\xff\xff\xff"),
	} {
		f.Add(seed)
	}
	m := NewMaker()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := m.Make(t.Context(), data)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrBusy) {
				t.Errorf("Make = %v", err)
			}
			return
		}
		if b := decoded(t, p).Bounds(); b.Empty() || b.Dx() > Side || b.Dy() > Side {
			t.Errorf("made %v", b)
		}
	})
}
