package user

import (
	"strconv"
	"strings"
)

// Position is a place in an order of users: that of one user, whether or not the user
// still is there. A page after a position neither repeats nor misses anybody for users
// who come or go meanwhile; only who is moved in the order by a change of their own may
// be met twice or not at all.
type Position struct {
	Value string // what users are ordered by: a text, or Unix milliseconds in decimal
	ID    ID     // orders those with the same value
}

// PositionOf returns where u stands in an order that Query.OrderBy takes.
func PositionOf(u *User, orderBy string) Position {
	p := Position{ID: u.ID}
	switch field, _ := orderField(orderBy); field {
	case "created_at":
		p.Value = strconv.FormatInt(u.CreatedAt.UnixMilli(), 10)
	case "updated_at":
		p.Value = strconv.FormatInt(u.UpdatedAt.UnixMilli(), 10)
	case "last_active_at":
		p.Value = unsetOrMillis(u.LastActiveAt.IsZero(), u.LastActiveAt.UnixMilli())
	case "last_sign_in_at":
		p.Value = unsetOrMillis(u.LastSignInAt.IsZero(), u.LastSignInAt.UnixMilli())
	case "first_name":
		p.Value = u.FirstName
	case "last_name":
		p.Value = u.LastName
	case "email_address":
		p.Value = u.keyOf(u.PrimaryEmailAddressID)
	case "phone_number":
		p.Value = u.keyOf(u.PrimaryPhoneNumberID)
	case "username":
		for _, i := range u.Identifications {
			if i.Kind == KindUsername {
				p.Value = i.Key
			}
		}
	}
	return p
}

// NextPosition returns where the page after users begins, for Query.After; ok is false
// where users did not fill the page of q, so that none follows.
func (q Query) NextPosition(users []*User) (p Position, ok bool) {
	if len(users) == 0 || len(users) < orDefault(q.Limit, defaultLimit) {
		return Position{}, false
	}
	return PositionOf(users[len(users)-1], orDefault(q.OrderBy, defaultOrder)), true
}

// check tells whether p can be a position in the order by field.
func (p Position) check(field string) error {
	valid := p.ID.Valid()
	if strings.HasSuffix(field, "_at") {
		_, err := strconv.ParseInt(p.Value, 10, 64)
		valid = valid && err == nil
	}
	if !valid {
		return &FieldError{Field: "cursor", Rule: RuleValue}
	}
	return nil
}

// orderField splits an OrderBy into the name and whether it is descending.
func orderField(orderBy string) (field string, descending bool) {
	if rest, ok := strings.CutPrefix(orderBy, "-"); ok {
		return rest, true
	}
	return strings.TrimPrefix(orderBy, "+"), false
}

func (u *User) keyOf(id IdentificationID) string {
	i, _ := u.Identification(id)
	return i.Key
}

func unsetOrMillis(unset bool, millis int64) string {
	if unset {
		return "0"
	}
	return strconv.FormatInt(millis, 10)
}
