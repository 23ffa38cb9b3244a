package flow

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// What makes tests of apps easier, on development servers alone (C-13): addresses that
// get no message and accept the test code, and testing tokens, with which automated
// browsers are not taken for a flood.

// TestingTokenLifetime is how long a testing token is good.
const TestingTokenLifetime = time.Hour

// errNoTesting is what production says to whoever asks for a testing token.
var errNoTesting = &Error{Code: "request_invalid_for_environment"}

// testing reports whether any of this is on. Without a test code, as in production,
// it is off whatever the settings say.
func (e *Engine) testing(s Settings) bool { return e.testCode != "" && s.TestMode }

// isTest reports whether to is a test address.
func (e *Engine) isTest(k user.Kind, key string, s Settings) bool {
	switch {
	case !e.testing(s):
		return false
	case k == user.KindPhoneNumber:
		return user.IsFictionalPhone(key)
	}
	local, _, ok := strings.Cut(key, "@")
	return ok && strings.Contains(strings.ToLower(local), "+clerk_test")
}

// NewTestingToken makes a testing token: "1713877200-c_" and 27 characters, the time of
// its making in Unix seconds and a MAC of that. request_invalid_for_environment in
// production and while the test mode is off.
func (e *Engine) NewTestingToken() (token string, expireAt time.Time, err error) {
	if !e.testing(e.settings()) {
		return "", time.Time{}, errNoTesting
	}
	made := e.now().Unix()
	return e.testingToken(made), time.Unix(made, 0).Add(TestingTokenLifetime), nil
}

// IsTestingToken reports whether token is a testing token of this instance that is still
// good. In production none is.
func (e *Engine) IsTestingToken(token string) bool {
	text, _, ok := strings.Cut(token, "-")
	if !ok || !e.testing(e.settings()) {
		return false
	}
	made, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return false
	}
	age := e.now().Unix() - int64(made)
	return hmac.Equal([]byte(token), []byte(e.testingToken(int64(made)))) &&
		age >= -testingSkew && age < int64(TestingTokenLifetime/time.Second)
}

// testingSkew is how far the clock of the node that made a token may be ahead, in seconds.
const testingSkew = 60

func (e *Engine) testingToken(made int64) string {
	m := hmac.New(sha256.New, e.testKey)
	m.Write(strconv.AppendInt(nil, made, 10))
	digits := new(big.Int).SetBytes(m.Sum(nil)[:20]).Text(62) // 27 characters hold 160 bits
	return fmt.Sprintf("%d-c_%027s", made, digits)
}
