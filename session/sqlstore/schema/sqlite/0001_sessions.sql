create table clients (
	id text primary key,
	session_ids text not null, -- newest last, separated by blanks
	sign_in_id text not null,
	sign_up_id text not null,
	last_active_session_id text not null,
	last_authentication_strategy text not null,
	cookie_token text not null, -- SHA-256 of the cookie
	old_cookie_token text not null, -- of the one before
	cookie_rotated_at integer not null,
	auth_changed_at integer not null,
	expire_at integer not null,
	created_at integer not null,
	updated_at integer not null,
	version integer not null
) strict;
create index clients_expire_at on clients (expire_at);

create table client_cookies (
	token text primary key, -- SHA-256 of the cookie
	data blob not null,
	expire_at integer not null
) strict;
create index client_cookies_expire_at on client_cookies (expire_at);

create table sessions (
	id text primary key,
	client_id text not null,
	user_id text not null,
	status text not null,
	cause text not null,
	actor blob not null, -- JSON, empty if nobody impersonates
	first_factor_at integer not null,
	second_factor_at integer not null,
	activity_id text not null,
	device_type text not null,
	is_mobile integer not null,
	browser_name text not null,
	browser_version text not null,
	ip_address text not null,
	city text not null,
	country text not null,
	expire_at integer not null,
	abandon_at integer not null,
	last_active_at integer not null,
	created_at integer not null,
	updated_at integer not null,
	version integer not null
) strict;
create index sessions_user_id on sessions (user_id, created_at);
create index sessions_expire_at on sessions (expire_at);

-- The tombstones that RevokeUser leaves. A row with revoked_at 0 is none: it only
-- gave a transaction something to lock.
create table user_revocations (
	user_id text primary key,
	revoked_at integer not null,
	cause text not null,
	except_session_id text not null,
	keep_until integer not null
) strict;
create index user_revocations_keep_until on user_revocations (keep_until);

create table attempts (
	id text primary key,
	data blob not null,
	expire_at integer not null,
	version integer not null
) strict;
create index attempts_expire_at on attempts (expire_at);

create table attempt_tries (
	attempt_id text not null references attempts (id) on delete cascade,
	name text not null,
	tries integer not null,
	primary key (attempt_id, name)
) strict;

create table limit_events (
	limit_key text primary key, -- hex SHA-256 of the caller's key
	events blob not null,       -- times within the window: the first, then differences, as unsigned varints
	expire_at integer not null  -- when the last event leaves its window
) strict;
create index limit_events_expire_at on limit_events (expire_at);

create table revocations (
	id text primary key,
	session_id text not null,
	user_id text not null,
	except_session_id text not null,
	revoked_at integer not null,
	cause text not null
) strict;
create index revocations_revoked_at on revocations (revoked_at);

create table signing_keys (
	id text primary key,
	ordinal integer not null, -- 1, 2, …: of two nodes that add a key at once, one is told
	algorithm text not null,
	state text not null,
	sealed_private blob not null,
	public_der blob not null,
	created_at integer not null,
	state_at integer not null
) strict;
create unique index signing_keys_ordinal on signing_keys (ordinal);
