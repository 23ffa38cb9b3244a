package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/user"
)

// maxPlainPasswords is how many users of one request may come with a password that has to
// be hashed, each of which takes some tenths of a second.
const maxPlainPasswords = 50

// userResultJSON is what became of one of many users to create.
type userResultJSON struct {
	Object string        `json:"object"`
	Status int           `json:"status"` // as POST /v1/users would have answered
	User   *userJSON     `json:"user,omitempty"`
	Errors []apierr.Item `json:"errors,omitempty"`
}

// createUsers serves POST /v1/users/bulk: an array of up to 1000 bodies of POST /v1/users.
// It answers with one result for each, in their order; who is refused keeps nobody else out.
func (c *call) createUsers() error {
	list, err := httpjson.Objects(c.w, c.r, maxBulkBody)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return apierr.BodyInvalid
	case len(list) > user.MaxBatch:
		return apierr.ParamArrayTooLong
	}
	results := make([]userResultJSON, len(list))
	var asked []flow.Wanted
	var places []int // of asked in results
	plain := 0
	for i, members := range list {
		nu, waiver, err := c.newUserOf(only(members, createFields))
		if err != nil {
			results[i] = c.refusedUser(err)
			continue
		}
		if nu.Password != "" {
			plain++
		}
		asked, places = append(asked, flow.Wanted{NewUser: nu, Waiver: waiver}), append(places, i)
	}
	if plain > maxPlainPasswords {
		return apierr.ParamArrayTooLong.At("password").Saying("At most 50 of these users may have a password; give the others a password_digest.")
	}
	created, err := c.h.cfg.Flow.CreateUsers(c.r.Context(), asked)
	if err != nil {
		return err
	}
	for n, one := range created {
		if one.Err != nil {
			results[places[n]] = c.refusedUser(one.Err)
			continue
		}
		results[places[n]] = userResultJSON{Object: "user_result", Status: http.StatusOK, User: new(c.renderUser(one.User))}
	}
	return httpjson.Write(c.w, http.StatusOK, results)
}

func (c *call) refusedUser(err error) userResultJSON {
	e := apierr.From(err)
	if e.Status >= http.StatusInternalServerError {
		c.h.cfg.Logger.ErrorContext(c.r.Context(), "user of a bulk request failed", "route", c.pattern, "code", e.Code, "err", e.Err)
	}
	return userResultJSON{Object: "user_result", Status: e.Status, Errors: e.Envelope("", nil).Errors}
}
