package main

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/client"
)

// invitationsCommand groups what is about invitations.
type invitationsCommand struct {
	List   invitationsListCommand   `cmd:"" help:"List invitations, newest first."`
	Create invitationsCreateCommand `cmd:"" help:"Invite somebody by e-mail."`
	Revoke invitationsRevokeCommand `cmd:"" help:"Make the links of invitations useless."`
}

type invitationsListCommand struct {
	Query  string   `arg:"" optional:"" name:"text" help:"Part of an e-mail address, or an id."`
	Status []string `placeholder:"STATUS" help:"Only those that are pending, accepted, revoked or expired; all but revoked by default."`
	listFlags
	instanceFlags
}

// Run implements command.
func (c *invitationsListCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		found := []*client.Invitation{}
		for i, err := range api.Invitations.All(ctx, client.InvitationQuery{Query: c.Query, Statuses: c.Status}) {
			if err != nil {
				return err
			}
			if found = append(found, i); c.enough(len(found)) {
				break
			}
		}
		return printList(p, c.listFlags, found, func(found []*client.Invitation) *table {
			t := newTable("ID", "E-MAIL", "STATUS", "CREATED", "EXPIRES")
			for _, i := range found {
				t.row(i.ID, i.EmailAddress, i.Status, local(i.CreatedAt), local(i.ExpiresAt))
			}
			return t
		})
	})
}

type invitationsCreateCommand struct {
	EmailAddress   string `arg:"" name:"email" help:"E-mail address."`
	PublicMetadata object `name:"public-metadata" placeholder:"JSON" help:"An object that the user will have from the start."`
	RedirectURL    string `name:"redirect-url" placeholder:"URL" help:"Where the link leads; the sign-up page by default."`
	ExpiresInDays  int    `name:"expires-in-days" placeholder:"N" help:"1 to 365; 30 by default."`
	IgnoreExisting bool   `name:"ignore-existing" help:"Invite although there is an invitation, or a user, of that address."`
	Silent         bool   `help:"Send no mail: hand the link on yourself."`
	jsonFlag
	instanceFlags
}

// invitationMade is an invitation with its link, which is told once.
type invitationMade struct {
	*client.Invitation
	URL string `json:"url"`
}

// Run implements command.
func (c *invitationsCreateCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		i, err := api.Invitations.Create(ctx, client.NewInvitation{
			EmailAddress: c.EmailAddress, PublicMetadata: c.PublicMetadata.orNil(), RedirectURL: c.RedirectURL,
			ExpiresInDays: c.ExpiresInDays, IgnoreExisting: c.IgnoreExisting, Silent: c.Silent,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(p.stdout, invitationMade{i, string(i.URL)})
		}
		_, err = fmt.Fprintf(p.stdout, "%s is invited (%s), until %s:\n%s\n", printable(i.EmailAddress), i.ID, local(i.ExpiresAt), string(i.URL))
		return err
	})
}

type invitationsRevokeCommand struct {
	Invitations []string `arg:"" name:"invitation" help:"Invitation ids, as list shows them."`
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *invitationsRevokeCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		return each(p, c.jsonFlag, c.Invitations, func(id string) (*client.Invitation, error) { return api.Invitations.Revoke(ctx, id) },
			func(i *client.Invitation) string { return i.ID + " is revoked." })
	})
}
