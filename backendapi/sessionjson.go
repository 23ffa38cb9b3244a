package backendapi

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// sessionJSON is a session as servers see it.
type sessionJSON struct {
	Object                   string          `json:"object"`
	ID                       string          `json:"id"`
	UserID                   string          `json:"user_id"`
	ClientID                 string          `json:"client_id"`
	Actor                    json.RawMessage `json:"actor"`
	Status                   string          `json:"status"`
	LastActiveOrganizationID *string         `json:"last_active_organization_id"`
	LastActiveAt             int64           `json:"last_active_at"`
	LatestActivity           *activityJSON   `json:"latest_activity"`
	ExpireAt                 int64           `json:"expire_at"`
	AbandonAt                int64           `json:"abandon_at"`
	Tasks                    []any           `json:"tasks"`
	CreatedAt                int64           `json:"created_at"`
	UpdatedAt                int64           `json:"updated_at"`
}

// activityJSON leaves out what is unknown.
type activityJSON struct {
	Object         string `json:"object"`
	ID             string `json:"id"`
	DeviceType     string `json:"device_type,omitempty"`
	IsMobile       bool   `json:"is_mobile"`
	BrowserName    string `json:"browser_name,omitempty"`
	BrowserVersion string `json:"browser_version,omitempty"`
	IPAddress      string `json:"ip_address,omitempty"`
	City           string `json:"city,omitempty"`
	Country        string `json:"country,omitempty"`
}

func newSessionJSON(ss session.Session) sessionJSON {
	j := sessionJSON{
		Object: "session", ID: string(ss.ID), UserID: ss.UserID, ClientID: string(ss.ClientID),
		Actor: ss.Actor, Status: string(ss.Status), LastActiveAt: millis(ss.LastActiveAt),
		ExpireAt: millis(ss.ExpireAt), AbandonAt: millis(ss.AbandonAt),
		CreatedAt: millis(ss.CreatedAt), UpdatedAt: millis(ss.UpdatedAt),
	}
	if a := ss.Activity; a != (session.Activity{}) {
		j.LatestActivity = &activityJSON{
			Object: "session_activity", ID: a.ID, DeviceType: a.DeviceType, IsMobile: a.IsMobile,
			BrowserName: a.BrowserName, BrowserVersion: a.BrowserVersion, IPAddress: a.IPAddress,
			City: a.City, Country: a.Country,
		}
	}
	return j
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
