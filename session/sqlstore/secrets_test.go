package sqlstore_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/storetest"
)

// S-02, K-03: what the tables hold is no use to who reads a backup.
func TestNoPlainSecretInTables(t *testing.T) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			store := open(t, db)
			ring, err := keyring.Parse(keyring.New())
			must(t, err)
			sealer := &spy{Ring: ring}
			keys, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: store, Sealer: sealer, Algorithm: "EdDSA"})
			must(t, err)
			key, err := x509.ParsePKCS8PrivateKey(sealer.plain)
			must(t, err)
			storetest.RunSecrets(t, session.Config{Clients: store, Sessions: store, Revocations: store, Keys: keys},
				func(t *testing.T) []byte { return dump(t, db) },
				sealer.plain, key.(ed25519.PrivateKey).Seed())
		})
	}
}

// spy remembers what it sealed.
type spy struct {
	*keyring.Ring
	plain []byte
}

func (s *spy) Seal(table, column, row string, plain []byte) ([]byte, error) {
	s.plain = bytes.Clone(plain)
	return s.Ring.Seal(table, column, row, plain)
}

// dump returns all values of all tables.
func dump(t *testing.T, db *sqldb.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, table := range tables {
		rows, err := db.Pool().QueryContext(t.Context(), "select * from "+table)
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			must(t, rows.Scan(values...))
			for _, v := range values {
				switch v := (*v.(*any)).(type) {
				case []byte:
					out.Write(v)
				default:
					fmt.Fprint(&out, v)
				}
				out.WriteByte('\n')
			}
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	return out.Bytes()
}
