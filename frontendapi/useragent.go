package frontendapi

import (
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// maxUserAgent bounds how much of the header is looked at, in bytes.
const maxUserAgent = 512

// browsers are looked for in this order: most name the engines and browsers that they
// want to be taken for as well.
var browsers = []struct{ product, name string }{
	{"Edg/", "Microsoft Edge"},
	{"EdgA/", "Microsoft Edge"},
	{"EdgiOS/", "Microsoft Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Version/", "Safari"}, // with Safari/ behind it
}

// platforms are what the device is called in a list of sessions.
var platforms = []struct{ mark, name string }{
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"Windows", "Windows"},
	{"Macintosh", "Macintosh"},
	{"CrOS", "Chrome OS"},
	{"Linux", "Linux"},
}

// activity is what the request tells about the device, for the person's own list of
// sessions. Nothing rests on it.
func (c *call) activity() session.Activity {
	a := parseUserAgent(c.r.UserAgent())
	a.ID = random.ID("sact", c.now())
	a.IPAddress = c.h.cfg.ClientAddress(c.r)
	return a
}

// parseUserAgent recognises the common browsers; what it does not know stays "".
func parseUserAgent(ua string) session.Activity {
	ua = ua[:min(len(ua), maxUserAgent)]
	var a session.Activity
	for _, p := range platforms {
		if strings.Contains(ua, p.mark) {
			a.DeviceType = p.name
			break
		}
	}
	a.IsMobile = strings.Contains(ua, "Mobile") || a.DeviceType == "iPad" || a.DeviceType == "Android"
	for _, b := range browsers {
		_, rest, ok := strings.Cut(ua, b.product)
		if !ok || b.name == "Safari" && !strings.Contains(rest, "Safari/") {
			continue
		}
		a.BrowserName, a.BrowserVersion = b.name, leadingVersion(rest)
		break
	}
	return a
}

// leadingVersion is the digits and dots that s begins with, at most 20 of them.
func leadingVersion(s string) string {
	n := 0
	for n < len(s) && n < 20 && (s[n] == '.' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return strings.TrimRight(s[:n], ".")
}
