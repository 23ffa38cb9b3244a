package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/client"
)

// object is a JSON object on the command line.
type object struct{ json.RawMessage }

// UnmarshalText takes one JSON object.
func (o *object) UnmarshalText(text []byte) error {
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return errors.New(`this is no JSON object, such as {"plan":"pro"}`)
	}
	o.RawMessage = slices.Clone(text)
	return nil
}

// orNil is the object, nil if there is none.
func (o object) orNil() any {
	if len(o.RawMessage) == 0 {
		return nil
	}
	return o.RawMessage
}

// metadataFlags are a user's three objects.
type metadataFlags struct {
	PublicMetadata  object `name:"public-metadata" placeholder:"JSON" help:"An object that browsers read."`
	PrivateMetadata object `name:"private-metadata" placeholder:"JSON" help:"An object that servers alone read."`
	UnsafeMetadata  object `name:"unsafe-metadata" placeholder:"JSON" help:"An object that browsers read and write."`
}

// passwordFlags give a user a password.
type passwordFlags struct {
	PasswordStdin      bool `name:"password-stdin" help:"Give the user the password that is the first line of standard input; on a terminal it is asked for, unseen. It is never an argument, which others on this machine can see."`
	SkipPasswordChecks bool `name:"skip-password-checks" help:"Take it although the rules of the instance would not."`
}

type usersCreateCommand struct {
	Emails     []string `name:"email" placeholder:"ADDRESS" help:"E-mail address, taken as proved; repeat it for more, the first is primary."`
	Phones     []string `name:"phone" placeholder:"NUMBER" help:"Phone number (+15551234567), as --email."`
	Username   string   `placeholder:"NAME" help:"Username."`
	FirstName  string   `name:"first-name" placeholder:"NAME" help:"First name."`
	LastName   string   `name:"last-name" placeholder:"NAME" help:"Last name."`
	ExternalID string   `name:"external-id" placeholder:"ID" help:"The user's id in a system of yours."`
	Banned     bool     `help:"Keep the user out from the start."`

	SkipRequirements bool `name:"skip-requirements" help:"Create the user without a password, consent or identifiers that the instance requires."`
	passwordFlags
	metadataFlags
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *usersCreateCommand) Run(ctx context.Context, p *program) error {
	if len(c.Emails) == 0 && len(c.Phones) == 0 && c.Username == "" {
		return &usageError{errors.New("a user needs one of --email, --phone and --username")}
	}
	n := client.NewUser{
		EmailAddresses: c.Emails, PhoneNumbers: c.Phones, Username: c.Username, FirstName: c.FirstName, LastName: c.LastName,
		ExternalID: c.ExternalID, Banned: c.Banned, SkipPasswordChecks: c.SkipPasswordChecks,
		SkipUserRequirement: c.SkipRequirements, SkipPasswordRequirement: c.SkipRequirements, SkipLegalChecks: c.SkipRequirements,
		PublicMetadata: c.PublicMetadata.orNil(), PrivateMetadata: c.PrivateMetadata.orNil(), UnsafeMetadata: c.UnsafeMetadata.orNil(),
	}
	if c.PasswordStdin && !c.PrintConfig {
		var err error
		if n.Password, err = readPassword(p); err != nil {
			return err
		}
	}
	return c.call(ctx, p, func(api *client.Client) error {
		u, err := api.Users.Create(ctx, n)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(p.stdout, u)
		}
		_, err = fmt.Fprintln(p.stdout, u.ID)
		return err
	})
}

type usersUpdateCommand struct {
	User         string   `arg:"" name:"user" help:"Id, e-mail address, username, phone number or external id."`
	Username     *string  `placeholder:"NAME" help:"Username."`
	FirstName    *string  `name:"first-name" placeholder:"NAME" help:"First name."`
	LastName     *string  `name:"last-name" placeholder:"NAME" help:"Last name."`
	ExternalID   *string  `name:"external-id" placeholder:"ID" help:"The user's id in a system of yours."`
	PrimaryEmail string   `name:"primary-email" placeholder:"ADDRESS" help:"Which of the user's e-mail addresses is the primary one."`
	PrimaryPhone string   `name:"primary-phone" placeholder:"NUMBER" help:"Which of the user's phone numbers is the primary one."`
	Clear        []string `enum:"username,first-name,last-name,external-id" placeholder:"FIELD" help:"Empty a field: username, first-name, last-name, external-id."`
	passwordFlags
	EndSessions bool `name:"end-sessions" help:"With a new password: sign the user out everywhere."`
	metadataFlags
	jsonFlag
	instanceFlags
}

// Help is what --help adds.
func (c *usersUpdateCommand) Help() string {
	return "Metadata are merged into what is there; a member that is null goes."
}

