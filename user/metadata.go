package user

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// The bounds of each kind of metadata.
const (
	maxMetadataBytes = 8192 // of compact JSON
	maxMetadataDepth = 32   // of objects and arrays, the outermost included
	// maxMetadataInput is where reading stops: blanks may make a text longer than its
	// compact form.
	maxMetadataInput = 8 * maxMetadataBytes
)

// MetadataPatch is merged into a user's metadata by RFC 7396: objects merge,
// everything else replaces, null removes, at any depth. nil fields stay as they are.
type MetadataPatch struct {
	Public, Private, Unsafe json.RawMessage
}

// compactMetadata returns raw, which must be one JSON object (I-06), without blanks
// and otherwise as given: numbers keep their digits. nil and null mean {}.
func compactMetadata(field string, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		return json.RawMessage("{}"), nil
	}
	if err := checkMetadata(field, raw); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, &FieldError{Field: field, Rule: RuleFormat}
	}
	if out.Len() > maxMetadataBytes {
		return nil, &FieldError{Field: field, Rule: RuleTooLarge, Limit: maxMetadataBytes}
	}
	return out.Bytes(), nil
}

// checkMetadata looks at the size before anything is parsed.
func checkMetadata(field string, raw json.RawMessage) error {
	if len(raw) > maxMetadataInput {
		return &FieldError{Field: field, Rule: RuleTooLarge, Limit: maxMetadataBytes}
	}
	switch err := strictjson.CheckObject(raw, maxMetadataDepth); {
	case err == nil:
		return nil
	case errors.Is(err, strictjson.ErrDepth):
		return &FieldError{Field: field, Rule: RuleTooLarge, Limit: maxMetadataDepth}
	case errors.Is(err, strictjson.ErrNotObject):
		return &FieldError{Field: field, Rule: RuleValue}
	default:
		return &FieldError{Field: field, Rule: RuleFormat}
	}
}

// mergeMetadata merges patch, an object, into old, and keeps the bounds (I-07). The
// names of members mean nothing here: "__proto__" is one like any other.
func mergeMetadata(field string, old, patch json.RawMessage) (json.RawMessage, error) {
	if patch == nil {
		return old, nil
	}
	if err := checkMetadata(field, patch); err != nil {
		return nil, err
	}
	target, err := decodeObject(old)
	if err != nil {
		return nil, err
	}
	change, err := decodeObject(patch)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // "<" would count as six bytes
	if err := encoder.Encode(mergePatch(target, change)); err != nil {
		return nil, err
	}
	return compactMetadata(field, out.Bytes())
}

// mergePatch is RFC 7396 §2's MergePatch for objects. Nulls in patch itself have to
// go even where target has nothing to remove.
func mergePatch(target, patch map[string]any) map[string]any {
	for name, value := range patch {
		object, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(target, name)
		case isObject:
			inner, _ := target[name].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			target[name] = mergePatch(inner, object)
		default:
			target[name] = value
		}
	}
	return target
}

func decodeObject(raw json.RawMessage) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a float64 would change large and long numbers
	object := map[string]any{}
	err := decoder.Decode(&object)
	return object, err
}
