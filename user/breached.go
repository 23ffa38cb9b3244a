package user

import (
	_ "embed"
	"strings"
)

// breachedList holds passwords that everybody tries first, 8 characters and longer,
// in lower case and byte order, one per line. NOTICE names its source.
//
//go:embed breached.txt
var breachedList string

// isBreached reports whether a password, in any case of its ASCII letters, is on the list.
// It searches the text as it is, so that the list costs no memory beyond the program's.
func isBreached(password string) bool {
	want := lowerASCII(password)
	low, high := 0, len(breachedList) // both at the start of a line
	for low < high {
		middle := low + (high-low)/2
		start := strings.LastIndexByte(breachedList[low:middle], '\n') + 1 + low
		line, _, _ := strings.Cut(breachedList[start:], "\n")
		switch {
		case line == want:
			return true
		case line < want:
			low = start + len(line) + 1
		default:
			high = start
		}
	}
	return false
}