// Run implements command.
func (c *usersUpdateCommand) Run(ctx context.Context, p *program) error {
	change := client.UserChange{SkipPasswordChecks: c.SkipPasswordChecks, EndSessions: c.EndSessions}
	for name, f := range map[string]struct {
		to   *client.Field[string]
		from *string
	}{
		"username": {&change.Username, c.Username}, "first-name": {&change.FirstName, c.FirstName},
		"last-name": {&change.LastName, c.LastName}, "external-id": {&change.ExternalID, c.ExternalID},
	} {
		switch {
		case slices.Contains(c.Clear, name) && f.from != nil:
			return &usageError{fmt.Errorf("--%s and --clear=%s: which one?", name, name)}
		case slices.Contains(c.Clear, name):
			*f.to = client.Clear[string]()
		case f.from != nil:
			*f.to = client.Set(*f.from)
		}
	}
	if c.PasswordStdin && !c.PrintConfig {
		var err error
		if change.Password, err = readPassword(p); err != nil {
			return err
		}
	}
	return c.call(ctx, p, func(api *client.Client) error { return c.update(ctx, p, api, change) })
}

func (c *usersUpdateCommand) update(ctx context.Context, p *program, api *client.Client, change client.UserChange) error {
	u, err := findUser(ctx, api, c.User)
	if err != nil {
		return err
	}
	if change.PrimaryEmailAddressID, change.PrimaryPhoneNumberID, err = c.primary(u); err != nil {
		return err
	}
	meta := client.MetadataChange{Public: c.PublicMetadata.orNil(), Private: c.PrivateMetadata.orNil(), Unsafe: c.UnsafeMetadata.orNil()}
	fields, objects := change != client.UserChange{}, meta.Public != nil || meta.Private != nil || meta.Unsafe != nil
	if !fields && !objects {
		return &usageError{errors.New("nothing to change is named: `gatehouse users update --help` lists what can be")}
	}
	if fields {
		if u, err = api.Users.Update(ctx, u.ID, change); err != nil {
			return err
		}
	}
	if objects {
		if u, err = api.Users.UpdateMetadata(ctx, u.ID, meta); err != nil {
			return err
		}
	}
	return c.show(p, u)
}

// primary returns the ids of the identifications that the flags name.
func (c *usersUpdateCommand) primary(u *client.User) (email, phone string, err error) {
	for _, a := range u.EmailAddresses {
		if strings.EqualFold(a.EmailAddress, c.PrimaryEmail) {
			email = a.ID
		}
	}
	for _, n := range u.PhoneNumbers {
		if n.PhoneNumber == c.PrimaryPhone {
			phone = n.ID
		}
	}
	for _, f := range []struct{ given, id string }{{c.PrimaryEmail, email}, {c.PrimaryPhone, phone}} {
		if f.given != "" && f.id == "" {
			return "", "", fmt.Errorf("%s is none of the user's: `gatehouse users get %s` lists them", printable(f.given), u.ID)
		}
	}
	return email, phone, nil
}

// named says whom a question is about.
func named(users []*client.User) string {
	if len(users) != 1 {
		return fmt.Sprintf("%d users", len(users))
	}
	for _, name := range []string{users[0].PrimaryEmailAddress(), users[0].Username, users[0].PrimaryPhoneNumber()} {
		if name != "" {
			return printable(name) + " (" + users[0].ID + ")"
		}
	}
	return users[0].ID
}

// stateFlags are those of the commands that change the state of users.
type stateFlags struct {
	userArguments
	jsonFlag
	instanceFlags
}

// change does the same to each user.
func (c *stateFlags) change(ctx context.Context, p *program, past string, do func(*client.Client, string) (*client.User, error)) error {
	return c.call(ctx, p, func(api *client.Client) error {
		users, err := c.find(ctx, p, api)
		if err != nil {
			return err
		}
		return each(p, c.jsonFlag, ids(users), func(id string) (*client.User, error) { return do(api, id) },
			func(u *client.User) string { return named([]*client.User{u}) + " " + past })
	})
}

func ids(users []*client.User) []string {
	all := make([]string, len(users))
	for i, u := range users {
		all[i] = u.ID
	}
	return all
}

type usersBanCommand struct{ stateFlags }

// Run implements command.
func (c *usersBanCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "is banned and signed out.", func(api *client.Client, id string) (*client.User, error) { return api.Users.Ban(ctx, id) })
}

type usersUnbanCommand struct{ stateFlags }

// Run implements command.
func (c *usersUnbanCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "is not banned.", func(api *client.Client, id string) (*client.User, error) { return api.Users.Unban(ctx, id) })
}

type usersLockCommand struct{ stateFlags }

// Run implements command.
func (c *usersLockCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "is locked.", func(api *client.Client, id string) (*client.User, error) { return api.Users.Lock(ctx, id) })
}

type usersUnlockCommand struct{ stateFlags }

// Run implements command.
func (c *usersUnlockCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "is not locked.", func(api *client.Client, id string) (*client.User, error) { return api.Users.Unlock(ctx, id) })
}
