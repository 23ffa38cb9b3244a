package client_test

import (
	"errors"
	"testing"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// Users are given further addresses, which are proved, made primary and taken away.
func TestAddresses(t *testing.T) {
	s := gatehousetest.New(t)
	c, ctx := s.BackendAPI(), t.Context()
	var users [2]*client.User
	for n, address := range []string{"ada@example.com", "eve@example.com"} {
		var err error
		if users[n], err = c.Users.Create(ctx, client.NewUser{EmailAddresses: []string{address}, SkipPasswordRequirement: true}); err != nil {
			t.Fatal(err)
		}
	}
	ada := users[0].ID
	email, err := c.EmailAddresses.Create(ctx, client.NewAddress{UserID: ada, Value: "ada@example.org"})
	if err != nil || email.EmailAddress != "ada@example.org" || email.Verification != nil && email.Verification.Status == "verified" {
		t.Fatalf("Create = %+v, %v", email, err)
	}
	if email, err = c.EmailAddresses.Update(ctx, email.ID, client.AddressChange{Verified: new(true), Primary: new(true)}); err != nil || email.Verification == nil || email.Verification.Status != "verified" {
		t.Errorf("Update = %+v, %v", email, err)
	}
	phone, err := c.PhoneNumbers.Create(ctx, client.NewAddress{UserID: ada, Value: "+14155552671", Verified: true})
	if err != nil || phone.PhoneNumber != "+14155552671" || phone.Verification == nil || phone.Verification.Status != "verified" {
		t.Fatalf("Create = %+v, %v", phone, err)
	}
	if u, err := c.Users.Get(ctx, ada); err != nil || u.PrimaryEmailAddress() != "ada@example.org" || u.PrimaryPhoneNumberID != phone.ID {
		t.Errorf("the user is %+v, %v", u, err)
	}
	if phone, err = c.PhoneNumbers.Update(ctx, phone.ID, client.AddressChange{Verified: new(false)}); err != nil || phone.Verification != nil && phone.Verification.Status == "verified" {
		t.Errorf("Update = %+v, %v", phone, err)
	}
	if _, err := c.EmailAddresses.Create(ctx, client.NewAddress{UserID: users[1].ID, Value: "ada@example.org", Verified: true}); !errors.Is(err, client.ErrTaken) {
		t.Errorf("Create of another's = %v", err)
	}
	if got, err := c.EmailAddresses.Get(ctx, email.ID); err != nil || got.EmailAddress != email.EmailAddress {
		t.Errorf("Get = %+v, %v", got, err)
	}
	if got, err := c.PhoneNumbers.Get(ctx, phone.ID); err != nil || got.PhoneNumber != phone.PhoneNumber {
		t.Errorf("Get = %+v, %v", got, err)
	}
	old := users[0].EmailAddresses[0].ID
	if err := errors.Join(c.EmailAddresses.Delete(ctx, old), c.PhoneNumbers.Delete(ctx, phone.ID)); err != nil {
		t.Errorf("Delete = %v", err)
	}
	for what, err := range map[string]error{
		"an e-mail address": second(c.EmailAddresses.Get(ctx, old)), "a phone number": second(c.PhoneNumbers.Get(ctx, phone.ID)),
		"an address of the other kind": second(c.PhoneNumbers.Get(ctx, email.ID)),
	} {
		if !errors.Is(err, client.ErrNotFound) {
			t.Errorf("Get of %s that is not there = %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
