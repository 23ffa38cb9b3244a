package backendapi

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	cursorKeySize = 32
	// maxCursor bounds a cursor, in bytes: a name of 256 characters and an id fit.
	maxCursor = 4096
	// cursorUse is bound into every cursor, so that one of another list is none of this.
	cursorUse = "GET /v1/users"
)

// cursors seals places in a list of users (I-08): who asks with one gets where this server
// let somebody before. They are encrypted since they hold what users are ordered by, such
// as an e-mail address, and stand in the URLs that logs keep.
type cursors struct{ aead cipher.AEAD }

func newCursors(key []byte) (cursors, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return cursors{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return cursors{aead}, err
}

// cursorContent is what a cursor holds.
type cursorContent struct {
	OrderBy string `json:"o"`
	Value   string `json:"v"`
	ID      string `json:"i"`
}

// seal returns the cursor of a place in the order, "" being the default.
func (c cursors) seal(orderBy string, p user.Position) string {
	plain, err := json.Marshal(cursorContent{orderBy, p.Value, string(p.ID)})
	if err != nil {
		panic("backendapi: strings cannot be encoded") // they always can
	}
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, plain, []byte(cursorUse)))
}

// open puts the place of a cursor into q, and its order where q has none; "" changes
// nothing. A cursor of another order is refused.
func (c cursors) open(cursor string, q *user.Query) error {
	if cursor == "" {
		return nil
	}
	bad := apierr.ParamValue.At("cursor")
	if len(cursor) > maxCursor {
		return bad
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return bad.Because(err)
	}
	plain, err := c.aead.Open(nil, nil, sealed, []byte(cursorUse))
	if err != nil {
		return bad.Because(err)
	}
	var content cursorContent
	if err := json.Unmarshal(plain, &content); err != nil {
		return bad.Because(err)
	}
	if q.OrderBy != "" && strings.TrimPrefix(q.OrderBy, "+") != strings.TrimPrefix(content.OrderBy, "+") {
		return bad
	}
	q.OrderBy = content.OrderBy
	q.After = &user.Position{Value: content.Value, ID: user.ID(content.ID)}
	return nil
}
