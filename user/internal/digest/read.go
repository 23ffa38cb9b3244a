package digest

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// minSum is the shortest sum that is taken, in bytes: a shorter one, or none at all, would
// be that of other passwords, too.
const minSum = 16

// maxSum bounds what is derived, in bytes.
const maxSum = 64

// count reads a decimal number from 1 to most, in its one spelling. ErrCost above it.
func count(text string, most uint64) (int, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" || text[0] == '0' {
		return 0, ErrFormat
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > most {
		return 0, ErrCost
	}
	return int(n), nil
}

// fields cuts a text at its dollar signs into exactly n fields, none of them empty.
func fields(text string, n int) ([]string, error) {
	all := strings.Split(text, "$")
	if len(all) != n {
		return nil, ErrFormat
	}
	for _, f := range all {
		if f == "" {
			return nil, ErrFormat
		}
	}
	return all, nil
}

// unhex reads hexadecimal digits of either case.
func unhex(text string) ([]byte, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, ErrFormat
	}
	return b, nil
}

// unbase64 reads standard base64, padded or not.
func unbase64(text string) ([]byte, error) {
	bare := strings.TrimRight(text, "=")
	if padding := len(text) - len(bare); padding > 0 && (padding > 2 || len(text)%4 != 0) {
		return nil, ErrFormat
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(bare)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, ErrFormat
	}
	return b, nil
}

// sumOf reads a sum of a length that can be told from others.
func sumOf(decode func(string) ([]byte, error), text string) ([]byte, error) {
	sum, err := decode(text)
	if err == nil && (len(sum) < minSum || len(sum) > maxSum) {
		err = ErrFormat
	}
	return sum, err
}
