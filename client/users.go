package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// Users manages users. Methods that take an id return *IDError for text that is none, and
// ErrNotFound for a user that there is not.
type Users struct{ c *Client }

// NewUser is a user to be created. At least one of EmailAddresses, PhoneNumbers and
// Username is required; the first of a kind becomes the primary one.
type NewUser struct {
	ExternalID     string   `json:"external_id,omitzero"`
	EmailAddresses []string `json:"email_address,omitempty"` // taken as proved
	PhoneNumbers   []string `json:"phone_number,omitempty"`  // in E.164 form; taken as proved
	Username       string   `json:"username,omitzero"`
	FirstName      string   `json:"first_name,omitzero"`
	LastName       string   `json:"last_name,omitzero"`
	Locale         string   `json:"locale,omitzero"` // BCP 47

	Password Secret `json:"-"`
	// SkipPasswordChecks takes a password that the rules of the instance would not.
	SkipPasswordChecks bool `json:"skip_password_checks,omitzero"`

	// PasswordDigest is a password that another system has hashed with PasswordHasher:
	// bcrypt, argon2id, scrypt_firebase and others.
	PasswordDigest Secret `json:"-"`
	PasswordHasher string `json:"password_hasher,omitzero"`

	TOTPSecret  Secret   `json:"-"` // of an authenticator app, in base32
	BackupCodes []Secret `json:"-"` // as they are, or as bcrypt digests

	// Values that are encoded as JSON objects of at most 8 KiB each; nil is {}.
	PublicMetadata  any `json:"public_metadata,omitempty"`
	PrivateMetadata any `json:"private_metadata,omitempty"`
	UnsafeMetadata  any `json:"unsafe_metadata,omitempty"`

	// SkipUserRequirement waives identifiers that the instance requires but for one,
	// SkipPasswordRequirement a password, SkipLegalChecks the legal consent.
	SkipUserRequirement     bool `json:"skip_user_requirement,omitzero"`
	SkipPasswordRequirement bool `json:"skip_password_requirement,omitzero"`
	SkipLegalChecks         bool `json:"skip_legal_checks,omitzero"`

	DeleteSelfEnabled *bool     `json:"delete_self_enabled,omitzero"` // nil means true
	Banned            bool      `json:"banned,omitzero"`
	Locked            bool      `json:"locked,omitzero"`
	LegalAcceptedAt   time.Time `json:"legal_accepted_at,omitzero"` // seconds count
	CreatedAt         time.Time `json:"created_at,omitzero"`        // zero means now
}

// UserChange says what becomes of a user's fields; those that are left out stay.
type UserChange struct {
	ExternalID            Field[string] `json:"external_id,omitzero"`
	Username              Field[string] `json:"username,omitzero"`
	FirstName             Field[string] `json:"first_name,omitzero"`
	LastName              Field[string] `json:"last_name,omitzero"`
	Locale                Field[string] `json:"locale,omitzero"`
	PrimaryEmailAddressID string        `json:"primary_email_address_id,omitzero"` // one of the user's, proved
	PrimaryPhoneNumberID  string        `json:"primary_phone_number_id,omitzero"`  // one of the user's, proved

	Password Secret `json:"-"` // "" leaves it
	// SkipPasswordChecks takes a password that the rules of the instance would not.
	SkipPasswordChecks bool `json:"skip_password_checks,omitzero"`
	// EndSessions signs the user out everywhere; with a new password.
	EndSessions bool `json:"sign_out_of_other_sessions,omitzero"`

	DeleteSelfEnabled *bool     `json:"delete_self_enabled,omitzero"`
	LegalAcceptedAt   time.Time `json:"legal_accepted_at,omitzero"`
	CreatedAt         time.Time `json:"created_at,omitzero"`
}

// MetadataChange holds values that are encoded as JSON objects; nil ones leave what is
// there.
type MetadataChange struct {
	Public  any `json:"public_metadata,omitempty"`
	Private any `json:"private_metadata,omitempty"`
	Unsafe  any `json:"unsafe_metadata,omitempty"`
}

