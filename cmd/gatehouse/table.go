package main

import (
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"github.com/gatehouse-dev/gatehouse/client"
)

// table prints aligned columns for people.
type table struct {
	rows [][]string
}

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

// row adds a row. What others wrote cannot move the cursor (L-03).
func (t *table) row(cells ...string) {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	t.rows = append(t.rows, cells)
}

// print writes the table. With columns, the width of a terminal, no line is longer; 0 cuts
// nothing.
func (t *table) print(w io.Writer, columns int) error {
	widths := map[int]int{}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	var out strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-displayWidth(cell)+2))
		}
		out.WriteString(cut(strings.TrimRight(line.String(), " "), columns))
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// cut shortens a line to columns; 0 leaves it.
func cut(line string, columns int) string {
	if columns <= 0 || displayWidth(line) <= columns {
		return line
	}
	used := 0
	for i, r := range line {
		if used += runeWidth(r); used > columns-1 {
			return line[:i] + "…"
		}
	}
	return line
}

// displayWidth is how many cells of a terminal a text takes.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// local writes a moment for people, in their zone; "-" for none.
func local(t client.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(time.Local).Format("2006-01-02 15:04")
}

// orDash fills an empty cell.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
