package picture

import (
	"encoding/base64"
	"errors"
	"testing"
)

// FuzzMake: whatever comes in, what goes out is a small picture or one of the errors.
func FuzzMake(f *testing.F) {
	pixel, _ := base64.StdEncoding.DecodeString(webpPixel)
	for _, seed := range [][]byte{
		lossless(3, 2, exifOf(6, "x")), asPNG(f, halves(3, 2)), asJPEG(f, halves(9, 9)), animation(f), pixel, stating(f, 100_000, 100_000),
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
