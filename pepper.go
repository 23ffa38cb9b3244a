package gatehouse

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

const (
	insertSecret = `insert into instance_secrets (name, sealed) values ($1, $2) on conflict (name) do nothing`
	selectSecret = `select sealed from instance_secrets where name = $1`
	updateSecret = `update instance_secrets set sealed = $3 where name = $1 and sealed = $2`

	pepperName   = "pepper"
	pepperSize   = 32 // bytes
	secretTable  = "instance_secrets"
	secretColumn = "sealed"
)

// openPepper returns the secret from which the keys of codes and decoys are derived
// (K-04): made by the first node, alike on all, and the same whichever encryption key
// comes first (K-07). What an older one sealed is sealed again.
func openPepper(ctx context.Context, db *sqldb.DB, ring *keyring.Ring) (pepper []byte, err error) {
	seal := func(plain []byte) ([]byte, error) { return ring.Seal(secretTable, secretColumn, pepperName, plain) }
	fresh, err := seal(random.Bytes(pepperSize))
	if err != nil {
		return nil, fmt.Errorf("make pepper: %w", err)
	}
	var sealed []byte
	err = db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := q.ExecContext(ctx, insertSecret, pepperName, fresh); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, selectSecret, pepperName).Scan(&sealed)
	})
	if err != nil {
		return nil, fmt.Errorf("read pepper: %w", err)
	}
	if pepper, err = ring.Open(secretTable, secretColumn, pepperName, sealed); err != nil {
		return nil, fmt.Errorf("open pepper: %w", err)
	}
	if !ring.Outdated(sealed) {
		return pepper, nil
	}
	again, err := seal(pepper)
	if err != nil {
		return nil, fmt.Errorf("seal pepper again: %w", err)
	}
	err = db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, updateSecret, pepperName, sealed, again)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("seal pepper again: %w", err)
	}
	return pepper, nil
}
