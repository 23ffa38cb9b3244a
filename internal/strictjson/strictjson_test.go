package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

func TestCheck(t *testing.T) {
	many := func(last string) string {
		var b strings.Builder
		b.WriteByte('{')
		for i := range 100 {
			fmt.Fprintf(&b, `"n%d":%d,`, i, i)
		}
		return b.String() + last + "}"
	}
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"empty", ``, strictjson.ErrSyntax},
		{"blank", " \n", strictjson.ErrSyntax},
		{"object", `{}`, nil},
		{"array", ` [ 1 , [ ] , { } ] `, nil},
		{"literals", `[true,false,null]`, nil},
		{"literal_cut", `tru`, strictjson.ErrSyntax},
		{"literal_case", `True`, strictjson.ErrSyntax},
		{"literal_longer", `nullx`, strictjson.ErrTrailing},
		{"trailing_value", `{}{}`, strictjson.ErrTrailing},
		{"trailing_nul", "{}\x00", strictjson.ErrTrailing},
		{"byte_order_mark", "\ufeff{}", strictjson.ErrSyntax},
		{"comma_at_end_of_object", `{"a":1,}`, strictjson.ErrSyntax},
		{"comma_at_end_of_array", `[1,]`, strictjson.ErrSyntax},
		{"comma_first", `[,1]`, strictjson.ErrSyntax},
		{"no_comma", `[1 2]`, strictjson.ErrSyntax},
		{"no_colon", `{"a" 1}`, strictjson.ErrSyntax},
		{"no_value", `{"a":}`, strictjson.ErrSyntax},
		{"name_unquoted", `{a:1}`, strictjson.ErrSyntax},
		{"name_number", `{1:1}`, strictjson.ErrSyntax},
		{"open_object", `{"a":1`, strictjson.ErrSyntax},
		{"open_array", `[1`, strictjson.ErrSyntax},
		{"wrong_bracket", `[1}`, strictjson.ErrSyntax},
		{"comment", `{/**/}`, strictjson.ErrSyntax},
		{"number_zero", `[0,-0,0.0,1e5,1E+5,1e-5,12.5e3]`, nil},
		{"number_leading_zero", `01`, strictjson.ErrTrailing},
		{"number_plus", `+1`, strictjson.ErrSyntax},
		{"number_dot", `1.`, strictjson.ErrSyntax},
		{"number_bare_dot", `.5`, strictjson.ErrSyntax},
		{"number_exponent", `1e`, strictjson.ErrSyntax},
		{"number_minus", `-`, strictjson.ErrSyntax},
		{"number_word", `NaN`, strictjson.ErrSyntax},
		{"escapes", `"\"\\\/\b\f\n\r\tA\ud83d\ude00"`, nil},
		{"escape_unknown", `"\x41"`, strictjson.ErrSyntax},
		{"escape_short", `"\u12"`, strictjson.ErrSyntax},
		{"escape_not_hex", `"\u12g4"`, strictjson.ErrSyntax},
		{"escape_at_end", `"\`, strictjson.ErrSyntax},
		{"surrogate_high_alone", `"\ud83d"`, strictjson.ErrUTF8},
		{"surrogate_low_alone", `"\ude00"`, strictjson.ErrUTF8},
		{"surrogates_swapped", `"\ude00\ud83d"`, strictjson.ErrUTF8},
		{"control_character", "\"a\nb\"", strictjson.ErrSyntax},
		{"open_string", `"abc`, strictjson.ErrSyntax},
		{"utf8", `"grün 😀"`, nil},
		{"not_utf8", "\"\xff\"", strictjson.ErrUTF8},
		{"utf8_surrogate", "\"\xed\xa0\x80\"", strictjson.ErrUTF8},
		{"name_not_utf8", "{\"\xff\":1}", strictjson.ErrUTF8},
		{"duplicate", `{"a":1,"a":1}`, strictjson.ErrDuplicate},
		{"duplicate_inner", `{"a":{"b":1,"b":1}}`, strictjson.ErrDuplicate},
		{"duplicate_escaped", `{"a":1,"\u0061":1}`, strictjson.ErrDuplicate},
		{"duplicate_empty", `{"":1,"":1}`, strictjson.ErrDuplicate},
		{"duplicate_among_many", many(`"n3":1`), strictjson.ErrDuplicate},
		{"duplicate_late_among_many", many(`"n99":1`), strictjson.ErrDuplicate},
		{"many", many(`"N3":1`), nil},
		{"case_differs", `{"a":1,"A":1}`, nil},
		{"same_name_in_siblings", `[{"a":1},{"a":1}]`, nil},
		{"depth_at_limit", `[[[{}]]]`, nil},
		{"depth_over_limit", `[[[{"a":[]}]]]`, strictjson.ErrDepth},
		{"depth_side_by_side", `[[],[[]],[[[]]],[[[]]]]`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := strictjson.Check([]byte(test.text), 4)
			if !errors.Is(err, test.want) || (test.want == nil) != (err == nil) {
				t.Fatalf("Check(%q) = %v, want %v", test.text, err, test.want)
			}
			if test.want == nil && !json.Valid([]byte(test.text)) {
				t.Errorf("encoding/json refuses %q", test.text)
			}
		})
	}
}

// I-06: the parser stops at the limit, whatever follows.
func TestCheckStopsAtDepth(t *testing.T) {
	err := strictjson.Check([]byte(strings.Repeat("[", 200_000)), 32)
	fault, ok := errors.AsType[*strictjson.Error](err)
	if !ok || !errors.Is(err, strictjson.ErrDepth) || fault.Offset != 32 {
		t.Errorf("Check = %v, want %v at byte 32", err, strictjson.ErrDepth)
	}
}

