package settings

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// field is one setting: a field of the struct that holds all of them.
type field struct {
	name  string // "sign_up_mode", "email_address.required": the json names
	path  string // "SignUpMode", "EmailAddress.Required": the names in Go
	index []int
}

// fieldsOf lists the settings of a struct, in its order. Structs in it are groups.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Struct {
			out = append(out, field{name: name, path: f.Name, index: f.Index})
			continue
		}
		for _, inner := range fieldsOf(f.Type) {
			out = append(out, field{
				name: name + "." + inner.name, path: f.Name + "." + inner.path,
				index: append(append([]int{}, f.Index...), inner.index...),
			})
		}
	}
	return out
}

// in reports whether the field is the one of a name, or one of the group of that name.
func (f field) in(name string) bool {
	return f.name == name || strings.HasPrefix(f.name, name+".")
}

// get returns the field of *values as JSON; no list is [].
func (f field) get(values any) json.RawMessage {
	v := reflect.ValueOf(values).Elem().FieldByIndex(f.index)
	if v.Kind() == reflect.Slice && v.IsNil() {
		return json.RawMessage("[]")
	}
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		panic("settings: " + f.path + " is no JSON: " + err.Error()) // types are ours
	}
	return raw
}

// set changes the field of *values to what JSON says. What was there is not written
// through, so that copies of *values keep it.
func (f field) set(values any, raw json.RawMessage) error {
	target := reflect.ValueOf(values).Elem().FieldByIndex(f.index)
	fresh := reflect.New(target.Type())
	if bytes.Equal(raw, []byte("null")) {
		return &ValueError{Name: f.name, Path: f.path, Problem: "is null"}
	}
	if err := json.Unmarshal(raw, fresh.Interface()); err != nil {
		return &ValueError{Name: f.name, Path: f.path, Problem: "is not " + kindOf(target.Type())}
	}
	target.Set(fresh.Elem())
	return nil
}

// kindOf says what values of a type look like in JSON.
func kindOf(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()) {
		return `a duration, as "90s" or "1h"`
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list of texts"
	}
	return "a whole number"
}
