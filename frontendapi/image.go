package frontendapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/upload"
	"github.com/gatehouse-dev/gatehouse/user"
)

// fileParam marks a route whose body is a file instead of parameters.
const fileParam = upload.Field

// imageJSON is a picture that was set.
type imageJSON struct {
	Object    string `json:"object"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	PublicURL string `json:"public_url"`
}

// setImage serves POST /v1/me/profile_image.
func (c *call) setImage() error {
	data, err := upload.Image(c.w, c.r, user.MaxImageBytes)
	if err != nil {
		return err
	}
	u, err := c.h.cfg.Users.SetImage(c.r.Context(), c.userID(), data)
	if err != nil {
		return err
	}
	name := u.ImageName()
	return c.reply(imageJSON{Object: "image", ID: name, Name: name, PublicURL: c.imageURL(name)})
}

// removeImage serves DELETE /v1/me/profile_image. Without a picture there is nothing to do.
func (c *call) removeImage() error {
	u, err := c.h.cfg.Users.ByID(c.r.Context(), c.userID())
	if err != nil {
		return err
	}
	if _, err := c.h.cfg.Users.RemoveImage(c.r.Context(), u.ID); err != nil {
		return err
	}
	return c.reply(deletedJSON{Object: "image", ID: string(u.ImageID), Deleted: true})
}

// image serves GET /v1/images/{name} to whoever knows the name. A name never stands for
// another picture, so browsers keep it; caches that are shared do not, since what was
// removed ought to be gone.
func (c *call) image() error {
	img, err := c.h.cfg.Users.Image(c.r.Context(), c.values["name"])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(img.Content)
	h := c.w.Header()
	h.Set("Content-Type", img.Type)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox") // N-04
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // apps on other origins show it
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(img.Content))
	return nil
}

// imageURL is where a picture is found.
func (c *call) imageURL(name string) string { return c.h.imageBase + name }