func TestCheckObject(t *testing.T) {
	if err := strictjson.CheckObject([]byte(` {"a":[]}`), 2); err != nil {
		t.Errorf("CheckObject(object) = %v", err)
	}
	for _, text := range []string{`[]`, `null`, `"{}"`, ``} {
		if err := strictjson.CheckObject([]byte(text), 2); !errors.Is(err, strictjson.ErrNotObject) {
			t.Errorf("CheckObject(%q) = %v, want %v", text, err, strictjson.ErrNotObject)
		}
	}
}

func TestReaderInt(t *testing.T) {
	for _, test := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true},
		{"-7", -7, true},
		{"9223372036854775807", 1<<63 - 1, true},
		{"-9223372036854775808", -1 << 63, true},
		{"9223372036854775808", 0, false},
		{"-9223372036854775809", 0, false},
		{"18446744073709551617", 0, false},
		{"99999999999999999999", 0, false},
		{"1.0", 0, false},
		{"1e2", 0, false},
		{"1e400", 0, false},
		{`"1"`, 0, false},
		{"null", 0, false},
		{"[1]", 0, false},
	} {
		r := strictjson.NewReader([]byte(test.text), 2)
		got, ok := r.Int()
		if err := r.Close(); got != test.want || ok != test.ok || err != nil {
			t.Errorf("Int(%s) = %d, %t, %v, want %d, %t", test.text, got, ok, err, test.want, test.ok)
		}
	}
}

func TestReaderString(t *testing.T) {
	const text = `"\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00ü"`
	var want string
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	r := strictjson.NewReader([]byte(text), 1)
	if got, ok := r.String(); !ok || string(got) != want {
		t.Errorf("String = %q, %t, want %q", got, ok, want)
	}
}

// The first fault sticks, so that a caller who forgets to look at it gets
// nothing that he could mistake for data.
func TestReaderAfterFault(t *testing.T) {
	r := strictjson.NewReader([]byte(`{"a":tru,"b":"c"}`), 4)
	o := r.Object()
	o.Next()
	r.Skip()
	if name, ok := o.Next(); ok {
		t.Errorf("Next after a fault = %q, true", name)
	}
	if s, ok := r.String(); ok {
		t.Errorf("String after a fault = %q, true", s)
	}
	if err := r.Close(); !errors.Is(err, strictjson.ErrSyntax) {
		t.Errorf("Close = %v, want the first fault", err)
	}
}

func TestReaderAllocatesNothing(t *testing.T) {
	text := []byte(`{"iss":"https://a","n":[1,2,{"x":null}],"s":"b","t":true}`)
	if n := testing.AllocsPerRun(100, func() {
		if strictjson.Check(text, 8) != nil {
			panic("refused")
		}
	}); n != 0 {
		t.Errorf("Check allocates %v times, want 0", n)
	}
}

// Whatever is accepted, encoding/json accepts and reads the same way.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"A":[true,null,-0.5e+7,"\ud83d\ude00"]}`, `{"a":1,"a":2}`, `[[[[[[]]]]]]`,
		"\"\xff\"", `{"a":1}x`, `"\ud800"`, ` {"` + "\u2000" + `":{}} `, `1e400`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if strictjson.Check(text, 32) != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q, which encoding/json refuses", text)
		}
		var v any
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		r := strictjson.NewReader(text, 32)
		compare(t, &r, v)
	})
}

// compare reads a value that Check accepted and holds it against want.
func compare(t *testing.T, r *strictjson.Reader, want any) {
	switch want := want.(type) {
	case map[string]any:
		n := 0
		o := r.Object()
		for name, ok := o.Next(); ok; name, ok = o.Next() {
			inner, there := want[string(name)]
			if !there {
				t.Fatalf("name %q, which encoding/json does not see", name)
			}
			compare(t, r, inner)
			n++
		}
		if n != len(want) {
			t.Fatalf("%d members, want %d", n, len(want))
		}
	case []any:
		n := 0
		a := r.Array()
		for a.Next() {
			compare(t, r, want[n])
			n++
		}
		if n != len(want) {
			t.Fatalf("%d elements, want %d", n, len(want))
		}
	case string:
		if got, ok := r.String(); !ok || string(got) != want {
			t.Fatalf("String = %q, %t, want %q", got, ok, want)
		}
	case json.Number:
		n, err := want.Int64()
		if got, ok := r.Int(); ok != (err == nil) || ok && got != n {
			t.Fatalf("Int = %d, %t, want %s", got, ok, want)
		}
	default:
		r.Skip()
	}
}

func TestRaw(t *testing.T) {
	for text, want := range map[string]string{
		` {"a": [1, "x"]} `: `{"a": [1, "x"]}`, `"\u0041"`: `"\u0041"`, ` -1.5e3`: `-1.5e3`, "null\n": `null`,
	} {
		r := strictjson.NewReader([]byte(text), 4)
		if got := string(r.Raw()); got != want || r.Close() != nil {
			t.Errorf("Raw of %q = %q, then %v", text, got, r.Close())
		}
	}
	for _, text := range []string{``, `[1,`, `{"a":1,"a":2}`, `tru`} {
		r := strictjson.NewReader([]byte(text), 4)
		if got := r.Raw(); got != nil || r.Close() == nil {
			t.Errorf("Raw of %q = %q, then %v", text, got, r.Close())
		}
	}
}
