package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Stringify encodes v as JavaScript's JSON.stringify(JSON.parse(…)) would: receivers that
// have only the parsed body check the signature of what they make of it again. So there
// is no blank and no needless escape, numbers are written as ECMA-262 does, and members
// whose names are array indexes come first.
func Stringify(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out bytes.Buffer
	if err := stringify(&out, dec); err != nil && err != io.EOF {
		return nil, err
	}
	return out.Bytes(), nil
}

// stringify writes the next value of dec.
func stringify(out *bytes.Buffer, dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return array(out, dec)
		}
		return object(out, dec)
	case string:
		text(out, t)
	case json.Number:
		number(out, t)
	default: // true, false, null
		if token == nil {
			out.WriteString("null")
		} else {
			fmt.Fprint(out, token)
		}
	}
	return nil
}

func array(out *bytes.Buffer, dec *json.Decoder) error {
	out.WriteByte('[')
	for n := 0; dec.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		if err := stringify(out, dec); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := dec.Token()
	return err
}

// member is one of an object, its value encoded.
type member struct {
	name  string
	index uint64 // of an array, math.MaxUint64 for other names
	value string
}

func object(out *bytes.Buffer, dec *json.Decoder) error {
	var members []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value bytes.Buffer
		if err := stringify(&value, dec); err != nil {
			return err
		}
		m := member{name: name.(string), index: arrayIndex(name.(string)), value: value.String()}
		if at := slices.IndexFunc(members, func(old member) bool { return old.name == m.name }); at >= 0 {
			members[at].value = m.value // the last one counts
			continue
		}
		members = append(members, m)
	}
	slices.SortStableFunc(members, func(a, b member) int {
		switch {
		case a.index < b.index:
			return -1
		case a.index > b.index:
			return 1
		}
		return 0
	})
	out.WriteByte('{')
	for n, m := range members {
		if n > 0 {
			out.WriteByte(',')
		}
		text(out, m.name)
		out.WriteByte(':')
		out.WriteString(m.value)
	}
	out.WriteByte('}')
	_, err := dec.Token()
	return err
}

// arrayIndex reads an array index (ECMA-262 §6.1.7): a canonical number below 2³²-1.
func arrayIndex(name string) uint64 {
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil || n == math.MaxUint32 || strconv.FormatUint(n, 10) != name {
		return math.MaxUint64
	}
	return n
}

// number writes as Number::toString does (ECMA-262 §6.1.6.1.20), which encoding/json
// follows but for -0; what is beyond a double is null.
func number(out *bytes.Buffer, n json.Number) {
	f, err := strconv.ParseFloat(string(n), 64)
	switch {
	case err != nil || math.IsInf(f, 0):
		out.WriteString("null")
	case f == 0:
		out.WriteByte('0')
	default:
		text, _ := json.Marshal(f) // finite
		out.Write(text)
	}
}

// text writes as QuoteJSONString does (ECMA-262 §25.5.4.3).
func text(out *bytes.Buffer, s string) {
	const short = "\b\f\n\r\t"
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case strings.ContainsRune(short, r):
			out.WriteByte('\\')
			out.WriteByte("bfnrt"[strings.IndexRune(short, r)])
		case r < ' ':
			fmt.Fprintf(out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}
