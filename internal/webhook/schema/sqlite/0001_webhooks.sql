-- Times are Unix milliseconds, 0 where unset.

-- Who is told of events: webhook endpoints, and subscriptions of the app around the server.
create table webhook_endpoints (
	id text not null primary key,
	kind text not null, -- 'endpoint' or 'subscription'
	url text not null,
	description text not null,
	events text not null, -- JSON array of types, patterns ending in '*'; [] is all
	enabled integer not null,
	disabled_reason text not null,
	secrets text not null, -- JSON array: sealed, the newest first
	failing_since integer not null, -- when the row of failures that goes on began
	failures integer not null, -- in that row
	created_at integer not null,
	updated_at integer not null
) strict;

create index webhook_endpoints_created_at on webhook_endpoints (created_at, id);

-- What is told. A message that nobody is to be told of is not kept.
create table webhook_messages (
	seq integer primary key autoincrement,
	id text not null,
	type text not null,
	subject text not null, -- the user's id
	payload text not null, -- the body as it is sent
	created_at integer not null
) strict;

create unique index webhook_messages_id on webhook_messages (id);
create index webhook_messages_created_at on webhook_messages (created_at);

create table webhook_deliveries (
	message_seq integer not null references webhook_messages (seq) on delete cascade,
	endpoint_id text not null references webhook_endpoints (id) on delete cascade,
	subject text not null,
	status text not null, -- 'pending', 'delivered' or 'failed'
	attempts text not null, -- JSON array, the oldest first
	tries integer not null, -- of the present round
	next_at integer not null, -- when a pending one is tried
	updated_at integer not null,
	primary key (endpoint_id, message_seq)
) strict;

create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_at) where status = 'pending';
create index webhook_deliveries_message on webhook_deliveries (message_seq);
create index webhook_deliveries_subject on webhook_deliveries (endpoint_id, subject, message_seq) where status = 'pending';

-- At most one row: that an SDK has asked for webhooks.
create table webhook_app (
	id integer not null primary key,
	created_at integer not null
) strict;
