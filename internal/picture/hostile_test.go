package picture

import (
	"bytes"
	"errors"
	"testing"
)

// N-04: what is no picture, or too large, is refused before it is decoded.
func TestHostile(t *testing.T) {
	whole := asJPEG(t, halves(64, 64))
	photo, gif, webp := asPNG(t, halves(64, 64)), animation(t), lossless(64, 64, nil)
	lying := riff(vp8x(1, 1), lossless(1<<14, 1<<14, nil)[30:])
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
		{"WebP of 30 bytes and 268 million pixels", lossless(1<<14, 1<<14, nil), ErrTooLarge},
		{"WebP that states another size than it has", lying, ErrUnsupported},
		{"animated WebP", riff(vp8x(1, 1), chunk("ANIM", make([]byte, 6)), chunk("ANMF", make([]byte, 16))), ErrUnsupported},
		{"4097 pixels high", stating(t, 1, 4097), ErrTooLarge},
		{"no pixels", stating(t, 0, 0), ErrUnsupported},
		{"11 MB", append(bytes.Clone(photo), make([]byte, 11<<20)...), ErrTooLarge},
		{"cut off", whole[:len(whole)/2], ErrUnsupported},
		{"magic bytes alone", []byte("\x89PNG\r\n\x1a\n"), ErrUnsupported},
		{"HTML after the magic bytes", []byte("GIF89a<script>alert(1)</script>"), ErrTooLarge}, // its size is text
		{"PNG cut off", photo[:len(photo)-20], ErrUnsupported},
		{"GIF cut off", gif[:len(gif)/3], ErrUnsupported},
		{"WebP cut off", webp[:len(webp)-12], ErrUnsupported},
		{"more scans than any encoder writes", progressive(maxScans + 1), ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewMaker().Make(t.Context(), test.data); !errors.Is(err, test.want) {
				t.Errorf("Make = %v, want %v", err, test.want)
			}
		})
	}
}

// As many scans as are allowed, and the encoders' ten, are decoded.
func TestScans(t *testing.T) {
	made(t, progressive(10))
	made(t, progressive(maxScans))
}

// Phones put a film, or a second picture, behind the first: its bytes are no scans.
func TestBehindTheEnd(t *testing.T) {
	made(t, append(asJPEG(t, halves(64, 64)), bytes.Repeat([]byte{0xff, markerSOS, 0, 8}, 1000)...))
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
