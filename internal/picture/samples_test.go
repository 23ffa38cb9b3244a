package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
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

// exifOf is EXIF with an orientation and a text.
func exifOf(orientation uint16, text string) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	return append(binary.BigEndian.AppendUint16(tiff, orientation), "\x00\x00\x00\x00\x00\x00"+text...)
}

// withExif puts an EXIF segment into a JPEG.
func withExif(jpg []byte, orientation uint16, text string) []byte {
	body := append([]byte(exifHead), exifOf(orientation, text)...)
	out := append(bytes.Clone(jpg[:2]), 0xff, 0xe1)
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	return append(out, jpg[2:]...)
}

// progressive is a grey JPEG of 8 by 8 pixels in so many scans, each of them valid.
func progressive(scans int) []byte {
	jpg := append([]byte("\xff\xd8\xff\xdb\x00\x43\x00"), bytes.Repeat([]byte{1}, 64)...) // a quantization table
	jpg = append(jpg, "\xff\xc2\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"...)          // one component, 8 by 8
	for _, class := range []byte{0x00, 0x10} {                                            // tables with the code 0 for "nothing"
		jpg = append(jpg, 0xff, 0xc4, 0, 20, class, 1)
		jpg = append(jpg, make([]byte, 16)...)
	}
	jpg = append(jpg, "\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x00"...) // the mean of the block
	for range scans - 1 {
		jpg = append(jpg, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00"...) // the rest of it
	}
	return append(jpg, 0xff, markerEOI)
}

// lossless is a red WebP of 2 by 1 pixels, or as large as it says, without compression to
// speak of. Its chunk EXIF is left out where exif is nil.
func lossless(w, h uint32, exif []byte) []byte {
	bits := bitWriter{}
	bits.write(14, w-1)
	bits.write(14, h-1)
	bits.write(1+3, 0)                                     // no alpha, version 0
	bits.write(1+1+1, 0)                                   // no transformation, no colour cache, one set of codes
	for _, symbol := range []uint32{0, 0xff, 0, 0xff, 0} { // green, red, blue, alpha, distance
		bits.write(3, 0b101) // a code with one symbol, of 8 bits
		bits.write(8, symbol)
	}
	return riff(vp8x(w, h), chunk("VP8L", append([]byte{0x2f}, bits.bytes...)), chunk("EXIF", exif))
}

// vp8x is the head of an extended WebP.
func vp8x(w, h uint32) []byte {
	body := binary.LittleEndian.AppendUint32(nil, 0x08) // it has EXIF
	body = binary.LittleEndian.AppendUint32(body, w-1)
	body = append(body[:7], binary.LittleEndian.AppendUint32(nil, h-1)[:3]...)
	return chunk("VP8X", body)
}

func chunk(name string, body []byte) []byte {
	if body == nil {
		return nil
	}
	out := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	return append(out, make([]byte, len(body)%2)...)
}

func riff(chunks ...[]byte) []byte {
	return chunk("RIFF", append([]byte("WEBP"), bytes.Join(chunks, nil)...))
}

// bitWriter packs from the lowest bit of each byte on.
type bitWriter struct {
	bytes []byte
	used  int
}

func (b *bitWriter) write(n int, value uint32) {
	for ; n > 0; n, value = n-1, value>>1 {
		if b.used%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[len(b.bytes)-1] |= byte(value&1) << (b.used % 8)
		b.used++
	}
}
