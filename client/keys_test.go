package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// Signing keys are rotated, secret keys made and revoked.
func TestKeys(t *testing.T) {
	s := gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) { c.SigningKeyPEM = "" }))
	c, ctx := s.BackendAPI(), t.Context()
	next, err := c.SigningKeys.Add(ctx)
	if err != nil || next.Status != "next" || !next.SignsAfter.After(s.Clock.Now()) {
		t.Fatalf("Add = %+v, %v", next, err)
	}
	if active, err := c.SigningKeys.Promote(ctx, next.KeyID); err != nil || active.Status != "active" || active.PromotedAt.IsZero() || active.RotatesAt.IsZero() {
		t.Errorf("Promote = %+v, %v", active, err)
	}
	all, err := c.SigningKeys.List(ctx)
	if err != nil || len(all) != 2 || all[0].Status != "retiring" || all[0].RetiresAt.IsZero() {
		t.Fatalf("List = %+v, %v", all, err)
	}
	if _, err := c.SigningKeys.Retire(ctx, all[0].KeyID); !errors.Is(err, client.ErrConflict) {
		t.Errorf("Retire too early: %v", err)
	}
	s.Clock.Set(all[0].RetiresAt.Time)
	if k, err := c.SigningKeys.Retire(ctx, all[0].KeyID); err != nil || k.Status != "retired" {
		t.Errorf("Retire = %+v, %v", k, err)
	}
	if k, err := c.SigningKeys.Revoke(ctx, next.KeyID); err != nil || k.Status != "revoked" {
		t.Errorf("Revoke = %+v, %v", k, err)
	}

	made, err := c.SecretKeys.Create(ctx, "billing", time.Hour)
	if err != nil || made.Secret == "" || made.Label != "billing" || made.Status != "active" || made.ExpiresAt.IsZero() {
		t.Fatalf("Create = %+v, %v", made, err)
	}
	other, err := client.New(client.Config{URL: s.URL + "/api", SecretKey: made.Secret})
	if err != nil {
		t.Fatal(err)
	}
	page, err := other.SecretKeys.List(ctx, 0, 0)
	if err != nil || page.TotalCount != 2 || !page.Data[0].Configured || page.Data[1].ID != made.ID || page.Data[1].Secret != "" {
		t.Errorf("List = %+v, %v", page, err)
	}
	if k, err := other.SecretKeys.Revoke(ctx, made.ID); err != nil || k.Status != "revoked" || k.RevokedAt.IsZero() {
		t.Errorf("Revoke = %+v, %v", k, err)
	}
	if _, err := other.SecretKeys.List(ctx, 0, 0); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("a revoked key: %v", err)
	}
}
