package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// setImage gives u a picture and returns it.
func setImage(t *testing.T, s user.Store, u *user.User, content string) user.Image {
	t.Helper()
	img := user.Image{ID: user.ImageID(random.ID("img", noon)), Type: "image/png", Content: []byte(content)}
	got, err := s.UpdateImage(t.Context(), u.ID, img, func(u *user.User) ([]user.Event, error) {
		u.ImageID = img.ID
		return nil, nil
	})
	if err != nil || got.ImageID != img.ID {
		t.Fatalf("UpdateImage = %v, %v", got, err)
	}
	return img
}

func mustHaveImage(t *testing.T, s user.Store, want user.Image) {
	t.Helper()
	got, err := s.Image(t.Context(), want.ID)
	if err != nil || got.ID != want.ID || got.Type != want.Type || !bytes.Equal(got.Content, want.Content) {
		t.Errorf("Image = %v, %v; want %v", got, err, want)
	}
}

func mustHaveNoImage(t *testing.T, s user.Store, id user.ImageID) {
	t.Helper()
	if got, err := s.Image(t.Context(), id); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Image = %v, %v; want ErrNotFound", got, err)
	}
}

func imageIsReplacedAndRemoved(t *testing.T, s user.Store) {
	u, other := newUser("ada@example.com"), newUser("other@example.com")
	create(t, s, u, other)
	theirs := setImage(t, s, other, "other")
	first := setImage(t, s, u, "\x00\xff binary '\\")
	mustHaveImage(t, s, first)
	second := setImage(t, s, u, "second")
	mustHaveImage(t, s, second)
	mustHaveNoImage(t, s, first.ID)
	if _, err := s.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
		u.FirstName = "Ada"
		return nil, nil
	}); err != nil {
		t.Fatalf("Update: %v", err)
	}
	mustHaveImage(t, s, second)
	if _, err := s.UpdateImage(t.Context(), u.ID, user.Image{}, func(u *user.User) ([]user.Event, error) {
		u.ImageID = ""
		return nil, nil
	}); err != nil {
		t.Fatalf("UpdateImage: %v", err)
	}
	mustHaveNoImage(t, s, second.ID)
	mustHaveImage(t, s, theirs)
	if got := byID(t, s, u.ID); got.ImageID != "" {
		t.Errorf("ImageID = %q", got.ImageID)
	}
}

func imageOfFailedUpdate(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	kept := setImage(t, s, u, "kept")
	lost := user.Image{ID: user.ImageID(random.ID("img", noon)), Type: "image/png", Content: []byte("lost")}
	broken := errors.New("broken rule")
	if _, err := s.UpdateImage(t.Context(), u.ID, lost, func(*user.User) ([]user.Event, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("UpdateImage = %v, want the function's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.UpdateImage(ctx, u.ID, lost, func(*user.User) ([]user.Event, error) { cancel(); return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("UpdateImage = %v, want context.Canceled", err)
	}
	nobody := newUser("nobody@example.com").ID
	if _, err := s.UpdateImage(t.Context(), nobody, lost, func(*user.User) ([]user.Event, error) { return nil, nil }); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("UpdateImage = %v, want ErrNotFound", err)
	}
	mustHaveImage(t, s, kept)
	mustHaveNoImage(t, s, lost.ID)
}

// the picture is gone with its user.
func imageIsDeletedWithUser(t *testing.T, s user.Store) {
	u, other := newUser("ada@example.com"), newUser("other@example.com")
	create(t, s, u, other)
	img, theirs := setImage(t, s, u, "mine"), setImage(t, s, other, "theirs")
	if err := s.Delete(t.Context(), u.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	mustHaveNoImage(t, s, img.ID)
	mustHaveImage(t, s, theirs)
}

// D-04: of pictures set at the same time one is left, and it is the one that the user names.
func parallelImages(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	images := make([]user.Image, 10)
	var wg sync.WaitGroup
	for n := range images {
		images[n] = user.Image{ID: user.ImageID(random.ID("img", noon)), Type: "image/png", Content: []byte{byte(n)}}
		wg.Go(func() {
			_, err := s.UpdateImage(t.Context(), u.ID, images[n], func(u *user.User) ([]user.Event, error) {
				u.ImageID = images[n].ID
				return nil, nil
			})
			if err != nil {
				t.Errorf("UpdateImage: %v", err)
			}
		})
	}
	wg.Wait()
	named := byID(t, s, u.ID).ImageID
	for _, img := range images {
		if img.ID == named {
			mustHaveImage(t, s, img)
		} else {
			mustHaveNoImage(t, s, img.ID)
		}
	}
}
