// Package settings lets operators change the settings of an instance while its processes
// run.
//
// The settings are one struct, T, whose fields (and groups of fields: structs in it) are
// named by their json tags: "sign_up_mode", "email_address.required". What holds comes
// from three places: a field that the configuration pins has its value and cannot be
// changed; else what an operator changed it to, which lies in a document of the
// database; else the configuration's default. Every change is judged as a whole: the
// settings that would result must be valid, or nothing changes.
//
// Fields in the document that T does not have are kept and ignored: they are of a newer
// version of the program, which may run beside this one.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/document"
)

// ValueError is a value that a setting cannot have, by itself or beside the others.
type ValueError struct {
	Name    string // as in the configuration file; "" blames no single one
	Path    string // the field in Go; "" where Name is
	Problem string // "is empty": words of the program's own, without the value
}

func (e *ValueError) Error() string { return "settings: " + e.Name + " " + e.Problem }

// PinnedError is a change of a setting that the configuration decides.
type PinnedError struct{ Name string }

func (e *PinnedError) Error() string {
	return "settings: " + e.Name + " is set by the configuration; it can only be changed there"
}

// UnknownError is a setting that there is not.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return "settings: there is no " + e.Name }

// ErrOutdated is a change that was made for a version which is not the newest any more.
var ErrOutdated = errors.New("settings: changed by somebody else meanwhile")

// Config sets up Live settings.
type Config[T any] struct {
	// Defaults hold where nobody changed anything, and always where Pinned. Required,
	// and valid.
	Defaults T
	// Pinned names the fields and groups that cannot be changed.
	Pinned []string
	// Validate returns a *ValueError that names the first field which cannot be met;
	// its Path may be left empty. Required.
	Validate func(T) error
	// Repair opens settings although what is stored is not valid, for whoever wants to
	// change that. Nothing invalid is ever stored.
	Repair bool

	Documents *document.Store  // required
	Now       func() time.Time // nil means time.Now
}

// documentName names the settings among the documents.
const documentName = "settings"

// Live are settings that may change. They are safe for concurrent use.
type Live[T any] struct {
	cfg    Config[T]
	fields []field
	doc    *document.Document[state[T]]
}

// state is what one version of the document means.
type state[T any] struct {
	values  T
	changed map[string]json.RawMessage // by operators, pinned and unknown fields included
}

// Open reads the settings. Errors: *UnknownError (of Pinned), *ValueError for stored
// settings that are not valid under this configuration, the store's.
func Open[T any](ctx context.Context, cfg Config[T]) (*Live[T], error) {
	l := &Live[T]{cfg: cfg, fields: fieldsOf(reflect.TypeFor[T]())}
	for _, name := range cfg.Pinned {
		if !slices.ContainsFunc(l.fields, func(f field) bool { return f.in(name) }) {
			return nil, &UnknownError{Name: name}
		}
	}
	var err error
	l.doc, err = document.Open(ctx, cfg.Documents, documentName, l.decode, cfg.Now)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Current returns the settings that hold. Do not change them; the pointer is another one
// as soon as they are others.
func (l *Live[T]) Current() *T { return &l.doc.Current().Value.values }

// Version grows with each change. It is 0 while nobody changed anything.
func (l *Live[T]) Version() int64 { return l.doc.Current().Version }

// Refresh takes over what other processes changed. On an error the settings stay as
// they are.
func (l *Live[T]) Refresh(ctx context.Context) error { return l.doc.Refresh(ctx) }

// decode makes settings of a document's body.
func (l *Live[T]) decode(body []byte) (state[T], error) {
	s := state[T]{values: l.cfg.Defaults}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &s.changed); err != nil {
			return s, fmt.Errorf("decode settings: %w", err)
		}
	}
	for _, f := range l.fields {
		raw, ok := s.changed[f.name]
		if !ok || l.pinned(f) {
			continue
		}
		if err := f.set(&s.values, raw); err != nil && !l.cfg.Repair {
			return s, err
		}
	}
	if l.cfg.Repair {
		return s, nil
	}
	return s, l.validate(s.values)
}

func (l *Live[T]) pinned(f field) bool { return slices.ContainsFunc(l.cfg.Pinned, f.in) }

// validate judges settings as a whole and completes the error.
func (l *Live[T]) validate(values T) error {
	err := l.cfg.Validate(values)
	if bad, ok := errors.AsType[*ValueError](err); ok {
		return &ValueError{Name: bad.Name, Path: PathOf[T](bad.Name), Problem: bad.Problem}
	}
	return err
}

// PathOf returns the name in Go of a setting, "" if there is none.
func PathOf[T any](name string) string {
	for _, f := range fieldsOf(reflect.TypeFor[T]()) {
		if f.name == name {
			return f.path
		}
	}
	return ""
}

// Setting is one setting as it is now.
type Setting struct {
	Name    string          // as in the configuration file
	Value   json.RawMessage // that holds
	Pinned  bool            // by the configuration
	Changed bool            // by an operator, and not pinned
}

// All lists every setting, in the order of T, with the version of all.
func (l *Live[T]) All() (all []Setting, version int64) {
	now := l.doc.Current()
	values := now.Value.values
	for _, f := range l.fields {
		_, changed := now.Value.changed[f.name]
		pinned := l.pinned(f)
		all = append(all, Setting{Name: f.name, Value: f.get(&values), Pinned: pinned, Changed: changed && !pinned})
	}
	return all, now.Version
}
