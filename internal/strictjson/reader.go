package strictjson

import (
	"bytes"
	"unicode/utf8"
)

// Kind is the kind of a value.
type Kind byte

// The kinds. KindInvalid is what does not begin any value.
const (
	KindInvalid Kind = iota
	KindObject
	KindArray
	KindString
	KindNumber
	KindBool
	KindNull
)

// Reader reads one JSON value from front to back. The first fault sticks: every
// later call answers as if the text had ended, and Close returns it. Values are
// to be trusted only once Close has returned nil.
type Reader struct {
	data  []byte
	pos   int
	depth int // how many more levels may open
	err   error
}

// NewReader returns a reader of b, which must not change while it is used, that
// allows maxDepth nested objects and arrays.
func NewReader(b []byte, maxDepth int) Reader {
	return Reader{data: b, depth: maxDepth}
}

// Close returns the first fault, [ErrTrailing] if anything but blanks follows
// the value, or nil.
func (r *Reader) Close() error {
	if r.blank(); r.err == nil && r.pos != len(r.data) {
		r.fail(ErrTrailing)
	}
	return r.err
}

// Peek returns the kind of the next value without reading it. It judges by the
// first byte alone.
func (r *Reader) Peek() Kind {
	r.blank()
	switch c := r.byte(); {
	case c == '{':
		return KindObject
	case c == '[':
		return KindArray
	case c == '"':
		return KindString
	case c == '-' || '0' <= c && c <= '9':
		return KindNumber
	case c == 't' || c == 'f':
		return KindBool
	case c == 'n':
		return KindNull
	}
	return KindInvalid
}

// Skip reads the next value, whatever it is, and checks all of it.
func (r *Reader) Skip() {
	switch r.Peek() {
	case KindObject:
		o := r.Object()
		for _, ok := o.Next(); ok; _, ok = o.Next() {
			r.Skip()
		}
	case KindArray:
		a := r.Array()
		for a.Next() {
			r.Skip()
		}
	case KindString:
		r.text()
	case KindNumber:
		r.number()
	case KindBool:
		if r.byte() == 't' {
			r.literal("true")
		} else {
			r.literal("false")
		}
	case KindNull:
		r.literal("null")
	default:
		r.fail(ErrSyntax)
	}
}

// Raw skips the next value and returns its text, which is read-only.
func (r *Reader) Raw() []byte {
	r.blank()
	start := r.pos
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.data[start:r.pos]
}

// String reads the next value. It returns false, having skipped the value, if it
// is no string. The bytes may be part of the text: they are read-only.
func (r *Reader) String() ([]byte, bool) {
	if r.Peek() != KindString {
		r.Skip()
		return nil, false
	}
	raw, escaped := r.text()
	if escaped {
		raw = unescape(raw)
	}
	return raw, r.err == nil
}

// Int reads the next value. It returns false, having skipped the value, unless it
// is a number written as an integer (no fraction, no exponent) that fits an int64.
func (r *Reader) Int() (int64, bool) {
	if r.Peek() != KindNumber {
		r.Skip()
		return 0, false
	}
	return parseInt(r.number())
}

// parseInt is strconv.ParseInt for a valid JSON number, without the detour
// through a string.
func parseInt(digits []byte) (int64, bool) {
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 19 { // 2⁶³ has 19 digits
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), true
	case !negative && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}

// fail records the first fault and moves to the end, so that every loop stops.
func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = &Error{Offset: r.pos, Err: err}
		r.pos = len(r.data)
	}
}

// byte returns the next byte without reading it; 0, which begins nothing in
// JSON, at the end.
func (r *Reader) byte() byte {
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

func (r *Reader) blank() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

func (r *Reader) literal(s string) {
	if !bytes.HasPrefix(r.data[r.pos:], []byte(s)) {
		r.fail(ErrSyntax)
		return
	}
	r.pos += len(s)
}

// number reads a number (RFC 8259 §6) and returns its text.
func (r *Reader) number() []byte {
	start := r.pos
	if r.byte() == '-' {
		r.pos++
	}
	if r.byte() == '0' {
		r.pos++
	} else {
		r.digits()
	}
	if r.byte() == '.' {
		r.pos++
		r.digits()
	}
	if c := r.byte(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.byte(); c == '+' || c == '-' {
			r.pos++
		}
		r.digits()
	}
	if r.err != nil {
		return nil
	}
	return r.data[start:r.pos]
}

func (r *Reader) digits() {
	start := r.pos
	for c := r.byte(); '0' <= c && c <= '9'; c = r.byte() {
		r.pos++
	}
	if r.pos == start {
		r.fail(ErrSyntax)
	}
}

// text reads a string and returns what stands between its quotes, as written.
func (r *Reader) text() (raw []byte, escaped bool) {
	r.pos++ // the opening quote
	start, ascii := r.pos, true
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; {
		case c == '"':
			raw = r.data[start:r.pos]
			if !ascii && !utf8.Valid(raw) {
				r.fail(ErrUTF8)
				return nil, false
			}
			r.pos++
			return raw, escaped
		case c == '\\':
			n, err := escape(r.data[r.pos:])
			if err != nil {
				r.fail(err)
				return nil, false
			}
			escaped = true
			r.pos += n
		case c < ' ':
			r.fail(ErrSyntax)
			return nil, false
		default:
			ascii = ascii && c < utf8.RuneSelf
			r.pos++
		}
	}
	r.fail(ErrSyntax)
	return nil, false
}
