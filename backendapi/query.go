package backendapi

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	maxLimit  = 500
	maxOffset = 1_000_000
)

// userFilters are the query parameters of GET /v1/users and /v1/users/count.
var userFilters = []string{
	"email_address", "phone_number", "username", "user_id", "external_id", "banned",
	"query", "email_address_query", "phone_number_query", "username_query", "name_query",
	"created_at_before", "created_at_after", "last_active_at_before", "last_active_at_after",
	"last_active_at_since", "last_sign_in_at_before", "last_sign_in_at_after",
	"order_by", "limit", "offset", "starting_after", "cursor", "paginated", "web3_wallet", "organization_id",
}

// query is a request's query string: repeated keys are the values of one filter, and
// the form key[] counts as key.
type query struct {
	values url.Values
	err    error
}

func (c *call) query(allowed ...string) *query {
	parsed, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return &query{err: apierr.MalformedParameters.Because(err)}
	}
	q := &query{values: url.Values{}}
	for key, all := range parsed {
		name := strings.TrimSuffix(key, "[]")
		if strings.HasPrefix(name, "_") {
			continue
		}
		if !slices.Contains(allowed, name) {
			q.fail(apierr.ParamUnknown.At(printable(name)))
		}
		q.values[name] = append(q.values[name], all...)
		if len(q.values[name]) > maxValues {
			q.fail(apierr.ParamArrayTooLong.At(printable(name)))
		}
		if slices.ContainsFunc(all, func(v string) bool { return !utf8.ValidString(v) }) {
			q.fail(apierr.ParamFormat.At(printable(name)))
		}
	}
	return q
}

func (q *query) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}

func (q *query) text(name string) string { return q.values.Get(name) }

// number returns a decimal number within bounds (I-10), or or if it was not sent.
func (q *query) number(name string, least, most, or int) int {
	s := q.values.Get(name)
	if s == "" {
		return or
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > math.MaxInt32 || int(n) < least || int(n) > most {
		q.fail(apierr.ParamValue.At(name))
		return or
	}
	return int(n)
}

func (q *query) flag(name string) *bool {
	switch q.values.Get(name) {
	case "":
		return nil
	case "true":
		return new(true)
	case "false":
		return new(false)
	}
	q.fail(apierr.ParamType.At(name))
	return nil
}

// signed splits the values of a filter by their sign: - excludes; + (a blank, where it was
// not escaped) includes, as no sign does.
func (q *query) signed(name string) (in, out []string) {
	for _, v := range q.values[name] {
		if excluded, ok := strings.CutPrefix(v, "-"); ok {
			out = append(out, excluded)
		} else {
			in = append(in, strings.TrimPrefix(strings.TrimPrefix(v, "+"), " "))
		}
	}
	return in, out
}

// between reads a range of times, given in Unix milliseconds.
func (q *query) between(name string) user.TimeRange {
	r := user.TimeRange{After: q.millis(name + "_after"), Before: q.millis(name + "_before")}
	if since := q.millis(name + "_since"); r.After.IsZero() {
		r.After = since // the older name of _after
	}
	return r
}

func (q *query) millis(name string) time.Time {
	s := q.values.Get(name)
	if s == "" {
		return time.Time{}
	}
	n, err := strconv.ParseUint(s, 10, 48)
	if err != nil {
		q.fail(apierr.ParamValue.At(name))
		return time.Time{}
	}
	return time.UnixMilli(int64(n))
}

// orderBy returns the first order_by, + (or the blank that it becomes) taken off.
func (q *query) orderBy() string {
	return strings.TrimPrefix(strings.TrimPrefix(q.values.Get("order_by"), "+"), " ")
}

// users reads the filters of a list of users. none reports that nothing can match: no
// user has a wallet or is in an organization.
func (q *query) users() (uq user.Query, none bool) {
	in, out := q.signed("user_id")
	uq = user.Query{
		IDs: userIDs(in), NotIDs: userIDs(out),
		EmailAddresses:   q.values["email_address"],
		PhoneNumbers:     q.values["phone_number"],
		Usernames:        q.values["username"],
		Text:             q.text("query"),
		EmailAddressText: q.text("email_address_query"),
		PhoneNumberText:  q.text("phone_number_query"),
		UsernameText:     q.text("username_query"),
		NameText:         q.text("name_query"),
		Banned:           q.flag("banned"),
		CreatedAt:        q.between("created_at"),
		LastActiveAt:     q.between("last_active_at"),
		LastSignInAt:     q.between("last_sign_in_at"),
		OrderBy:          q.orderBy(),
		Limit:            q.number("limit", 1, maxLimit, 10),
		Offset:           q.number("offset", 0, maxOffset, 0),
		StartingAfter:    user.ID(q.text("starting_after")),
	}
	uq.ExternalIDs, uq.NotExternalIDs = q.signed("external_id")
	if id := q.text("starting_after"); id != "" && !random.ValidID("user", id) {
		q.fail(apierr.ParamValue.At("starting_after"))
	}
	none = len(in) > 0 && len(uq.IDs) == 0 || len(q.values["web3_wallet"]) > 0 || len(q.values["organization_id"]) > 0
	return uq, none
}

// userIDs drops what is no id: it is nobody's (I-09).
func userIDs(texts []string) []user.ID {
	var ids []user.ID
	for _, id := range texts {
		if random.ValidID("user", id) {
			ids = append(ids, user.ID(id))
		}
	}
	return ids
}

// sessionStatuses are the values of the filter status.
var sessionStatuses = []session.Status{
	session.StatusAbandoned, session.StatusActive, session.StatusEnded, session.StatusExpired,
	session.StatusPending, session.StatusRemoved, session.StatusReplaced, session.StatusRevoked,
}

func (q *query) sessionStatus() session.Status {
	s := session.Status(q.text("status"))
	if s != "" && !slices.Contains(sessionStatuses, s) {
		q.fail(apierr.ParamValue.At("status"))
	}
	return s
}
