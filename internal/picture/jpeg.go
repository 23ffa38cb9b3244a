package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
)

// Markers of a JPEG (ITU-T T.81 table B.1).
const (
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP1 = 0xe1
)

// maxScans bounds work: each scan of a progressive JPEG visits all of its pixels, and
// costs the sender a few bytes. Encoders write ten for three components, 18 for four.
const maxScans = 20

// segments yields the marker and the content of each segment of a JPEG, up to the end of
// the picture. It skips what package image/jpeg skips, so that it sees all that is decoded.
func segments(data []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for rest := data[2:]; ; {
			start := bytes.IndexByte(rest, 0xff)
			if start < 0 {
				return
			}
			for rest = rest[start:]; len(rest) > 0 && rest[0] == 0xff; {
				rest = rest[1:]
			}
			if len(rest) < 3 || rest[0] == markerEOI {
				return
			}
			marker := rest[0]
			rest = rest[1:]
			if marker == 0 || marker >= markerRST0 && marker <= markerRST7 {
				continue // part of a scan
			}
			size := int(binary.BigEndian.Uint16(rest))
			if size < 2 || size > len(rest) || !yield(marker, rest[2:size]) {
				return
			}
			rest = rest[size:]
		}
	}
}

// checkScans counts the scans of a JPEG.
func checkScans(data []byte) error {
	scans := 0
	for marker := range segments(data) {
		if marker == markerSOS {
			scans++
		}
		if scans > maxScans {
			return fmt.Errorf("%w: more than %d scans", ErrUnsupported, maxScans)
		}
	}
	return nil
}

// jpegExif returns what a JPEG has of EXIF, nil if it has none.
func jpegExif(data []byte) []byte {
	for marker, content := range segments(data) {
		if marker == markerSOS {
			break
		}
		if exif, ok := bytes.CutPrefix(content, []byte(exifHead)); ok && marker == markerAPP1 {
			return exif
		}
	}
	return nil
}
