package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// searchColumns and searchRow.fields have one order.
const searchColumns = `user_id, id_text, name, email_addresses, phone_numbers, username,
	primary_email_address, primary_phone_number`

// searchRow is what a user is searched and ordered by beside the row of users. Rows are
// compared with == to see whether anything of it has changed.
type searchRow struct {
	userID, id, name, emails, phones, username string
	primaryEmail, primaryPhone                 string
}

func (r *searchRow) fields() []any {
	return []any{&r.userID, &r.id, &r.name, &r.emails, &r.phones, &r.username, &r.primaryEmail, &r.primaryPhone}
}

func newSearchRow(u *user.User) searchRow {
	r := searchRow{userID: string(u.ID), id: idText(string(u.ID)), name: nameKey(u)}
	var emails, phones []string
	for _, i := range u.Identifications {
		switch i.Kind {
		case user.KindEmailAddress:
			emails = append(emails, i.Key)
			if i.ID == u.PrimaryEmailAddressID {
				r.primaryEmail = i.Key
			}
		case user.KindPhoneNumber:
			phones = append(phones, i.Key)
			if i.ID == u.PrimaryPhoneNumberID {
				r.primaryPhone = i.Key
			}
		case user.KindUsername:
			r.username = i.Key
		}
	}
	// No key holds a line's end, so nothing that is searched for spans two of them.
	r.emails, r.phones = strings.Join(emails, "\n"), strings.Join(phones, "\n")
	return r
}

// nameKey is first name, blank, last name in lower case.
func nameKey(u *user.User) string { return strings.ToLower(u.FirstName + " " + u.LastName) }

// idText is what an id is found by: every id begins with the same prefix.
func idText(id string) string { return strings.TrimPrefix(strings.ToLower(id), "user_") }

var putSearch = `
	insert into user_search (` + searchColumns + `)
	values (` + placeholders(1, len(new(searchRow).fields())) + `)
	on conflict (user_id) do update set ` + excluded(searchColumns)

func putSearchRow(ctx context.Context, q sqldb.Querier, row searchRow) error {
	if _, err := q.ExecContext(ctx, putSearch, row.fields()...); err != nil {
		return fmt.Errorf("put search row: %w", err)
	}
	return nil
}
