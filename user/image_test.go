package user_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

func somePNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSetImage(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	drawn := u.ImageName()
	f.handled()

	u, err := f.SetImage(t.Context(), u.ID, somePNG(t))
	if err != nil || !u.ImageID.Valid() || u.ImageName() != string(u.ImageID) || u.Version != 2 {
		t.Fatalf("SetImage = %+v, %v", u, err)
	}
	if img, err := f.Image(t.Context(), u.ImageName()); err != nil || img.ID != u.ImageID || img.Type != "image/jpeg" || len(img.Content) == 0 {
		t.Errorf("Image = %v, %v", img, err)
	}
	u, err = f.RemoveImage(t.Context(), u.ID)
	if err != nil || u.ImageID != "" || u.ImageName() != drawn {
		t.Errorf("RemoveImage = %+v, %v", u, err)
	}
	if again, err := f.RemoveImage(t.Context(), u.ID); err != nil || again.Version != u.Version {
		t.Errorf("RemoveImage again = %+v, %v; want no change", again, err)
	}
	if got := f.pending(t); !slices.Equal(got, []user.EventType{user.EventCreated, user.EventUpdated, user.EventUpdated}) {
		t.Errorf("events %v", got)
	}
}

func TestSetImageErrors(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	// Whoever is not there is told before the picture is looked at.
	for _, id := range []user.ID{"user_unknown", "", "../x"} {
		if _, err := f.SetImage(t.Context(), id, []byte("<svg/>")); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("SetImage of %q = %v, want ErrNotFound", id, err)
		}
		if _, err := f.RemoveImage(t.Context(), id); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("RemoveImage of %q = %v, want ErrNotFound", id, err)
		}
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"SVG":       {[]byte("<svg/>"), user.ErrImageUnsupported},
		"too large": {make([]byte, user.MaxImageBytes+1), user.ErrImageTooLarge},
	} {
		if _, err := f.SetImage(t.Context(), u.ID, test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: SetImage = %v, want %v", name, err, test.want)
		}
	}
}

// An avatar is drawn for every user; its name does not tell whose it is.
func TestAvatar(t *testing.T) {
	f := newFixture(t)
	ada, eve := f.add(t, "ada@example.com"), f.add(t, "eve@example.com")
	name := ada.ImageName()
	if name == eve.ImageName() || strings.Contains(name, strings.TrimPrefix(string(ada.ID), "user_")) {
		t.Errorf("names %q and %q", name, eve.ImageName())
	}
	img, err := f.Image(t.Context(), name)
	if err != nil || img.Type != "image/png" || img.ID != "" {
		t.Errorf("Image = %v, %v", img, err)
	}
	for _, wrong := range []string{"", "avatar_", name + "0", strings.ToUpper(name), "avatar_xxxxxxxxxxxxxxxx", "img_", string(ada.ID)} {
		if _, err := f.Image(t.Context(), wrong); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("Image of %q = %v, want ErrNotFound", wrong, err)
		}
	}
}
