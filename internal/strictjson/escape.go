package strictjson

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escape checks the escape sequence at the front of b (RFC 8259 §7), a pair of
// surrogates counting as one, and returns its length. Half a pair is no text.
func escape(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, ErrSyntax
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, nil
	case 'u':
		_, n, err := unicodeEscape(b)
		return n, err
	}
	return 0, ErrSyntax
}

// unicodeEscape reads \uXXXX or a pair of them from the front of b.
func unicodeEscape(b []byte) (rune, int, error) {
	high, ok := hex4(b)
	if !ok {
		return 0, 0, ErrSyntax
	}
	if !utf16.IsSurrogate(high) {
		return high, 6, nil
	}
	low, ok := hex4(b[6:])
	if !ok {
		return 0, 0, ErrUTF8
	}
	r := utf16.DecodeRune(high, low)
	if r == utf8.RuneError {
		return 0, 0, ErrUTF8
	}
	return r, 12, nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape returns the text that raw, already checked, stands for.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		if raw[i+1] == 'u' {
			r, n, _ := unicodeEscape(raw[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		out = append(out, plain(raw[i+1]))
		i += 2
	}
	return out
}

// plain is what the two-character escape ending in c stands for.
func plain(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
