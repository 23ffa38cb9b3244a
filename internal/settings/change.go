package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/document"
)

// Change sets settings by name, all or none of them: a field to its JSON value, a group
// to an object of its fields. null goes back to the default. With a version the change
// holds only if that is still the newest; nil is any.
//
// What is in force already is no change, so that a pinned field may be sent along as it
// is. Errors: *UnknownError, *PinnedError, *ValueError, ErrOutdated, the store's.
func (l *Live[T]) Change(ctx context.Context, changes map[string]json.RawMessage, version *int64) error {
	flat, err := l.flatten("", changes)
	if err != nil {
		return err
	}
	return l.update(ctx, func(now *document.Snapshot[state[T]]) (map[string]json.RawMessage, error) {
		if version != nil && *version != now.Version {
			return nil, ErrOutdated
		}
		return l.overlay(now.Value, flat)
	})
}

// Update lets change make other settings of the newest ones. It may run more than once.
// Errors: its own, *PinnedError, *ValueError, ErrOutdated when others were faster
// several times in a row, the store's.
func (l *Live[T]) Update(ctx context.Context, change func(*T) error) error {
	return l.update(ctx, func(now *document.Snapshot[state[T]]) (map[string]json.RawMessage, error) {
		next := now.Value.values
		for _, f := range l.fields { // lists of its own
			if err := f.set(&next, f.get(&next)); err != nil {
				return nil, err
			}
		}
		if err := change(&next); err != nil {
			return nil, err
		}
		flat := map[string]json.RawMessage{}
		for _, f := range l.fields {
			flat[f.name] = f.get(&next)
		}
		return l.overlay(now.Value, flat)
	})
}

// update stores what next makes of what operators changed so far; nil is no change.
func (l *Live[T]) update(ctx context.Context, next func(*document.Snapshot[state[T]]) (map[string]json.RawMessage, error)) error {
	_, err := l.doc.Update(ctx, func(now *document.Snapshot[state[T]]) ([]byte, error) {
		changed, err := next(now)
		if err != nil || changed == nil {
			return nil, err
		}
		body, err := json.Marshal(changed)
		if err != nil {
			return nil, err
		}
		// With Repair, decoding lets pass what must not be stored.
		strict := *l
		strict.cfg.Repair = false
		_, err = strict.decode(body)
		return body, err
	})
	if errors.Is(err, document.ErrConflict) {
		return ErrOutdated
	}
	return err
}

// overlay returns what operators will have changed with flat; nil if that is as it was.
func (l *Live[T]) overlay(now state[T], flat map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	changed := maps.Clone(now.changed)
	if changed == nil {
		changed = map[string]json.RawMessage{}
	}
	for _, f := range l.fields {
		raw, ok := flat[f.name]
		if !ok {
			continue
		}
		if string(raw) == "null" {
			delete(changed, f.name)
			continue
		}
		was, next := now.values, now.values
		if err := f.set(&next, raw); err != nil {
			return nil, err
		}
		if bytes.Equal(f.get(&was), f.get(&next)) {
			continue
		}
		if l.pinned(f) {
			return nil, &PinnedError{Name: f.name}
		}
		changed[f.name] = f.get(&next)
	}
	if maps.EqualFunc(changed, now.changed, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		return nil, nil
	}
	return changed, nil
}

// flatten names each field of a change, groups taken apart.
func (l *Live[T]) flatten(group string, changes map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	flat := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(changes)) { // so that the same mistake is always told first
		raw := bytes.TrimSpace(changes[name])
		full := group + name
		switch {
		case l.isField(full):
			flat[full] = raw
		case !slices.ContainsFunc(l.fields, func(f field) bool { return f.in(full) }):
			return nil, &UnknownError{Name: full}
		case string(raw) == "null":
			for _, f := range l.fields {
				if f.in(full) {
					flat[f.name] = raw
				}
			}
		default:
			var members map[string]json.RawMessage
			if err := json.Unmarshal(raw, &members); err != nil {
				return nil, &ValueError{Name: full, Problem: "is not an object"}
			}
			inner, err := l.flatten(full+".", members)
			if err != nil {
				return nil, err
			}
			maps.Copy(flat, inner)
		}
	}
	return flat, nil
}

func (l *Live[T]) isField(name string) bool {
	return slices.ContainsFunc(l.fields, func(f field) bool { return f.name == name })
}

// Nested puts settings into the form of T as JSON: fields of a group in an object.
func Nested(all []Setting) map[string]any {
	out := map[string]any{}
	for _, s := range all {
		group, name, inner := strings.Cut(s.Name, ".")
		if !inner {
			out[group] = s.Value
			continue
		}
		members, ok := out[group].(map[string]any)
		if !ok {
			members = map[string]any{}
			out[group] = members
		}
		members[name] = s.Value
	}
	return out
}
