package auth

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

var (
	errMissing = errors.New("is missing")
	errNull    = errors.New("is null")

	readsJSON = reflect.TypeFor[json.Unmarshaler]()
	readsText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// readInto reads the next value into v, which is settable. Every error is a
// [*ClaimError].
func readInto(r *strictjson.Reader, v reflect.Value) error {
	t := v.Type()
	kind := r.Peek()
	switch {
	case kind == strictjson.KindNull && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface:
		return &ClaimError{Err: errNull}
	case reflect.PointerTo(t).Implements(readsJSON), reflect.PointerTo(t).Implements(readsText):
		return readLeaf(r, v)
	case t.Kind() == reflect.Pointer:
		if kind == strictjson.KindNull {
			r.Skip()
			return nil
		}
		v.Set(reflect.New(t.Elem()))
		return readInto(r, v.Elem())
	case t.Kind() == reflect.Struct && kind == strictjson.KindObject:
		return readStruct(r, v)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && kind == strictjson.KindObject:
		return readMap(r, v)
	case t.Kind() == reflect.Slice && kind == strictjson.KindArray:
		return readSlice(r, v)
	case t.Kind() == reflect.Array && kind == strictjson.KindArray:
		return readArray(r, v)
	}
	return readLeaf(r, v)
}

// readLeaf leaves a value to encoding/json, which refuses what does not fit. There
// are no names in it that a struct could mistake.
func readLeaf(r *strictjson.Reader, v reflect.Value) error {
	raw := r.Raw()
	if raw == nil {
		return &ClaimError{Err: r.Close()}
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return &ClaimError{Err: err}
	}
	return nil
}

func readStruct(r *strictjson.Reader, v reflect.Value) error {
	fields, err := fieldsOf(v.Type())
	if err != nil {
		return &ClaimError{Err: err}
	}
	seen := make([]bool, len(fields))
	o := r.Object()
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		i := slices.IndexFunc(fields, func(f claimField) bool { return f.name == string(name) })
		if i < 0 || fields[i].optional && r.Peek() == strictjson.KindNull {
			r.Skip()
			continue
		}
		seen[i] = true
		if err := readInto(r, v.FieldByIndex(fields[i].index)); err != nil {
			return under(fields[i].name, err)
		}
	}
	for i, f := range fields {
		if !seen[i] && !f.optional {
			return &ClaimError{Claim: f.name, Err: errMissing}
		}
	}
	return nil
}

func readMap(r *strictjson.Reader, v reflect.Value) error {
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	o := r.Object()
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		key := string(name)
		elem := reflect.New(t.Elem()).Elem()
		if err := readInto(r, elem); err != nil {
			return under(key, err)
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), elem)
	}
	return nil
}

func readSlice(r *strictjson.Reader, v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	a := r.Array()
	for a.Next() {
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := readInto(r, elem); err != nil {
			return err
		}
		v.Set(reflect.Append(v, elem))
	}
	return nil
}

func readArray(r *strictjson.Reader, v reflect.Value) error {
	n := 0
	for a := r.Array(); a.Next(); n++ {
		if n >= v.Len() {
			r.Skip()
			continue
		}
		if err := readInto(r, v.Index(n)); err != nil {
			return err
		}
	}
	if n != v.Len() {
		return &ClaimError{Err: fmt.Errorf("has %d entries, want %d", n, v.Len())}
	}
	return nil
}

// under says that what err blames lies inside of the claim with the given name.
func under(name string, err error) error {
	if e, ok := errors.AsType[*ClaimError](err); ok {
		if e.Claim != "" {
			name += "." + e.Claim
		}
		return &ClaimError{Claim: name, Err: e.Err}
	}
	return err
}

// claimField is one field of an app's struct.
type claimField struct {
	name     string
	index    []int
	optional bool
}

// claimFields has the fields of every struct that was asked for, by type.
var claimFields sync.Map // reflect.Type → []claimField

func fieldsOf(t reflect.Type) ([]claimField, error) {
	if have, ok := claimFields.Load(t); ok {
		return have.([]claimField), nil
	}
	fields, err := appendFields(nil, t, nil)
	if err != nil {
		return nil, err
	}
	claimFields.Store(t, fields)
	return fields, nil
}

// appendFields adds the fields of t, which lies at the given index, to fields.
func appendFields(fields []claimField, t reflect.Type, index []int) ([]claimField, error) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		embedded := f.Anonymous && name == ""
		switch {
		case tag == "-":
			continue
		case embedded && f.Type.Kind() == reflect.Struct:
			var err error
			if fields, err = appendFields(fields, f.Type, at); err != nil {
				return nil, err
			}
			continue
		case embedded && f.Type.Kind() == reflect.Pointer:
			return nil, fmt.Errorf("%s embeds the pointer %s", t, f.Type)
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		option := strings.Split(options, ",")
		if slices.Contains(option, "string") {
			return nil, fmt.Errorf("%s.%s has the option string", t, f.Name)
		}
		if slices.ContainsFunc(fields, func(have claimField) bool { return have.name == name }) {
			return nil, fmt.Errorf("%s names %q twice", t, name)
		}
		fields = append(fields, claimField{
			name: name, index: at,
			optional: f.Type.Kind() == reflect.Pointer || slices.Contains(option, "omitempty") || slices.Contains(option, "omitzero"),
		})
	}
	return fields, nil
}
