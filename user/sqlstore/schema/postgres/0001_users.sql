-- Times are Unix milliseconds, 0 where unset; texts are '' where unset. Texts compare
-- by their bytes, so that orders and searches are the same in every database.
-- JSON keeps its text, digits and order included.

create table users (
	id text collate "C" not null primary key,
	external_id text collate "C" not null,
	first_name text collate "C" not null,
	last_name text collate "C" not null,
	name_key text collate "C" not null, -- first name, blank, last name in lower case: for searching
	locale text collate "C" not null,
	image_url text collate "C" not null,
	primary_email_address_id text collate "C" not null,
	primary_phone_number_id text collate "C" not null,
	public_metadata json not null,
	private_metadata json not null,
	unsafe_metadata json not null,
	password_digest text collate "C" not null,
	password_updated_at bigint not null,
	totp_enabled boolean not null,
	backup_code_enabled boolean not null,
	mfa_enabled_at bigint not null,
	mfa_disabled_at bigint not null,
	banned boolean not null,
	locked boolean not null,
	locked_until bigint not null,
	delete_self_enabled boolean not null,
	create_organization_enabled boolean not null,
	create_organizations_limit bigint not null,
	bypass_client_trust boolean not null,
	legal_accepted_at bigint not null,
	last_sign_in_at bigint not null,
	last_active_at bigint not null,
	created_at bigint not null,
	updated_at bigint not null,
	version bigint not null
);

create unique index users_external_id on users (external_id) where external_id <> '';
create index users_created_at on users (created_at, id);

create table identifications (
	id text collate "C" not null primary key,
	user_id text collate "C" not null references users (id) on delete cascade,
	position integer not null, -- the user's oldest first
	kind text collate "C" not null,
	value text collate "C" not null,
	key text collate "C" not null,
	claimed boolean not null,
	reserved boolean not null,
	verification json not null, -- null where there is none
	reserved_for_second_factor boolean not null,
	default_second_factor boolean not null,
	linked_to json not null,
	details json not null, -- null where there are none
	created_at bigint not null,
	updated_at bigint not null
);

create unique index identifications_claimed on identifications (kind, key) where claimed;
create index identifications_key on identifications (kind, key);
create index identifications_user on identifications (user_id);

-- The outbox. Its rows outlive the users they tell of, so user_id refers to nothing.
create table user_events (
	seq bigint generated always as identity primary key,
	id text collate "C" not null,
	type text collate "C" not null,
	user_id text collate "C" not null,
	recorded_at bigint not null,
	done_at bigint not null
);

create unique index user_events_id on user_events (id);
create index user_events_pending on user_events (seq) where done_at = 0;
create index user_events_done on user_events (done_at) where done_at > 0;
