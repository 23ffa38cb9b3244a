package redisstore

import (
	"encoding/binary"
	"errors"
	"time"
)

// Records are fields in the order of their numbers, which never change their
// meaning. A field is its tag, number×2 + kind, and a value: kind 0 a signed varint,
// kind 1 a length and bytes. Zero values are left out, and unknown fields are passed
// over, so that nodes of two versions read each other's records.

// maxField is the highest number that a field may have.
const maxField = 63

// errMalformed is a record that this package cannot have written.
var errMalformed = errors.New("malformed record")

type fieldWriter []byte

func (w *fieldWriter) integer(number int, v int64) {
	if v != 0 {
		*w = binary.AppendUvarint(*w, uint64(number)*2)
		*w = binary.AppendVarint(*w, v)
	}
}

func (w *fieldWriter) time(number int, t time.Time) { w.integer(number, millis(t)) }

func (w *fieldWriter) text(number int, s string) {
	if s != "" {
		*w = binary.AppendUvarint(*w, uint64(number)*2+1)
		*w = binary.AppendUvarint(*w, uint64(len(s)))
		*w = append(*w, s...)
	}
}

// fields is a record that was read: what is absent is zero.
type fields struct {
	integers [maxField + 1]int64
	texts    [maxField + 1]string
}

func (f *fields) time(number int) time.Time { return fromMillis(f.integers[number]) }

// read accepts any bytes and returns errMalformed for those that fieldWriter does not
// write. f must be zero; it is large, and best kept on the stack.
func (f *fields) read(b []byte) error {
	last := uint64(0)
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		number := tag / 2
		if n <= 0 || number <= last || number > maxField {
			return errMalformed
		}
		last, b = number, b[n:]
		if tag%2 == 0 {
			v, n := binary.Varint(b)
			if n <= 0 {
				return errMalformed
			}
			f.integers[number], b = v, b[n:]
			continue
		}
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errMalformed
		}
		f.texts[number], b = string(b[n:n+int(size)]), b[n+int(size):]
	}
	return nil
}

// millis is how times are stored: Unix milliseconds, rounded down; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
