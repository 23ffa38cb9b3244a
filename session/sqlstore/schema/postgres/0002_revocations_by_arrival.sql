-- The log holds what matters for an hour at most, so it begins anew.
drop table revocations;
create table revocations (
	id text primary key,
	session_id text not null,
	user_id text not null,
	except_session_id text not null,
	revoked_at bigint not null,
	cause text not null,
	arrived_at bigint not null -- by the clock of the database
);
create index revocations_arrived_at on revocations (arrived_at);
