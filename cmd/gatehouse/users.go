package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/gatehouse-dev/gatehouse/client"
)

// usersCommand groups what is about users.
type usersCommand struct {
	List   usersListCommand   `cmd:"" help:"List users, newest first, or search them."`
	Get    usersGetCommand    `cmd:"" help:"Show a user."`
	Create usersCreateCommand `cmd:"" help:"Create a user."`
	Update usersUpdateCommand `cmd:"" help:"Change a user; what is not named stays."`
	Delete usersDeleteCommand `cmd:"" help:"Delete users for good; they are signed out everywhere."`
	Ban    usersBanCommand    `cmd:"" help:"Sign users out everywhere and keep them out."`
	Unban  usersUnbanCommand  `cmd:"" help:"Take a ban back."`
	Lock   usersLockCommand   `cmd:"" help:"Keep users from signing in; who is signed in stays so."`
	Unlock usersUnlockCommand `cmd:"" help:"Take a lock back, also one after wrong passwords."`
}

type usersListCommand struct {
	Query string `arg:"" optional:"" name:"text" help:"Part of an e-mail address, a phone number, a username, a name or an id."`
	userFilterFlags
	listFlags
	OrderBy string `name:"order-by" placeholder:"FIELD" help:"created_at, updated_at, email_address, phone_number, username, first_name, last_name, last_active_at or last_sign_in_at; - before it turns it round."`
	instanceFlags
}

// Run implements command.
func (c *usersListCommand) Run(ctx context.Context, p *program) error {
	if c.Limit < 1 || c.Limit > client.MaxLimit {
		return &usageError{fmt.Errorf("--limit is 1 to %d; --all lists everybody", client.MaxLimit)}
	}
	return c.call(ctx, p, func(api *client.Client) error {
		q := c.query(c.Query)
		q.OrderBy = c.OrderBy
		if c.All {
			return c.all(ctx, p, api, q)
		}
		q.Limit = c.Limit
		users, err := api.Users.List(ctx, q)
		if err != nil {
			return err
		}
		if err := printList(p, c.listFlags, users, userTable); err != nil || c.JSON || len(users) < c.Limit {
			return err
		}
		total, err := api.Users.Count(ctx, q)
		if err == nil && total > len(users) {
			fmt.Fprintf(p.stderr, "%d of %d; --all lists everybody\n", len(users), total)
		}
		return err
	})
}

// all prints everybody: objects as they come, a table once its columns are known.
func (c *usersListCommand) all(ctx context.Context, p *program, api *client.Client, q client.UserQuery) error {
	var users []*client.User
	lines := newLines(p.stdout)
	progress := newProgress(p, "users")
	defer progress.end()
	for u, err := range api.Users.All(ctx, q) {
		if err != nil {
			return err
		}
		if !c.JSON {
			users = append(users, u)
			progress.at(len(users), 0)
			continue
		}
		if err := lines.Encode(u); err != nil {
			return err
		}
	}
	if c.JSON {
		return nil
	}
	progress.end()
	return userTable(users).print(p.stdout, columns(p.stdout))
}

func userTable(users []*client.User) *table {
	t := newTable("ID", "E-MAIL", "NAME", "USERNAME", "STATE", "CREATED", "LAST SIGN-IN")
	for _, u := range users {
		email := u.PrimaryEmailAddress()
		if email == "" {
			email = u.PrimaryPhoneNumber()
		}
		t.row(u.ID, orDash(email), orDash(fullName(u)), orDash(u.Username), userState(u), local(u.CreatedAt), local(u.LastSignInAt))
	}
	return t
}

func fullName(u *client.User) string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

// userState is what keeps a user out.
func userState(u *client.User) string {
	switch {
	case u.Banned:
		return "banned"
	case u.Locked:
		return "locked"
	}
	return "active"
}

type usersGetCommand struct {
	User string `arg:"" name:"user" help:"Id, e-mail address, username, phone number or external id."`
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *usersGetCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		u, err := findUser(ctx, api, c.User)
		if err != nil {
			return err
		}
		return c.show(p, u)
	})
}

// show prints one user.
func (f jsonFlag) show(p *program, u *client.User) error {
	if f.JSON {
		return writeJSON(p.stdout, u)
	}
	return writeUser(p.stdout, u)
}

// writeUser prints a user line by line; what is unset is left out.
func writeUser(out io.Writer, u *client.User) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" && value != "-" && value != "{}" {
			fmt.Fprintf(w, "%s\t%s\n", name, printable(value))
		}
	}
	line("id", u.ID)
	line("external id", u.ExternalID)
	line("state", userStateInFull(u))
	line("name", fullName(u))
	line("username", u.Username)
	for _, a := range u.EmailAddresses {
		line("e-mail", a.EmailAddress+identification(a.ID == u.PrimaryEmailAddressID, a.Verification))
	}
	for _, n := range u.PhoneNumbers {
		line("phone", n.PhoneNumber+identification(n.ID == u.PrimaryPhoneNumberID, n.Verification))
	}
	line("signs in by", credentials(u))
	line("created", local(u.CreatedAt))
	line("updated", local(u.UpdatedAt))
	line("last sign-in", local(u.LastSignInAt))
	line("last active", local(u.LastActiveAt))
	line("public metadata", string(u.PublicMetadata))
	line("private metadata", string(u.PrivateMetadata))
	line("unsafe metadata", string(u.UnsafeMetadata))
	return w.Flush()
}

func userStateInFull(u *client.User) string {
	state := userState(u)
	if u.Banned && u.Locked {
		state = "banned, locked"
	}
	if u.Locked && u.LockoutExpiresIn > 0 {
		state += fmt.Sprintf(" (for %d more seconds)", u.LockoutExpiresIn)
	}
	return state
}

// identification says what an address is to its user.
func identification(primary bool, v *client.Verification) string {
	var notes []string
	if primary {
		notes = append(notes, "primary")
	}
	if v == nil || v.Status != "verified" {
		notes = append(notes, "not verified")
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, ", ") + ")"
}

func credentials(u *client.User) string {
	var all []string
	if u.PasswordEnabled {
		all = append(all, "password")
	}
	if u.TOTPEnabled {
		all = append(all, "authenticator app")
	}
	if u.BackupCodeEnabled {
		all = append(all, "backup codes")
	}
	return strings.Join(all, ", ")
}
