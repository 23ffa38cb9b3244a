package user

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/picture"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// MaxImageBytes bounds a picture that is uploaded.
const MaxImageBytes = picture.MaxBytes

// ImageID names a picture: "img_" and 27 base62 characters that nobody can guess. What it
// names never changes: a new picture has a new id.
type ImageID string

// Valid reports whether the id has the form of one (I-09).
func (id ImageID) Valid() bool { return random.ValidID("img", string(id)) }

// Image is a picture that is safe to serve.
type Image struct {
	ID      ImageID // "" for a drawn avatar
	Type    string  // "image/jpeg" or "image/png"
	Content []byte
}

const avatarPrefix, avatarDigits = "avatar_", 16

// ImageName is what [Service.Image] finds the user's picture by: its id, or the name of
// the avatar that is drawn for the user. It is never empty and tells nothing of the user.
func (u *User) ImageName() string {
	if u.ImageID != "" {
		return string(u.ImageID)
	}
	sum := sha256.Sum256([]byte("avatar " + string(u.ID)))
	return avatarPrefix + hex.EncodeToString(sum[:avatarDigits/2])
}

// SetImage makes data the user's picture: a PNG, JPEG, WebP or GIF of at most
// MaxImageBytes and 4096 pixels in width and height. What is kept is encoded anew, without
// metadata, upright, at most 512 pixels wide and high (N-04); the picture before is gone.
// Decoding takes long: do not call it inside a transaction. Errors: ErrNotFound,
// ErrImageUnsupported, ErrImageTooLarge, ErrBusy.
func (s *Service) SetImage(ctx context.Context, id ID, data []byte) (*User, error) {
	if _, err := s.ByID(ctx, id); err != nil {
		return nil, err
	}
	made, err := s.images.Make(ctx, data)
	switch {
	case errors.Is(err, picture.ErrUnsupported):
		return nil, ErrImageUnsupported
	case errors.Is(err, picture.ErrTooLarge):
		return nil, ErrImageTooLarge
	case errors.Is(err, picture.ErrBusy):
		return nil, ErrBusy
	case err != nil:
		return nil, err
	}
	return s.storeImage(ctx, id, Image{
		ID: ImageID(random.ID("img", s.now())), Type: made.Type, Content: made.Content,
	})
}

// RemoveImage removes the user's picture, if there is one. ErrNotFound if there is no
// such user.
func (s *Service) RemoveImage(ctx context.Context, id ID) (*User, error) {
	return s.storeImage(ctx, id, Image{})
}

func (s *Service) storeImage(ctx context.Context, id ID, img Image) (*User, error) {
	update := func(ctx context.Context, id ID, fn func(*User) ([]Event, error)) (*User, error) {
		return s.store.UpdateImage(ctx, id, img, fn)
	}
	return s.changeBy(ctx, update, id, func(u *User, _ time.Time) ([]Event, error) {
		u.ImageID = img.ID
		return tell(EventUpdated), nil
	})
}

// Image returns the picture of a name that ImageName gave. ErrNotFound for others, and
// once the picture was replaced, removed, or deleted with its user.
func (s *Service) Image(ctx context.Context, name string) (Image, error) {
	if seed, ok := strings.CutPrefix(name, avatarPrefix); ok {
		return avatar(seed)
	}
	if !ImageID(name).Valid() {
		return Image{}, ErrNotFound
	}
	return s.store.Image(ctx, ImageID(name))
}

// avatar draws what a name of ImageName stands for.
func avatar(seed string) (Image, error) {
	if sum, err := hex.DecodeString(seed); err != nil || len(sum) != avatarDigits/2 || seed != strings.ToLower(seed) {
		return Image{}, ErrNotFound
	}
	drawn, err := picture.Avatar(seed)
	return Image{Type: drawn.Type, Content: drawn.Content}, err
}
