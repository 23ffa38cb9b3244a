// Package people makes users for tests and benchmarks: as many as wanted, of every kind,
// the same ones for the same seed, and without hashing a password.
package people

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Password is what every user with a password has.
const Password = "correct horse battery staple"

// Digest is Password as argon2id of the least cost that is taken (19 MiB, two passes).
const Digest user.Digest = "$argon2id$v=19$m=19456,t=2,p=1$a2VlcGluZ2l0c2FsdHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var (
	firstNames = strings.Fields("Ada Alan Grace Edsger Barbara Donald Frances Ken Margaret Dennis Radia Tim Katherine Niklaus Zoë Émile Øyvind Łukasz 美咲 Олена محمد")
	lastNames  = strings.Fields("Lovelace Turing Hopper Dijkstra Liskov Knuth Allen Thompson Hamilton Ritchie Perlman Lee Johnson Wirth Müller García Özdemir Nowak 佐藤 Шевченко")
	hosts      = strings.Fields("gmail.com outlook.com example.com example.org mail.example.net company.example")
	locales    = strings.Fields("en en-US de fr ja pt-BR uk tr")
	providers  = strings.Fields("oauth_google oauth_github oauth_apple")
)

// Start is when the first user was created; each is a minute younger than the one before.
var Start = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Maker makes users one after the other. It is not safe for concurrent use.
type Maker struct {
	r *rand.Rand
	n int
}

// New returns a Maker whose users follow from seed.
func New(seed uint64) *Maker { return &Maker{r: rand.New(rand.NewPCG(seed, 2))} }

// Address is the first e-mail address of the nth user, from 0 on; every user has one.
func Address(n int) string { return fmt.Sprintf("person.%d@%s", n, hosts[n%len(hosts)]) }

// NewUser returns the next user as Service.CreateMany takes it. Of ten, all have an
// address, four a number, three a username, seven a password, two an external id, and one
// is banned in a hundred.
func (m *Maker) NewUser() user.NewUser {
	n := m.n
	m.n++
	created := Start.Add(time.Duration(n) * time.Minute)
	nu := user.NewUser{
		ID: user.ID(m.id("user", created)), FirstName: pick(m, firstNames), LastName: pick(m, lastNames),
		Locale:         pick(m, locales),
		EmailAddresses: []user.NewIdentifier{{ID: m.idn(created), Value: Address(n), Strategy: "email_code"}},
		PublicMetadata: json.RawMessage(fmt.Sprintf(`{"plan":"%s"}`, pick(m, []string{"free", "pro", "team"}))),
		CreatedAt:      created, UpdatedAt: created.Add(time.Duration(m.r.IntN(1_000_000)) * time.Second),
	}
	if m.r.IntN(10) == 0 {
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{ID: m.idn(created), Value: fmt.Sprintf("second.%d@example.org", n)})
	}
	if m.r.IntN(10) < 4 {
		nu.PhoneNumbers = []user.NewIdentifier{{ID: m.idn(created), Value: fmt.Sprintf("+49151%d", 10_000_000+n), Strategy: "phone_code"}}
	}
	if m.r.IntN(10) < 3 {
		nu.Username = fmt.Sprintf("u%s_%d", pick(m, []string{"fox", "owl", "lynx", "hare"}), n)
	}
	if m.r.IntN(10) < 7 {
		nu.PasswordDigest = Digest
	}
	if m.r.IntN(10) < 2 {
		nu.ExternalID = fmt.Sprintf("legacy-%d", n)
	}
	if m.r.IntN(10) < 6 {
		nu.LastSignInAt = nu.UpdatedAt
		nu.LastActiveAt = nu.UpdatedAt
	}
	nu.Banned = m.r.IntN(100) == 0
	return nu
}

// User returns the next user as a Store takes it: with external accounts and passkeys, too.
func (m *Maker) User() *user.User {
	n := m.n
	nu := m.NewUser()
	u := &user.User{
		ID: nu.ID, ExternalID: nu.ExternalID, FirstName: nu.FirstName, LastName: nu.LastName, Locale: nu.Locale,
		PublicMetadata: nu.PublicMetadata, PrivateMetadata: json.RawMessage(`{}`), UnsafeMetadata: json.RawMessage(`{}`),
		PasswordDigest: nu.PasswordDigest, DeleteSelfEnabled: true, CreateOrganizationEnabled: true,
		Banned: nu.Banned, LastSignInAt: nu.LastSignInAt, LastActiveAt: nu.LastActiveAt.Truncate(24 * time.Hour),
		CreatedAt: nu.CreatedAt, UpdatedAt: nu.UpdatedAt,
	}
	if u.PasswordDigest != "" {
		u.PasswordUpdatedAt = u.UpdatedAt
	}
	add := func(id user.IdentificationID, kind user.Kind, value, strategy string, details json.RawMessage) user.IdentificationID {
		i := user.Identification{
			ID: id, UserID: u.ID, Kind: kind, Value: value, Key: value, Claimed: true,
			Reserved: strategy == "", Details: details, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt,
		}
		if strategy != "" {
			i.Verification = &user.Verification{Status: "verified", Strategy: strategy}
		}
		u.Identifications = append(u.Identifications, i)
		return id
	}
	for _, e := range nu.EmailAddresses {
		id := add(e.ID, user.KindEmailAddress, e.Value, e.Strategy, nil)
		if u.PrimaryEmailAddressID == "" {
			u.PrimaryEmailAddressID = id
		}
	}
	for _, p := range nu.PhoneNumbers {
		u.PrimaryPhoneNumberID = add(p.ID, user.KindPhoneNumber, p.Value, p.Strategy, nil)
	}
	if nu.Username != "" {
		u.Username = nu.Username
		add(m.idn(u.CreatedAt), user.KindUsername, nu.Username, "", nil)
		u.Identifications[len(u.Identifications)-1].Reserved = false
	}
	if m.r.IntN(10) < 3 {
		provider := pick(m, providers)
		id := user.IdentificationID(m.id("eac", u.CreatedAt))
		add(id, user.KindExternalAccount, fmt.Sprintf("%s:%d", provider, n), provider, json.RawMessage(`{"provider":"`+provider+`"}`))
		u.Identifications[0].LinkedTo = []user.Link{{ID: id, Type: provider}}
	}
	if m.r.IntN(20) == 0 {
		add(m.idn(u.CreatedAt), user.KindPasskey, fmt.Sprintf("passkey-%d", n), "passkey", json.RawMessage(`{"name":"Laptop"}`))
	}
	return u
}

func (m *Maker) idn(at time.Time) user.IdentificationID {
	return user.IdentificationID(m.id("idn", at))
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// id is an id of the form of real ones, which sort by time.
func (m *Maker) id(prefix string, at time.Time) string {
	const length = 27
	var text [length]byte
	left := uint64(at.Unix() - 1_400_000_000)
	for i := 5; i >= 0; i-- {
		text[i] = base62[left%62]
		left /= 62
	}
	for i := 6; i < length; i++ {
		text[i] = base62[m.r.IntN(62)]
	}
	return prefix + "_" + string(text[:])
}

func pick(m *Maker, list []string) string { return list[m.r.IntN(len(list))] }
