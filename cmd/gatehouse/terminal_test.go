package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
)

func TestTableFitsTheTerminal(t *testing.T) {
	tab := newTable("NAME", "NOTE")
	tab.row("Ada", "short")
	tab.row("山田", "wide cells")
	tab.row("e\u0301ve\x1b[31m", "no escapes") // L-03
	for columns, want := range map[int]string{
		0:  "NAME      NOTE\nAda       short\n山田      wide cells\ne\u0301ve?[31m  no escapes\n",
		14: "NAME      NOTE\nAda       sho…\n山田      wid…\ne\u0301ve?[31m  no …\n",
		4:  "NAM…\nAda…\n山…\ne\u0301ve…\n",
	} {
		var out strings.Builder
		if err := tab.print(&out, columns); err != nil || out.String() != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", columns, out.String(), want)
		}
	}
}

// What cannot be taken back is asked for: y for one thing, the number for several.
func TestConfirm(t *testing.T) {
	for name, tt := range map[string]struct {
		n           int
		answer      string
		interactive bool
		yes         bool
		want        error
		usage       bool
	}{
		"y":           {1, "y\n", true, false, nil, false},
		"Y":           {1, "Y", true, false, nil, false},
		"n":           {1, "n\n", true, false, errDeclined, false},
		"nothing":     {1, "", true, false, errDeclined, false},
		"number":      {3, "3\n", true, false, nil, false},
		"y_for_three": {3, "y\n", true, false, errDeclined, false},
		"nobody":      {1, "y\n", false, false, nil, true},
		"yes":         {3, "", false, true, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			p := &program{stdin: strings.NewReader(tt.answer), stderr: &stderr, interactive: tt.interactive}
			err := confirmFlag{tt.yes}.confirm(p, "Delete it", tt.n)
			if _, usage := errors.AsType[*usageError](err); usage != tt.usage || !tt.usage && !errors.Is(err, tt.want) {
				t.Errorf("confirm = %v", err)
			}
			if tt.interactive && !strings.HasPrefix(stderr.String(), "Delete it? Type ") {
				t.Errorf("asked %q", stderr.String())
			}
		})
	}
}

func TestWhen(t *testing.T) {
	now := time.Now()
	for text, want := range map[string]time.Time{
		"2026-01-31":           time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local),
		"2026-01-31T12:00:00Z": time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
		"36h":                  now.Add(-36 * time.Hour),
		"90d":                  now.AddDate(0, 0, -90),
	} {
		var w when
		if err := w.UnmarshalText([]byte(text)); err != nil || w.Sub(want).Abs() > time.Minute {
			t.Errorf("%s = %v, %v; want %v", text, w.Time, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-3h", "0d", "1.5d", "3d2h", "d", "2026-13-01"} {
		if err := new(when).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestBar(t *testing.T) {
	for want, got := range map[string]string{
		"deleted [###############...............] 5/10 50%": bar("deleted", 5, 10),
		"users 7": bar("users", 7, 0),
		"deleted [##############################] 10/10 100%": bar("deleted", 12, 10),
	} {
		if got != want {
			t.Errorf("bar = %q, want %q", got, want)
		}
	}
}

func TestReadPassword(t *testing.T) {
	for text, want := range map[string]client.Secret{"secret\n": "secret", "a b \r\nrest": "a b ", "no end": "no end"} {
		if got, err := readPassword(&program{stdin: strings.NewReader(text)}); err != nil || got != want {
			t.Errorf("%q = %q, %v", text, string(got), err)
		}
	}
	if _, err := readPassword(&program{stdin: strings.NewReader("")}); err == nil {
		t.Error("no password was taken for one")
	}
}
