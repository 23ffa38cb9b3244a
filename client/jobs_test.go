package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// Many users are deleted by a job, which is previewed, followed and ended.
func TestJobs(t *testing.T) {
	s := gatehousetest.New(t)
	c, ctx := s.BackendAPI(), t.Context()
	var ids []string
	for n := range 4 {
		u, err := c.Users.Create(ctx, client.NewUser{EmailAddresses: []string{fmt.Sprintf("user%d@example.com", n)}, SkipPasswordRequirement: true})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, u.ID)
	}
	some := client.Selection{Filter: &client.UserQuery{EmailAddresses: []string{"user0@example.com", "user1@example.com"}, Banned: new(false)}}
	preview, err := c.Users.PreviewDeleteMany(ctx, some)
	if err != nil || !preview.DryRun || preview.Total != 2 || len(preview.Sample) != 2 || preview.ID != "" {
		t.Fatalf("PreviewDeleteMany = %+v, %v", preview, err)
	}
	for _, who := range []client.Selection{some, {IDs: ids[2:3]}} {
		job, err := c.Users.DeleteMany(ctx, who)
		if err != nil || job.ID == "" || job.Type != "bulk_delete" {
			t.Fatalf("DeleteMany = %+v, %v", job, err)
		}
		for j, err := range c.Jobs.Watch(ctx, job.ID) {
			if err != nil {
				t.Fatal(err)
			}
			job = j
		}
		if !job.Finished() || job.Status != "completed" || job.Done != job.Total || job.FinishedAt.IsZero() {
			t.Errorf("the job is %+v", job)
		}
		if _, err := c.Jobs.Cancel(ctx, job.ID); !errors.Is(err, client.ErrConflict) {
			t.Errorf("Cancel of a finished job = %v", err)
		}
	}
	left, err := c.Users.List(ctx, client.UserQuery{})
	if err != nil || !slices.Equal(userIDs(left), ids[3:]) {
		t.Errorf("left are %v, %v; want %v", userIDs(left), err, ids[3:])
	}
	page, err := c.Jobs.List(ctx, 1, 0)
	if err != nil || page.TotalCount != 2 || len(page.Data) != 1 {
		t.Errorf("List = %+v, %v", page, err)
	}
	if _, err := c.Users.DeleteMany(ctx, client.Selection{Filter: &client.UserQuery{}}); !is(err, 422, "form_param_missing") {
		t.Errorf("DeleteMany of everybody = %v", err)
	}
	if _, err := c.Users.DeleteMany(ctx, client.Selection{}); !is(err, 422, "form_param_missing") {
		t.Errorf("DeleteMany of nobody = %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for j, err := range c.Jobs.Watch(ended, page.Data[0].ID) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch with a context that has ended: %+v, %v", j, err)
		}
	}
}
