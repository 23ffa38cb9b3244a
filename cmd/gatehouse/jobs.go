package main

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/client"
)

// jobsCommand groups what is about work on many users.
type jobsCommand struct {
	List   jobsListCommand   `cmd:"" help:"List jobs, newest first."`
	Show   jobsShowCommand   `cmd:"" help:"Show how far a job is."`
	Watch  jobsWatchCommand  `cmd:"" help:"Follow a job until it has finished."`
	Cancel jobsCancelCommand `cmd:"" help:"End a job; what is done stays done."`
}

type jobsListCommand struct {
	jsonFlag
	Limit int `default:"20" placeholder:"N" help:"How many; 20 by default, at most 500."`
	instanceFlags
}

// Run implements command.
func (c *jobsListCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		page, err := api.Jobs.List(ctx, c.Limit, 0)
		if err != nil {
			return err
		}
		return printList(p, listFlags{jsonFlag: c.jsonFlag}, page.Data, func(jobs []*client.Job) *table {
			t := newTable("ID", "TYPE", "STATUS", "DONE", "FAILED", "TOTAL", "CREATED", "FINISHED")
			for _, j := range jobs {
				t.row(j.ID, j.Type, j.Status, fmt.Sprint(j.Done), fmt.Sprint(j.Failed), fmt.Sprint(j.Total), local(j.CreatedAt), local(j.FinishedAt))
			}
			return t
		})
	})
}

// jobArgument names a job.
type jobArgument struct {
	Job string `arg:"" name:"job" help:"The job's id, as list shows it."`
	jsonFlag
	instanceFlags
}

type jobsShowCommand struct{ jobArgument }

// Run implements command.
func (c *jobsShowCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		j, err := api.Jobs.Get(ctx, c.Job)
		return c.print(p, j, err)
	})
}

type jobsCancelCommand struct{ jobArgument }

// Run implements command.
func (c *jobsCancelCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		j, err := api.Jobs.Cancel(ctx, c.Job)
		return c.print(p, j, err)
	})
}

type jobsWatchCommand struct{ jobArgument }

// Run implements command.
func (c *jobsWatchCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error { return watch(ctx, p, api, c.jsonFlag, c.Job) })
}

// watch shows a job's progress until it has finished, and then what it came to.
func watch(ctx context.Context, p *program, api *client.Client, f jsonFlag, id string) error {
	bar := newProgress(p, "users")
	defer bar.end()
	var last *client.Job
	for j, err := range api.Jobs.Watch(ctx, id) {
		if err != nil {
			return err
		}
		last = j
		bar.at(j.Done+j.Failed, j.Total)
	}
	bar.end()
	return printJob(p, f, last)
}

func (c *jobArgument) print(p *program, j *client.Job, err error) error {
	if err != nil {
		return err
	}
	return printJob(p, c.jsonFlag, j)
}

// printJob says what a job is at. One that failed is a failure of the command.
func printJob(p *program, f jsonFlag, j *client.Job) error {
	var err error
	if f.JSON {
		err = writeJSON(p.stdout, j)
	} else {
		_, err = fmt.Fprintf(p.stdout, "%s is %s: %d of %d done, %d failed.\n", j.ID, j.Status, j.Done, j.Total, j.Failed)
	}
	if err == nil && j.Status == "failed" {
		err = fmt.Errorf("the job failed: %s", printable(j.Error))
	}
	return err
}