// Get returns the user with an id.
func (s Users) Get(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodGet, id, "", nil)
}

// Create makes a user. Errors: ErrTaken, *Error.
func (s Users) Create(ctx context.Context, n NewUser) (*User, error) {
	u := new(User)
	return orNil(u, s.c.send(ctx, http.MethodPost, "/users", n.wire(), u))
}

// wire is n with the secrets in it, which print as nothing in a NewUser.
func (n NewUser) wire() any {
	codes := make([]string, len(n.BackupCodes))
	for i, code := range n.BackupCodes {
		codes[i] = string(code)
	}
	return struct {
		NewUser
		Password       string   `json:"password,omitzero"`
		PasswordDigest string   `json:"password_digest,omitzero"`
		TOTPSecret     string   `json:"totp_secret,omitzero"`
		BackupCodes    []string `json:"backup_codes,omitempty"`
	}{n, string(n.Password), string(n.PasswordDigest), string(n.TOTPSecret), codes}
}

// Update changes a user. Errors: ErrTaken, *Error.
func (s Users) Update(ctx context.Context, id string, change UserChange) (*User, error) {
	return s.one(ctx, http.MethodPatch, id, "", struct {
		UserChange
		Password string `json:"password,omitzero"`
	}{change, string(change.Password)})
}

// UpdateMetadata merges objects into a user's (RFC 7396): members that are null are taken
// out, at any depth.
func (s Users) UpdateMetadata(ctx context.Context, id string, change MetadataChange) (*User, error) {
	return s.one(ctx, http.MethodPatch, id, "/metadata", change)
}

// ReplaceMetadata puts objects in the place of a user's.
func (s Users) ReplaceMetadata(ctx context.Context, id string, change MetadataChange) (*User, error) {
	return s.one(ctx, http.MethodPut, id, "/metadata", change)
}

// Delete deletes a user for good. Every session of theirs has ended when it returns.
func (s Users) Delete(ctx context.Context, id string) error {
	if err := checkID("user", id); err != nil {
		return err
	}
	return s.c.send(ctx, http.MethodDelete, "/users/"+id, nil, nil)
}

// Ban ends every session of a user and lets them start none until Unban.
func (s Users) Ban(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodPost, id, "/ban", nil)
}

// Unban takes a ban back.
func (s Users) Unban(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodPost, id, "/unban", nil)
}

// Lock keeps a user from signing in until Unlock; sessions go on.
func (s Users) Lock(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodPost, id, "/lock", nil)
}

// Unlock takes a lock back, also one that wrong passwords have led to.
func (s Users) Unlock(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodPost, id, "/unlock", nil)
}

// MaxImageBytes is the most that SetImage takes.
const MaxImageBytes = 10 << 20

// SetImage makes a picture (PNG, JPEG, WebP or GIF of at most MaxImageBytes) the user's.
func (s Users) SetImage(ctx context.Context, id string, image io.Reader) (*User, error) {
	if err := checkID("user", id); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "image")
	if err == nil {
		_, err = io.Copy(part, io.LimitReader(image, MaxImageBytes+1))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return nil, fmt.Errorf("client: read image: %w", err)
	}
	u := new(User)
	_, err = s.c.do(ctx, request{
		method: http.MethodPost, path: "/users/" + id + "/profile_image",
		contentType: form.FormDataContentType(), body: body.Bytes(),
	}, u)
	return orNil(u, err)
}

// RemoveImage takes the picture away; an avatar is drawn in its place.
func (s Users) RemoveImage(ctx context.Context, id string) (*User, error) {
	return s.one(ctx, http.MethodDelete, id, "/profile_image", nil)
}

// one calls a route below /users/{id} that answers with the user.
func (s Users) one(ctx context.Context, method, id, below string, in any) (*User, error) {
	if err := checkID("user", id); err != nil {
		return nil, err
	}
	u := new(User)
	return orNil(u, s.c.send(ctx, method, "/users/"+id+below, in, u))
}

// orNil keeps half an answer from being used.
func orNil[T any](v *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}
