package jwttemplate

import "encoding/json"

// RenderClaims fills in claims that are stored nowhere.
func RenderClaims(claims json.RawMessage, lookup Lookup) (any, error) {
	n, err := compile(claims)
	if err != nil {
		return nil, err
	}
	return n.render(lookup), nil
}
