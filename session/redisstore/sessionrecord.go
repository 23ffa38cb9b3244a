package redisstore

import (
	"encoding/binary"
	"encoding/json"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// A session is a head that scripts read, fields, and its cause:
//
//	0      format, 1
//	1      status, a letter
//	2–9    version, big-endian
//	10–17  time of the last update, big-endian
//	18     length of the user's id, then the id without "user_"
//	       length of the fields, 2 bytes, then the fields
//	       the cause: all that is left
//
// So a script can revoke a session by putting status, version, time and cause in
// their places.
const (
	sessionFormat   = 1
	sessionHead     = 18
	maxSessionField = 1<<16 - 1
)

// Fields of a session.
const (
	sessionClientID = iota + 1
	sessionActor
	sessionFirstFactorAt
	sessionSecondFactorAt
	sessionActivityID
	sessionDeviceType
	sessionIsMobile
	sessionBrowserName
	sessionBrowserVersion
	sessionIPAddress
	sessionCity
	sessionCountry
	sessionExpireAt
	sessionAbandonAt
	sessionLastActiveAt
	sessionCreatedAt
)

// statusLetters are the statuses as stored. Scripts know a, p and v.
var statusLetters = map[session.Status]byte{
	session.StatusActive:    'a',
	session.StatusPending:   'p',
	session.StatusEnded:     'e',
	session.StatusRemoved:   'r',
	session.StatusRevoked:   'v',
	session.StatusExpired:   'x',
	session.StatusReplaced:  'l',
	session.StatusAbandoned: 'b',
}

var statusOfLetter = func() map[byte]session.Status {
	m := make(map[byte]session.Status, len(statusLetters))
	for status, letter := range statusLetters {
		m[letter] = status
	}
	return m
}()

// packSession writes a session that package rules has checked. errTooLarge for one
// with more than 64 KiB of fields.
func packSession(s session.Session) ([]byte, error) {
	b := []byte{sessionFormat, statusLetters[s.Status]}
	b = binary.BigEndian.AppendUint64(b, uint64(s.Version))
	b = binary.BigEndian.AppendUint64(b, uint64(millis(s.UpdatedAt)))
	user := bareUser(s.UserID)
	b = append(b, byte(len(user)))
	b = append(b, user...)
	body := sessionFields(s)
	if len(body) > maxSessionField {
		return nil, errTooLarge
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	b = append(b, body...)
	return append(b, s.Cause...), nil
}

func sessionFields(s session.Session) []byte {
	var w fieldWriter
	w.text(sessionClientID, bareClient(s.ClientID))
	w.text(sessionActor, string(s.Actor))
	w.time(sessionFirstFactorAt, s.FirstFactorAt)
	w.time(sessionSecondFactorAt, s.SecondFactorAt)
	w.text(sessionActivityID, s.Activity.ID)
	w.text(sessionDeviceType, s.Activity.DeviceType)
	if s.Activity.IsMobile {
		w.integer(sessionIsMobile, 1)
	}
	w.text(sessionBrowserName, s.Activity.BrowserName)
	w.text(sessionBrowserVersion, s.Activity.BrowserVersion)
	w.text(sessionIPAddress, s.Activity.IPAddress)
	w.text(sessionCity, s.Activity.City)
	w.text(sessionCountry, s.Activity.Country)
	w.time(sessionExpireAt, s.ExpireAt)
	w.time(sessionAbandonAt, s.AbandonAt)
	w.time(sessionLastActiveAt, s.LastActiveAt)
	w.time(sessionCreatedAt, s.CreatedAt)
	return w
}

// unpackSession reads the record of the session id. It returns errMalformed for
// bytes that packSession did not write for this id (D-06).
func unpackSession(id session.ID, b []byte) (session.Session, error) {
	if len(b) < sessionHead+1 || b[0] != sessionFormat {
		return session.Session{}, errMalformed
	}
	status, known := statusOfLetter[b[1]]
	if !known {
		return session.Session{}, errMalformed
	}
	user, rest, ok := cut(b[sessionHead+1:], int(b[sessionHead]))
	if !ok || len(rest) < 2 {
		return session.Session{}, errMalformed
	}
	body, cause, ok := cut(rest[2:], int(binary.BigEndian.Uint16(rest)))
	if !ok {
		return session.Session{}, errMalformed
	}
	var f fields
	if err := f.read(body); err != nil {
		return session.Session{}, err
	}
	s := sessionOf(&f)
	s.ID, s.Status, s.Cause = id, status, string(cause)
	s.UserID = userPrefix + string(user)
	s.Version = int64(binary.BigEndian.Uint64(b[2:]))
	s.UpdatedAt = fromMillis(int64(binary.BigEndian.Uint64(b[10:])))
	if rules.NewSession(s) != nil || s.ExpireAt.IsZero() {
		return session.Session{}, errMalformed
	}
	return s, nil
}

func sessionOf(f *fields) session.Session {
	s := session.Session{
		ClientID:       session.ClientID(clientPrefix + f.texts[sessionClientID]),
		FirstFactorAt:  f.time(sessionFirstFactorAt),
		SecondFactorAt: f.time(sessionSecondFactorAt),
		Activity: session.Activity{
			ID:             f.texts[sessionActivityID],
			DeviceType:     f.texts[sessionDeviceType],
			IsMobile:       f.integers[sessionIsMobile] == 1,
			BrowserName:    f.texts[sessionBrowserName],
			BrowserVersion: f.texts[sessionBrowserVersion],
			IPAddress:      f.texts[sessionIPAddress],
			City:           f.texts[sessionCity],
			Country:        f.texts[sessionCountry],
		},
		ExpireAt:     f.time(sessionExpireAt),
		AbandonAt:    f.time(sessionAbandonAt),
		LastActiveAt: f.time(sessionLastActiveAt),
		CreatedAt:    f.time(sessionCreatedAt),
	}
	if f.texts[sessionActor] != "" {
		s.Actor = json.RawMessage(f.texts[sessionActor])
	}
	return s
}

// cut splits b after n bytes.
func cut(b []byte, n int) (head, tail []byte, ok bool) {
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// packVersion returns a version as it stands in a record.
func packVersion(version int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(version))
}
