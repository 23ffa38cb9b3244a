package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// format is one kind of file that is read.
type format struct {
	magic    func([]byte) bool
	config   func(io.Reader) (image.Config, error)
	decode   func(io.Reader) (image.Image, error) // the first frame
	extra    func([]byte) error                   // what else is checked before decode; nil for nothing
	oriented bool                                 // may say in EXIF which way is up
}

// formats holds all of them. There is no SVG and nothing else that can hold a script.
var formats = []format{
	{magic: prefix("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: png.Decode},
	{magic: prefix("\xff\xd8\xff"), config: jpeg.DecodeConfig, decode: jpeg.Decode, extra: checkScans, oriented: true},
	{magic: isWebP, config: webp.DecodeConfig, decode: webp.Decode},
	{magic: prefix("GIF87a"), config: gif.DecodeConfig, decode: gif.Decode},
	{magic: prefix("GIF89a"), config: gif.DecodeConfig, decode: gif.Decode},
}

func prefix(magic string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// sniff finds the format of data by its first bytes, nil if it is none.
func sniff(data []byte) *format {
	for n := range formats {
		if formats[n].magic(data) {
			return &formats[n]
		}
	}
	return nil
}

// check reads headers only, so that nothing large is allocated for what is too large.
func (f *format) check(data []byte) error {
	cfg, err := f.config(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err := checkSize(cfg.Width, cfg.Height); err != nil {
		return err
	}
	if f.extra != nil {
		return f.extra(data)
	}
	return nil
}

func checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return ErrUnsupported
	}
	if width > MaxSide || height > MaxSide {
		return ErrTooLarge
	}
	return nil
}

// checkScans counts the scans of a JPEG. Compressed data has no such pair of bytes; in
// other segments it only makes the count too high.
func checkScans(data []byte) error {
	if bytes.Count(data, []byte{0xff, 0xda}) > maxScans {
		return fmt.Errorf("%w: more than %d scans", ErrUnsupported, maxScans)
	}
	return nil
}
