package frontendapi

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// sessionJSON is a session of the calling client, with its user and a token.
type sessionJSON struct {
	Object                   string          `json:"object"`
	ID                       string          `json:"id"`
	Status                   string          `json:"status"`
	ExpireAt                 int64           `json:"expire_at"`
	AbandonAt                int64           `json:"abandon_at"`
	LastActiveAt             int64           `json:"last_active_at"`
	LastActiveOrganizationID *string         `json:"last_active_organization_id"`
	Actor                    json.RawMessage `json:"actor"`
	Tasks                    []any           `json:"tasks"`
	FactorVerificationAge    [2]int64        `json:"factor_verification_age"`
	User                     *userJSON       `json:"user"`
	PublicUserData           *publicUserJSON `json:"public_user_data"`
	LastActiveToken          *tokenJSON      `json:"last_active_token"`
	CreatedAt                int64           `json:"created_at"`
	UpdatedAt                int64           `json:"updated_at"`
}

// publicUserJSON is what a session list shows of its user.
type publicUserJSON struct {
	FirstName  *string `json:"first_name"`
	LastName   *string `json:"last_name"`
	ImageURL   string  `json:"image_url"`
	HasImage   bool    `json:"has_image"`
	Identifier string  `json:"identifier"`
	UserID     string  `json:"user_id"`
	Username   *string `json:"username"`
}

// tokenJSON is a session token. The SDK retries for minutes if it comes in an envelope.
type tokenJSON struct {
	Object string `json:"object"`
	JWT    string `json:"jwt"`
}

// activeSessionJSON is a session in the list of a user's devices.
type activeSessionJSON struct {
	Object                   string          `json:"object"`
	ID                       string          `json:"id"`
	Status                   string          `json:"status"`
	ExpireAt                 int64           `json:"expire_at"`
	AbandonAt                int64           `json:"abandon_at"`
	LastActiveAt             int64           `json:"last_active_at"`
	LastActiveOrganizationID *string         `json:"last_active_organization_id"`
	Actor                    json.RawMessage `json:"actor"`
	FactorVerificationAge    [2]int64        `json:"factor_verification_age"`
	PublicUserData           *publicUserJSON `json:"public_user_data"`
	LatestActivity           activityJSON    `json:"latest_activity"`
	CreatedAt                int64           `json:"created_at"`
	UpdatedAt                int64           `json:"updated_at"`
}

type activityJSON struct {
	Object         string  `json:"object"`
	ID             string  `json:"id"`
	DeviceType     *string `json:"device_type,omitempty"`
	IsMobile       bool    `json:"is_mobile"`
	BrowserName    *string `json:"browser_name,omitempty"`
	BrowserVersion *string `json:"browser_version,omitempty"`
	IPAddress      *string `json:"ip_address,omitempty"`
	City           *string `json:"city,omitempty"`
	Country        *string `json:"country,omitempty"`
}

// newSessionJSON renders ss without its user and token.
func newSessionJSON(ss session.Session, now time.Time) sessionJSON {
	return sessionJSON{
		Object: "session", ID: string(ss.ID), Status: string(ss.Status),
		ExpireAt: ss.ExpireAt.UnixMilli(), AbandonAt: millis(ss.AbandonAt),
		LastActiveAt: millis(ss.LastActiveAt), Actor: ss.Actor,
		FactorVerificationAge: [2]int64{factorAge(ss.FirstFactorAt, now), factorAge(ss.SecondFactorAt, now)},
		CreatedAt:             ss.CreatedAt.UnixMilli(), UpdatedAt: ss.UpdatedAt.UnixMilli(),
	}
}

func (c *call) renderPublicUser(u *user.User) *publicUserJSON {
	p := &publicUserJSON{
		FirstName: orNull(u.FirstName), LastName: orNull(u.LastName), UserID: string(u.ID),
		ImageURL: c.imageURL(u.ImageName()), HasImage: u.ImageID != "", Username: orNull(u.Username),
		Identifier: u.Username,
	}
	for _, i := range u.Identifications {
		if i.ID == u.PrimaryEmailAddressID || p.Identifier == "" && i.ID == u.PrimaryPhoneNumberID {
			p.Identifier = i.Value
		}
	}
	return p
}

func newActiveSessionJSON(ss session.Session, u *publicUserJSON, now time.Time) activeSessionJSON {
	return activeSessionJSON{
		Object: "session", ID: string(ss.ID), Status: string(ss.Status),
		ExpireAt: ss.ExpireAt.UnixMilli(), AbandonAt: millis(ss.AbandonAt),
		LastActiveAt: millis(ss.LastActiveAt), Actor: ss.Actor,
		FactorVerificationAge: [2]int64{factorAge(ss.FirstFactorAt, now), factorAge(ss.SecondFactorAt, now)},
		PublicUserData:        u,
		LatestActivity: activityJSON{
			Object: "session_activity", ID: ss.Activity.ID, IsMobile: ss.Activity.IsMobile,
			DeviceType: orNull(ss.Activity.DeviceType), BrowserName: orNull(ss.Activity.BrowserName),
			BrowserVersion: orNull(ss.Activity.BrowserVersion), IPAddress: orNull(ss.Activity.IPAddress),
			City: orNull(ss.Activity.City), Country: orNull(ss.Activity.Country),
		},
		CreatedAt: ss.CreatedAt.UnixMilli(), UpdatedAt: ss.UpdatedAt.UnixMilli(),
	}
}

// factorAge is in whole minutes; -1 means never.
func factorAge(at, now time.Time) int64 {
	if at.IsZero() {
		return -1
	}
	return max(0, int64(now.Sub(at)/time.Minute))
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
