package backendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/upload"
	"github.com/gatehouse-dev/gatehouse/user"
)

// setImage serves POST /v1/users/{id}/profile_image, whose body is a file.
func (c *call) setImage() error {
	return c.withUser(func(id user.ID) (*user.User, error) {
		data, err := upload.Image(c.w, c.r, user.MaxImageBytes)
		if err != nil {
			return nil, err
		}
		return c.h.cfg.Users.SetImage(c.r.Context(), id, data)
	})
}

// removeImage serves DELETE /v1/users/{id}/profile_image.
func (c *call) removeImage() error {
	return c.act(func(id user.ID) (*user.User, error) {
		return c.h.cfg.Users.RemoveImage(c.r.Context(), id)
	})
}

// ownsImage refuses the id of a picture that is not the user's own. nil and "", which
// removes the picture, are not looked at.
func (c *call) ownsImage(id user.ID, image *string) error {
	if image == nil || *image == "" {
		return nil
	}
	u, err := c.h.cfg.Users.ByID(c.r.Context(), id)
	if err != nil {
		return err
	}
	if string(u.ImageID) != *image {
		return apierr.ParamNotOwned.At("profile_image_id")
	}
	return nil
}
