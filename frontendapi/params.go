package frontendapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

const (
	maxBody   = 64 << 10 // bytes of a form or JSON body
	maxFields = 100
)

// tolerated parameters are taken, and ignored, on every route: the SDK sends them along
// whether or not a route knows them.
var tolerated = []string{
	"locale", "timezone", "tab_state", "organization_id", "active_organization_id", "intent", "channel",
	"captcha_token", "captcha_error", "captcha_widget_type", "captcha_action",
}

// toleratedQuery are query parameters of the SDK beside those that begin with "_".
var toleratedQuery = []string{"rotating_token_nonce", "expired_token", "debug"}

// objectParams are the parameters that a JSON body may hold as an object.
var objectParams = []string{"unsafe_metadata"}

// params are the parameters of a body: one value each, as text. The SDK posts forms, in
// which null is the empty text; JSON values are brought to the same shape.
type params struct {
	values map[string]string
}

// readParams reads the body of a form or JSON request and checks it against the
// route's parameters.
func readParams(w http.ResponseWriter, r *http.Request, allowed []string) (params, error) {
	p := params{values: map[string]string{}}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return p, nil
	}
	if err := checkQuery(r.URL); err != nil {
		return p, err
	}
	body, err := httpjson.Body(w, r, maxBody)
	if err != nil {
		return p, err
	}
	media, err := httpjson.ContentType(r)
	if err != nil {
		return p, err
	}
	switch {
	case len(body) == 0: // many calls have none, but the form's content type
	case media == "application/x-www-form-urlencoded":
		err = p.form(string(body))
	case media == "application/json":
		err = p.json(body)
	default:
		err = apierr.UnsupportedContentType
	}
	if err != nil {
		return p, err
	}
	for name := range p.values {
		if !slices.Contains(allowed, name) && !slices.Contains(tolerated, name) {
			return p, apierr.ParamUnknown.At(printable(name))
		}
	}
	return p, nil
}

// checkQuery refuses parameters in the query: it is for what the SDK adds to every call.
func checkQuery(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return apierr.MalformedParameters.Because(err)
	}
	for name := range query {
		if !strings.HasPrefix(name, "_") && !slices.Contains(tolerated, name) && !slices.Contains(toleratedQuery, name) {
			return apierr.ParamUnknown.At(printable(name))
		}
	}
	return nil
}

func (p *params) form(body string) error {
	if strings.Count(body, "&") >= maxFields {
		return apierr.BodyTooLarge
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return apierr.BodyInvalid.Because(err)
	}
	for name, all := range values {
		if len(all) > 1 {
			return apierr.ParamDuplicate.At(printable(name))
		}
		if !utf8.ValidString(name) {
			return apierr.MalformedParameters
		}
		if !utf8.ValidString(all[0]) {
			return apierr.ParamFormat.At(printable(name))
		}
		p.values[name] = all[0]
	}
	return nil
}

func (p *params) json(body []byte) error {
	members, err := httpjson.Members(body)
	if err != nil {
		return err
	}
	if len(members) > maxFields {
		return apierr.BodyTooLarge
	}
	for name, raw := range members {
		switch raw[0] {
		case 'n':
			p.values[name] = ""
		case '"':
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				return apierr.BodyInvalid.Because(err)
			}
			p.values[name] = s
		case '{', '[':
			if !slices.Contains(objectParams, name) {
				return apierr.ParamType.At(printable(name))
			}
			p.values[name] = string(raw)
		default:
			p.values[name] = string(raw)
		}
	}
	return nil
}

// text returns a text parameter, nil if it was not sent.
func (p params) text(name string) *string {
	v, ok := p.values[name]
	if !ok {
		return nil
	}
	return &v
}

// flag returns a boolean parameter, nil if it was not sent or empty.
func (p params) flag(name string) (*bool, error) {
	v := p.values[name]
	switch v {
	case "":
		return nil, nil
	case "true", "1":
		return new(true), nil
	case "false", "0":
		return new(false), nil
	}
	return nil, apierr.ParamType.At(name)
}

// object returns a parameter that is a JSON object, or text that holds one (nested
// objects arrive so in forms); nil if it was not sent or empty.
func (p params) object(name string) (json.RawMessage, error) {
	v := []byte(strings.TrimSpace(p.values[name]))
	if len(v) == 0 || bytes.Equal(v, []byte("null")) {
		return nil, nil
	}
	if _, err := httpjson.Members(v); err != nil {
		return nil, apierr.ParamValue.At(name).Because(err)
	}
	return v, nil
}

// printable cuts a name that a client chose to what may stand in an answer.
func printable(name string) string {
	const most = 64
	clean := strings.Map(func(r rune) rune {
		if r >= ' ' && r < 0x7f {
			return r
		}
		return '?'
	}, name)
	return clean[:min(len(clean), most)]
}
