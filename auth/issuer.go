package auth

import (
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// Issuer is one instance whose tokens are accepted, with the keys that it signs with.
type Issuer struct {
	Name string // required: the claim iss, byte for byte
	Keys KeySet // required
}

// issuers are all instances of a Verifier, in the order of its configuration.
type issuers []Issuer

func newIssuers(cfg *VerifierConfig) (issuers, error) {
	all := append(issuers{{Name: cfg.Issuer, Keys: cfg.Keys}}, cfg.OtherIssuers...)
	for i, one := range all[1:] {
		switch {
		case one.Name == "":
			return nil, errors.New("field OtherIssuers has an issuer without Name")
		case one.Keys == nil:
			return nil, fmt.Errorf("field OtherIssuers has no Keys for %q", one.Name)
		}
		for _, before := range all[:i+1] {
			if before.Name == one.Name {
				return nil, fmt.Errorf("field OtherIssuers names %q twice", one.Name)
			}
		}
	}
	return all, nil
}

// removals counts those of all key sets that count, nil if none does.
func (all issuers) removals() RemovalCounter {
	var sum removalSum
	for _, one := range all {
		if counter, ok := one.Keys.(RemovalCounter); ok {
			sum = append(sum, counter)
		}
	}
	switch len(sum) {
	case 0:
		return nil
	case 1:
		return sum[0]
	}
	return sum
}

// removalSum changes when one of its counters does.
type removalSum []RemovalCounter

// Removals implements RemovalCounter.
func (s removalSum) Removals() (n uint64) {
	for _, counter := range s {
		n += counter.Removals()
	}
	return n
}

// of returns the instance that a token says it is from. Of several that is read out of
// the payload before the signature is checked: it chooses whose keys decide, and no
// more. Nobody knows a key of an instance that is not listed (T-09, T-20).
func (all issuers) of(token string) (*Issuer, error) {
	if len(all) == 1 {
		return &all[0], nil
	}
	p, err := split(token)
	if err != nil {
		return nil, err
	}
	payload, err := decode(p.payload)
	if err != nil {
		return nil, err
	}
	name, err := readIssuer(payload)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == string(name) {
			return &all[i], nil
		}
	}
	return nil, refuse(ReasonTokenKeyUnknown, errors.New("no keys of its issuer"))
}

// readIssuer returns the claim iss of a payload, nil if it is none.
func readIssuer(payload []byte) (name []byte, err error) {
	r := strictjson.NewReader(payload, maxTokenDepth)
	o := r.Object()
	for member, ok := o.Next(); ok; member, ok = o.Next() {
		if string(member) == "iss" {
			name, _ = r.String()
			continue
		}
		r.Skip()
	}
	if err := r.Close(); err != nil {
		return nil, refuse(ReasonTokenMalformed, err)
	}
	return name, nil
}
