package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"slices"
	"testing"
)

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

// Other formats may say it, too.
func TestOrientationOfOtherFormats(t *testing.T) {
	exif := exifOf(6, "")
	png := asPNG(t, halves(2, 1))
	block := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), "eXIf"...)
	block = append(append(block, exif...), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(block[len(block)-4:], crc32.ChecksumIEEE(block[4:len(block)-4]))
	const head = 8 + 12 + 13 // signature and IHDR
	for name, data := range map[string][]byte{
		"PNG":                    slices.Concat(png[:head], block, png[head:]),
		"WebP":                   lossless(2, 1, exif),
		"WebP with JPEG's head":  lossless(2, 1, append([]byte(exifHead), exif...)),
		"WebP after a odd chunk": riff(vp8x(2, 1), chunk("XMP ", []byte("odd")), lossless(2, 1, exif)[30:]),
	} {
		if _, img := made(t, data); img.Bounds().Dx() != 1 || img.Bounds().Dy() != 2 {
			t.Errorf("%s: %v", name, img.Bounds())
		}
	}
}

// EXIF that makes no sense says nothing.
func TestBrokenEXIF(t *testing.T) {
	whole := exifOf(6, "")
	far := bytes.Clone(whole)
	copy(far[4:], "\xff\xff\xff\xff")
	wide := bytes.Clone(whole)
	wide[12] = 9 // not a short
	for name, exif := range map[string][]byte{"none": nil, "cut off": whole[:12], "far": far, "wide": wide, "9": exifOf(9, "")} {
		if got := orientation(exif); got != 1 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := orientation([]byte("II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x03\x00\x00\x00")); got != 3 {
		t.Errorf("little-endian: %d", got)
	}
	for name, data := range map[string][]byte{
		"PNG":  append([]byte("\x89PNG\r\n\x1a\n"), "\xff\xff\xff\xffeXIf\x00\x00\x00\x00"...),
		"WebP": append([]byte("RIFF\xff\xff\xff\xffWEBP"), "EXIF\xff\xff\xff\xffx"...),
	} {
		if f := sniff(data); f.exif(data) != nil {
			t.Errorf("%s: a chunk beyond the end", name)
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
