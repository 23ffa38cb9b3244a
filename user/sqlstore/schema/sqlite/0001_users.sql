-- Times are Unix milliseconds, 0 where unset; texts are '' where unset.

create table users (
	id text not null primary key,
	external_id text not null,
	first_name text not null,
	last_name text not null,
	name_key text not null, -- first name, blank, last name in lower case: for searching
	locale text not null,
	image_url text not null,
	primary_email_address_id text not null,
	primary_phone_number_id text not null,
	public_metadata text not null,
	private_metadata text not null,
	unsafe_metadata text not null,
	password_digest text not null,
	password_updated_at integer not null,
	totp_enabled integer not null,
	backup_code_enabled integer not null,
	mfa_enabled_at integer not null,
	mfa_disabled_at integer not null,
	banned integer not null,
	locked integer not null,
	locked_until integer not null,
	delete_self_enabled integer not null,
	create_organization_enabled integer not null,
	create_organizations_limit integer not null,
	bypass_client_trust integer not null,
	legal_accepted_at integer not null,
	last_sign_in_at integer not null,
	last_active_at integer not null,
	created_at integer not null,
	updated_at integer not null,
	version integer not null
) strict;

create unique index users_external_id on users (external_id) where external_id <> '';
create index users_created_at on users (created_at, id);

create table identifications (
	id text not null primary key,
	user_id text not null references users (id) on delete cascade,
	position integer not null, -- the user's oldest first
	kind text not null,
	value text not null,
	key text not null,
	claimed integer not null,
	reserved integer not null,
	verification text not null, -- JSON, 'null' where there is none
	reserved_for_second_factor integer not null,
	default_second_factor integer not null,
	linked_to text not null, -- JSON
	details text not null, -- JSON, 'null' where there are none
	created_at integer not null,
	updated_at integer not null
) strict;

create unique index identifications_claimed on identifications (kind, key) where claimed;
create index identifications_key on identifications (kind, key);
create index identifications_user on identifications (user_id);

-- The outbox. Its rows outlive the users they tell of, so user_id refers to nothing.
create table user_events (
	seq integer primary key autoincrement,
	id text not null,
	type text not null,
	user_id text not null,
	recorded_at integer not null,
	done_at integer not null
) strict;

create unique index user_events_id on user_events (id);
create index user_events_pending on user_events (seq) where done_at = 0;
create index user_events_done on user_events (done_at) where done_at > 0;
