package keyring

import (
	"encoding/binary"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// The format of sealed bytes, version 1:
//
//	version (1 byte) ‖ length of the key id (1) ‖ key id ‖ nonce (12) ‖ ciphertext and tag (16)
//
// The version and the key id are authenticated with the place.
const (
	version   = 1
	nonceSize = 12 // 96 bits, as AES-GCM wants them
	headSize  = 2
)

// Seal encrypts plain with AES-256-GCM under the first key and a fresh random
// nonce (K-06). table, column and row name where the result will lie; Open needs
// the same. With random 96-bit nonces one key is good for 2³² calls.
func (r *Ring) Seal(table, column, row string, plain []byte) ([]byte, error) {
	k := &r.keys[0]
	out := make([]byte, 0, headSize+len(k.id)+nonceSize+len(plain)+k.aead.Overhead())
	out = append(out, version, byte(len(k.id)))
	out = append(out, k.id...)
	nonce := random.Bytes(nonceSize)
	out = append(out, nonce...)
	return k.aead.Seal(out, nonce, plain, place(table, column, row, k.id)), nil
}

// Open decrypts what Seal made for the same table, column and row. ErrSealed, or
// an *UnknownKeyError if its key is not in the list.
func (r *Ring) Open(table, column, row string, sealed []byte) ([]byte, error) {
	id, rest, err := split(sealed)
	if err != nil {
		return nil, err
	}
	k := r.find(id)
	if k == nil {
		return nil, &UnknownKeyError{KeyID: id}
	}
	plain, err := k.aead.Open(nil, rest[:nonceSize], rest[nonceSize:], place(table, column, row, id))
	if err != nil {
		return nil, fmt.Errorf("%w: %s.%s", ErrSealed, table, column)
	}
	return plain, nil
}

// Outdated reports whether sealed was made with another key than the first, so
// that it should be sealed again.
func (r *Ring) Outdated(sealed []byte) bool {
	id, _, err := split(sealed)
	return err != nil || id != r.keys[0].id
}

// split takes the key id off sealed and leaves at least a nonce.
func split(sealed []byte) (id string, rest []byte, err error) {
	if len(sealed) < headSize || sealed[0] != version {
		return "", nil, fmt.Errorf("%w: unknown format", ErrSealed)
	}
	end := headSize + int(sealed[1])
	if len(sealed) < end+nonceSize || !validID(string(sealed[headSize:end])) {
		return "", nil, fmt.Errorf("%w: unknown format", ErrSealed)
	}
	return string(sealed[headSize:end]), sealed[end:], nil
}

// place is the additional authenticated data. Every part is preceded by its length,
// so that no two places read the same.
func place(table, column, row, keyID string) []byte {
	out := []byte{version}
	for _, part := range [...]string{table, column, row, keyID} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}
