package picture

import (
	"bytes"
	"encoding/binary"
)

// exifHead precedes EXIF in a JPEG, and in the WebP files of some writers.
const exifHead = "Exif\x00\x00"

// orientation looks for tag 0x0112, a short, in the first directory of EXIF. It is 1
// (upright) to 8, and 1 where there is none that makes sense.
func orientation(exif []byte) int {
	const entrySize = 12
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(exif[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(exif[4:]))
	if at+2 > uint64(len(exif)) {
		return 1
	}
	count := int(order.Uint16(exif[at:]))
	for entry := exif[at+2:]; count > 0 && len(entry) >= entrySize; count, entry = count-1, entry[entrySize:] {
		if order.Uint16(entry) != 0x0112 || order.Uint16(entry[2:]) != 3 {
			continue
		}
		if v := int(order.Uint16(entry[8:])); v >= 1 && v <= 8 {
			return v
		}
		break
	}
	return 1
}

// pngExif returns the content of a PNG's chunk eXIf, nil if it has none.
func pngExif(data []byte) []byte {
	for rest := data[8:]; len(rest) >= 12; {
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest)-12) {
			break
		}
		if string(rest[4:8]) == "eXIf" {
			return rest[8 : 8+size]
		}
		rest = rest[12+size:]
	}
	return nil
}

// webpExif returns the content of a WebP's chunk EXIF, nil if it has none.
func webpExif(data []byte) []byte {
	for rest := data[12:]; len(rest) >= 8; {
		size := uint64(binary.LittleEndian.Uint32(rest[4:]))
		if size > uint64(len(rest)-8) {
			break
		}
		if string(rest[:4]) == "EXIF" {
			return bytes.TrimPrefix(rest[8:8+size], []byte(exifHead))
		}
		rest = rest[min(8+size+size%2, uint64(len(rest))):]
	}
	return nil
}
