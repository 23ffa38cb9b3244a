package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// TemplateToken makes a token of the JWT template with a name, for a session of the
// client that sent cookie: one round trip for the session, which counts the events, and
// one for the user.
//
// Errors: those of session.Service.Mint; jwttemplate.ErrNotFound, told only to who is
// signed in; bad_request for a token that would be too large.
func (e *Engine) TemplateToken(ctx context.Context, cookie string, id session.ID, azp, name string, events ...session.Event) (string, error) {
	token, err := e.sessions.MintTemplate(ctx, cookie, id, azp, func(ss session.Session) (session.TemplateToken, error) {
		return e.fillTemplate(ctx, ss, name)
	}, events...)
	return token, tooLarge(err)
}

// TemplateTokenFor makes a token of a JWT template for an operator, of a session that was
// just read. life 0 means the template's; one beyond an hour is noted, since nothing
// revokes the token. Errors: those of TemplateToken.
func (e *Engine) TemplateTokenFor(ctx context.Context, ss session.Session, name string, life time.Duration) (string, error) {
	t, err := e.fillTemplate(ctx, ss, name)
	if err != nil {
		return "", err
	}
	if life > 0 {
		t.Lifetime = life
	}
	token, err := e.sessions.TemplateTokenFor(ss, t)
	if err == nil && t.Lifetime > longTemplateToken {
		e.event(ctx, "long template token minted", slog.String("session_id", string(ss.ID)), slog.String("user_id", ss.UserID),
			slog.String("template", name), slog.Duration("lifetime", t.Lifetime))
	}
	return token, tooLarge(err)
}

// longTemplateToken is the life of a token from which on it is noted that it was made.
const longTemplateToken = time.Hour

func tooLarge(err error) error {
	if errors.Is(err, session.ErrTokenTooLarge) {
		return &Error{Code: "bad_request", Err: err}
	}
	return err
}

// fillTemplate says what a token of the template with a name holds.
func (e *Engine) fillTemplate(ctx context.Context, ss session.Session, name string) (session.TemplateToken, error) {
	t, err := e.template(name)
	if err != nil {
		return session.TemplateToken{}, err
	}
	u, err := e.users.ByID(ctx, user.ID(ss.UserID))
	if errors.Is(err, user.ErrNotFound) {
		return session.TemplateToken{}, session.ErrNotActive // deleted a moment ago
	}
	if err != nil {
		return session.TemplateToken{}, err
	}
	return session.TemplateToken{
		Claims:   t.Render(shortcodes(u, ss, e.settings().ImagesURL)),
		Lifetime: time.Duration(t.Lifetime) * time.Second,
		Skew:     time.Duration(t.Skew) * time.Second,
	}, nil
}

// shortcodes says what the paths of a template stand for. Private metadata is not among
// them: a template token is the browser's. A picture's URL is images and its name.
func shortcodes(u *user.User, ss session.Session, images string) jwttemplate.Lookup {
	return func(path string) any {
		field, ofUser := strings.CutPrefix(path, "user.")
		switch {
		case path == "user.image_url":
			return images + u.ImageName()
		case ofUser:
			return userField(u, field)
		case path == "session.actor" && ss.Actor != nil:
			return ss.Actor
		}
		return nil
	}
}

// userField is a user's field by the name that shortcodes have for it; nil for none.
func userField(u *user.User, field string) any {
	switch field {
	case "id":
		return string(u.ID)
	case "external_id":
		return orNil(u.ExternalID)
	case "first_name":
		return orNil(u.FirstName)
	case "last_name":
		return orNil(u.LastName)
	case "full_name":
		return orNil(strings.TrimSpace(u.FirstName + " " + u.LastName))
	case "username":
		return orNil(u.Username)
	case "primary_email_address":
		return primary(u, u.PrimaryEmailAddressID)
	case "primary_phone_number":
		return primary(u, u.PrimaryPhoneNumberID)
	case "email_verified": // what is primary was proved
		return u.PrimaryEmailAddressID != ""
	case "phone_number_verified":
		return u.PrimaryPhoneNumberID != ""
	case "created_at":
		return u.CreatedAt.UnixMilli()
	case "updated_at":
		return u.UpdatedAt.UnixMilli()
	}
	name, rest, deeper := strings.Cut(field, ".")
	var metadata json.RawMessage
	switch name {
	case "public_metadata":
		metadata = u.PublicMetadata
	case "unsafe_metadata":
		metadata = u.UnsafeMetadata
	default:
		return nil
	}
	if !deeper {
		return metadata
	}
	return member(metadata, rest)
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func primary(u *user.User, id user.IdentificationID) any {
	if i, ok := u.Identification(id); ok {
		return i.Value
	}
	return nil
}

// member walks a dotted path through the objects of metadata; nil if there is nothing.
func member(metadata json.RawMessage, path string) any {
	dec := json.NewDecoder(bytes.NewReader(metadata))
	dec.UseNumber() // numbers keep their digits
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}
