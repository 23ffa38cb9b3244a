-- Work on many users that goes on while no request waits for it. Times are Unix
-- milliseconds, 0 where unset.
create table bulk_jobs (
	id text collate "C" not null primary key,
	type text collate "C" not null,
	status text collate "C" not null,
	user_ids text collate "C" not null, -- JSON, 'null' where users are selected by filter
	filter text collate "C" not null, -- JSON, 'null' where users are named
	position bigint not null, -- how many ids, or up to which ordinal, have had their turn
	through bigint not null, -- the last position
	total bigint not null,
	done bigint not null,
	failed bigint not null,
	error text collate "C" not null,
	holder text collate "C" not null, -- the node at work
	held_until bigint not null,
	created_at bigint not null,
	updated_at bigint not null,
	finished_at bigint not null
);

create index bulk_jobs_open on bulk_jobs (created_at, id) where finished_at = 0;
create index bulk_jobs_created_at on bulk_jobs (created_at, id);
create index bulk_jobs_finished_at on bulk_jobs (finished_at) where finished_at > 0;
