package auth_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

type region string

type seats struct {
	Used  int  `json:"used"`
	Limit *int `json:"limit"`
}

type common struct {
	Tenant string `json:"tenant"`
}

type appClaims struct {
	common
	Plan    string            `json:"plan"`
	Seats   seats             `json:"seats"`
	Roles   []string          `json:"roles,omitempty"`
	Home    *region           `json:"home"`
	Flags   map[region]bool   `json:"flags,omitzero"`
	Box     [2]int            `json:"box,omitempty"`
	Sites   []seats           `json:"sites,omitempty"`
	ByName  map[string]*seats `json:"by_name,omitempty"`
	Any     any               `json:"any,omitempty"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Issued  *jwt.NumericDate  `json:"iat"`
	Ignored string            `json:"-"`
}

// as decodes payload members that are added to those of a good token.
func as[T any](members ...string) (T, error) {
	return auth.ClaimsAs[T](auth.Auth{IsAuthenticated: true, Claims: &auth.Claims{Raw: []byte(append(goodClaims, members...).String())}})
}

func TestClaimsAs(t *testing.T) {
	limit, home := 9, region("eu")
	got, err := as[appClaims]("tenant", `"acme"`, "plan", `"p\u0072o"`, "seats", `{"used":3,"limit":9,"Used":4}`, "roles", `["a","b"]`, "home", `"eu"`,
		"flags", `{"x":true}`, "box", `[1,2]`, "sites", `[{"used":1},{"used":2,"limit":null}]`, "by_name", `{"n":{"used":5},"none":null}`,
		"any", `{"a":[1]}`, "raw", ` {"b": 1}`, "Plan", `"free"`, "Ignored", `"x"`)
	if err != nil {
		t.Fatal(err)
	}
	want := appClaims{
		common: common{Tenant: "acme"},
		Plan:   "pro", Seats: seats{Used: 3, Limit: &limit}, Roles: []string{"a", "b"}, Home: &home,
		Flags: map[region]bool{"x": true}, Box: [2]int{1, 2}, Sites: []seats{{Used: 1}, {Used: 2}},
		ByName: map[string]*seats{"n": {Used: 5}, "none": nil},
		Any:    map[string]any{"a": []any{1.0}}, Raw: json.RawMessage(`{"b": 1}`), Issued: jwt.NewNumericDate(epoch),
	}
	if !got.Issued.Equal(want.Issued.Time) {
		t.Errorf("iat = %v", got.Issued)
	}
	got.Issued = want.Issued
	if !reflect.DeepEqual(got, want) {
		t.Errorf("claims = %+v\nwant %+v", got, want)
	}
	if few, err := as[map[string]any](); err != nil || few["sub"] != "user_2aB" {
		t.Errorf("as a map: %v, %v", few, err)
	}
	if none, err := as[struct{}](); err != nil {
		t.Errorf("as nothing: %v, %v", none, err)
	}
}

// claims that are missing, malformed or only look like those that were asked
// for are an error, never a zero value.
func TestClaimsAsRefuses(t *testing.T) {
	const plan, seat, tenant = `"pro"`, `{"used":3}`, `"acme"`
	for name, test := range map[string]struct {
		members []string
		claim   string
	}{
		"missing":            {[]string{"tenant", tenant, "seats", seat}, "plan"},
		"missing_embedded":   {[]string{"plan", plan, "seats", seat}, "tenant"},
		"missing_inside":     {[]string{"tenant", tenant, "plan", plan, "seats", `{}`}, "seats.used"},
		"missing_in_a_slice": {[]string{"tenant", tenant, "plan", plan, "seats", seat, "sites", `[{"used":1},{}]`}, "sites.used"},
		"missing_in_a_map":   {[]string{"tenant", tenant, "plan", plan, "seats", seat, "by_name", `{"n":{}}`}, "by_name.n.used"},
		"null":               {[]string{"tenant", tenant, "plan", `null`, "seats", seat}, "plan"},
		"null_struct":        {[]string{"tenant", tenant, "plan", plan, "seats", `null`}, "seats"},
		"null_inside":        {[]string{"tenant", tenant, "plan", plan, "seats", `{"used":null}`}, "seats.used"},
		"null_in_a_slice":    {[]string{"tenant", tenant, "plan", plan, "seats", seat, "roles", `["a",null]`}, "roles"},
		"other_case":         {[]string{"tenant", tenant, "Plan", plan, "seats", seat}, "plan"},
		"folded":             {[]string{"tenant", tenant, "plan", plan, "ſeats", seat}, "seats"},
		"number_for_string":  {[]string{"tenant", tenant, "plan", `1`, "seats", seat}, "plan"},
		"string_for_number":  {[]string{"tenant", tenant, "plan", plan, "seats", `{"used":"3"}`}, "seats.used"},
		"fraction":           {[]string{"tenant", tenant, "plan", plan, "seats", `{"used":3.5}`}, "seats.used"},
		"array_for_struct":   {[]string{"tenant", tenant, "plan", plan, "seats", `[3]`}, "seats"},
		"object_for_slice":   {[]string{"tenant", tenant, "plan", plan, "seats", seat, "roles", `{"a":1}`}, "roles"},
		"array_for_map":      {[]string{"tenant", tenant, "plan", plan, "seats", seat, "flags", `[true]`}, "flags"},
		"short_array":        {[]string{"tenant", tenant, "plan", plan, "seats", seat, "box", `[1]`}, "box"},
		"long_array":         {[]string{"tenant", tenant, "plan", plan, "seats", seat, "box", `[1,2,3]`}, "box"},
		"pointer":            {[]string{"tenant", tenant, "plan", plan, "seats", seat, "home", `7`}, "home"},
		"malformed":          {[]string{"tenant", tenant, "plan", plan, "seats", seat, "any", `"`}, ""},
		"twice":              {[]string{"tenant", tenant, "plan", plan, "seats", seat, "plan", plan}, ""},
	} {
		got, err := as[appClaims](test.members...)
		e, ok := errors.AsType[*auth.ClaimError](err)
		if !ok || e.Err == nil || test.claim != "" && e.Claim != test.claim {
			t.Errorf("%s: error = %v, want one about %q", name, err, test.claim)
		}
		if !reflect.DeepEqual(got, appClaims{}) {
			t.Errorf("%s: claims beside the error: %+v", name, got)
		}
	}
	for name, a := range map[string]auth.Auth{
		"zero": {}, "signed_out": {Claims: &auth.Claims{Raw: []byte(`{}`)}}, "no_claims": {IsAuthenticated: true},
	} {
		if _, err := auth.ClaimsAs[struct{}](a); !errors.Is(err, auth.ErrNotAuthenticated) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

// Types that cannot be read strictly are refused, not read by halves.
func TestClaimsAsTypes(t *testing.T) {
	type option struct {
		IssuedAt int64 `json:"iat,string"`
	}
	type twice struct {
		common
		Tenant string `json:"tenant"`
	}
	type pointer struct {
		*common
	}
	for name, read := range map[string]func() error{
		"option_string":    func() error { _, err := as[option](); return err },
		"name_twice":       func() error { _, err := as[twice]("tenant", `"acme"`); return err },
		"embedded_pointer": func() error { _, err := as[pointer]("tenant", `"acme"`); return err },
		"no_struct":        func() error { _, err := as[string](); return err },
		"channel":          func() error { _, err := as[map[string]chan int](); return err },
	} {
		for range 2 {
			if _, ok := errors.AsType[*auth.ClaimError](read()); !ok {
				t.Errorf("%s: error = %v", name, read())
			}
		}
	}
}
