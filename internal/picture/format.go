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
	magic  func([]byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error) // the first frame
	extra  func([]byte) error                   // what else is checked before decode; nil for nothing
	exif   func([]byte) []byte                  // finds EXIF; nil for a format that has none
	pixel  int64                                // bytes of memory that decode takes for each pixel, at most
	tables int64                                // and beside them
}

// formats holds all of them. There is no SVG and nothing else that can hold a script.
var formats = []format{
	// 16 bits a channel, and a pass of an interlaced one beside the whole.
	{magic: prefix("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: png.Decode, exif: pngExif, pixel: 12},
	// Four components, progressive: their coefficients, their samples, and the result.
	{magic: prefix("\xff\xd8\xff"), config: jpeg.DecodeConfig, decode: jpeg.Decode, extra: checkScans, exif: jpegExif, pixel: 24},
	// Lossless: the pixels before and after a transformation; 2600 sets of code tables.
	{magic: isWebP, config: webp.DecodeConfig, decode: webp.Decode, exif: webpExif, pixel: 12, tables: 128 << 20},
	{magic: prefix("GIF87a"), config: gif.DecodeConfig, decode: gif.Decode, pixel: 2},
	{magic: prefix("GIF89a"), config: gif.DecodeConfig, decode: gif.Decode, pixel: 2},
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

// check reads headers only, so that nothing large is allocated for what is too large. It
// returns how many bytes decoding takes at most.
func (f *format) check(data []byte) (memory int64, err error) {
	cfg, err := f.config(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return 0, ErrUnsupported
	}
	if cfg.Width > MaxSide || cfg.Height > MaxSide {
		return 0, ErrTooLarge
	}
	if f.extra != nil {
		if err := f.extra(data); err != nil {
			return 0, err
		}
	}
	return f.tables + f.pixel*int64(cfg.Width)*int64(cfg.Height), nil
}
