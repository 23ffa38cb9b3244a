package redisstore

import (
	"encoding/binary"
	"strings"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// Fields of a client.
const (
	clientSessionIDs = iota + 1
	clientSignInID
	clientSignUpID
	clientLastActiveSessionID
	clientLastAuthenticationStrategy
	clientCookieToken
	clientOldCookieToken
	clientCookieRotatedAt
	clientAuthChangedAt
	clientExpireAt
	clientCreatedAt
	clientUpdatedAt
	clientKnownUserIDs
)

// packClient writes the version, 8 bytes that a script can compare, and the fields.
func packClient(c session.Client) []byte {
	w := fieldWriter(binary.BigEndian.AppendUint64(nil, uint64(c.Version)))
	ids := make([]string, len(c.SessionIDs))
	for i, id := range c.SessionIDs {
		ids[i] = strings.TrimPrefix(string(id), sessionPrefix)
	}
	w.text(clientSessionIDs, strings.Join(ids, " "))
	w.text(clientSignInID, c.SignInID)
	w.text(clientSignUpID, c.SignUpID)
	w.text(clientLastActiveSessionID, string(c.LastActiveSessionID))
	w.text(clientLastAuthenticationStrategy, c.LastAuthenticationStrategy)
	w.text(clientCookieToken, c.CookieToken)
	w.text(clientOldCookieToken, c.OldCookieToken)
	w.time(clientCookieRotatedAt, c.CookieRotatedAt)
	w.time(clientAuthChangedAt, c.AuthChangedAt)
	w.time(clientExpireAt, c.ExpireAt)
	w.time(clientCreatedAt, c.CreatedAt)
	w.time(clientUpdatedAt, c.UpdatedAt)
	w.text(clientKnownUserIDs, strings.Join(c.KnownUserIDs, " "))
	return w
}

// unpackClient reads the record of the client id. It returns errMalformed for what
// packClient did not write.
func unpackClient(id session.ClientID, b []byte) (session.Client, error) {
	if len(b) < 8 {
		return session.Client{}, errMalformed
	}
	var f fields
	if err := f.read(b[8:]); err != nil {
		return session.Client{}, err
	}
	c := session.Client{
		ID:                         id,
		SignInID:                   f.texts[clientSignInID],
		SignUpID:                   f.texts[clientSignUpID],
		LastActiveSessionID:        session.ID(f.texts[clientLastActiveSessionID]),
		LastAuthenticationStrategy: f.texts[clientLastAuthenticationStrategy],
		CookieToken:                f.texts[clientCookieToken],
		OldCookieToken:             f.texts[clientOldCookieToken],
		CookieRotatedAt:            f.time(clientCookieRotatedAt),
		AuthChangedAt:              f.time(clientAuthChangedAt),
		ExpireAt:                   f.time(clientExpireAt),
		CreatedAt:                  f.time(clientCreatedAt),
		UpdatedAt:                  f.time(clientUpdatedAt),
		Version:                    int64(binary.BigEndian.Uint64(b)),
	}
	for userID := range strings.FieldsSeq(f.texts[clientKnownUserIDs]) {
		c.KnownUserIDs = append(c.KnownUserIDs, userID)
	}
	for rest := range strings.FieldsSeq(f.texts[clientSessionIDs]) {
		id := session.ID(sessionPrefix + rest)
		if !rules.SessionID(id) {
			return session.Client{}, errMalformed
		}
		c.SessionIDs = append(c.SessionIDs, id)
	}
	if c.LastActiveSessionID != "" && !rules.SessionID(c.LastActiveSessionID) {
		return session.Client{}, errMalformed
	}
	return c, nil
}
