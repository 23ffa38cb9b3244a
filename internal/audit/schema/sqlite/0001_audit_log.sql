-- Security events. Rows are added and, when their time has come, removed; nothing but
-- address and user_agent is ever changed, which are blanked after 90 days (L-06).
create table audit_log (
	id text not null primary key,
	type text not null,
	at integer not null, -- Unix milliseconds
	actor_kind text not null,
	actor_id text not null, -- '' for the system
	impersonator text not null,
	subject text not null, -- the id of what it is about, '' for nothing
	address text not null,
	user_agent text not null,
	trace_id text not null,
	details text not null -- a JSON object
) strict;

create index audit_log_at on audit_log (at, id);
create index audit_log_type on audit_log (type, at, id);
create index audit_log_subject on audit_log (subject, at, id) where subject <> '';
create index audit_log_actor on audit_log (actor_id, at, id) where actor_id <> '';
create index audit_log_address on audit_log (address, at, id) where address <> '';
