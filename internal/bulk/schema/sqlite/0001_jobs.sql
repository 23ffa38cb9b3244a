-- Work on many users that goes on while no request waits for it. Times are Unix
-- milliseconds, 0 where unset.
create table bulk_jobs (
	id text not null primary key,
	type text not null,
	status text not null,
	user_ids text not null, -- JSON, 'null' where users are selected by filter
	filter text not null, -- JSON, 'null' where users are named
	position integer not null, -- how many ids, or up to which ordinal, have had their turn
	through integer not null, -- the last position
	total integer not null,
	done integer not null,
	failed integer not null,
	error text not null,
	holder text not null, -- the node at work
	held_until integer not null,
	created_at integer not null,
	updated_at integer not null,
	finished_at integer not null
) strict;

create index bulk_jobs_open on bulk_jobs (created_at, id) where finished_at = 0;
create index bulk_jobs_created_at on bulk_jobs (created_at, id);
create index bulk_jobs_finished_at on bulk_jobs (finished_at) where finished_at > 0;
