package backendapi

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

const (
	maxBody   = 256 << 10 // bytes of a JSON body
	maxValues = 100       // of an array
)

// fields reads the members of a request's body. The first fault sticks: read them all,
// then look at err.
type fields struct {
	members map[string]json.RawMessage
	err     error
}

// fields reads the body, which may hold the allowed members only.
func (c *call) fields(allowed ...string) *fields {
	members, err := httpjson.Object(c.w, c.r, maxBody)
	if err != nil {
		return &fields{err: err}
	}
	return only(members, allowed)
}

// only are members of an object that may be the allowed ones only.
func only(members map[string]json.RawMessage, allowed []string) *fields {
	f := &fields{members: members}
	for name := range members {
		if !slices.Contains(allowed, name) {
			f.fail(apierr.ParamUnknown.At(printable(name)))
		}
	}
	return f
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// value decodes a member; ok is false if it was not sent or is null.
func value[T any](f *fields, name string) (v T, ok bool) {
	raw, sent := f.members[name]
	if !sent || string(raw) == "null" {
		return v, false
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		f.fail(apierr.ParamType.At(name).Because(err))
		return v, false
	}
	return v, true
}

// text returns a text, "" if it was not sent.
func (f *fields) text(name string) string {
	v, _ := value[string](f, name)
	return v
}

// change returns a text that replaces what is there: nil if it was not sent, "" for null.
func (f *fields) change(name string) *string {
	if _, sent := f.members[name]; !sent {
		return nil
	}
	return new(f.text(name))
}

func (f *fields) flag(name string) *bool {
	if v, ok := value[bool](f, name); ok {
		return &v
	}
	return nil
}

func (f *fields) isTrue(name string) bool {
	v, _ := value[bool](f, name)
	return v
}

// number returns a number that is 0 or more.
func (f *fields) number(name string) *int {
	v, ok := value[int](f, name)
	if !ok {
		return nil
	}
	if v < 0 || v > math.MaxInt32 {
		f.fail(apierr.ParamValue.At(name))
	}
	return &v
}

func (f *fields) texts(name string) []string {
	v, _ := value[[]*string](f, name)
	if len(v) > maxValues {
		f.fail(apierr.ParamArrayTooLong.At(name))
	}
	out := make([]string, 0, len(v))
	for _, s := range v {
		if s == nil { // null inside an array
			f.fail(apierr.ParamType.At(name))
			continue
		}
		out = append(out, *s)
	}
	return out
}

// object returns a JSON object as it was sent; nil if it was not sent, {} for null.
func (f *fields) object(name string) json.RawMessage {
	raw, sent := f.members[name]
	switch {
	case !sent:
		return nil
	case string(raw) == "null":
		return json.RawMessage("{}")
	case raw[0] != '{':
		f.fail(apierr.ParamValue.At(name))
	}
	return raw
}

// time returns a time in the form of RFC 3339; the zero time if it was not sent.
func (f *fields) time(name string) time.Time {
	s, ok := value[string](f, name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		f.fail(apierr.ParamTime.At(name))
		return time.Time{}
	}
	return t
}

// absent refuses members that this server knows but does not take yet.
func (f *fields) absent(names ...string) {
	for _, name := range names {
		if raw, sent := f.members[name]; sent && string(raw) != "null" && string(raw) != `""` && string(raw) != "[]" {
			f.fail(apierr.FeatureOff.At(name))
		}
	}
}

// printable cuts a name that a client chose to what may stand in an answer.
func printable(name string) string {
	const most = 64
	clean := strings.Map(func(r rune) rune {
		if r >= ' ' && r < 0x7f {
			return r
		}
		return '?'
	}, name)
	return clean[:min(len(clean), most)]
}

// seconds returns a time of a second or more; 0 if it was not sent.
func (f *fields) seconds(name string) time.Duration {
	n := f.number(name)
	switch {
	case n == nil:
		return 0
	case *n == 0:
		f.fail(apierr.ParamValue.At(name))
	}
	return time.Duration(*n) * time.Second
}
