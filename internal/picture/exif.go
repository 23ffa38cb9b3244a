package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the EXIF orientation of a JPEG, 1 (upright) to 8; 1 where it has
// none that makes sense. It is the one thing that is read of metadata.
func orientation(data []byte) int {
	for rest := data[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		marker, size := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xda || size < 2 || size > len(rest)-2 {
			break
		}
		if segment := rest[4 : 2+size]; marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return tiffOrientation(segment[6:])
		}
		rest = rest[2+size:]
	}
	return 1
}

// tiffOrientation looks for tag 0x0112, a short, in the first directory.
func tiffOrientation(tiff []byte) int {
	const entrySize = 12
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	for entry := tiff[at+2:]; count > 0 && len(entry) >= entrySize; count, entry = count-1, entry[entrySize:] {
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
