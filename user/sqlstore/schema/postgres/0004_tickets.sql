-- Sign-in tokens and invitations. Deleting a user takes their tokens along, and the
-- invitation that they accepted.
create table tickets (
	id text collate "C" not null primary key,
	kind text collate "C" not null,
	hash text collate "C" not null, -- SHA-256 of the secret, in hex
	status text collate "C" not null,
	user_id text collate "C" references users (id) on delete cascade, -- null for an invitation that nobody accepted
	email_address text collate "C" not null,
	email_key text collate "C" not null,
	public_metadata json not null,
	redirect_url text collate "C" not null,
	sole boolean not null,
	expire_at bigint not null,
	created_at bigint not null,
	updated_at bigint not null
);

create unique index tickets_hash on tickets (hash);
create unique index tickets_sole on tickets (email_key) where sole and status = 'pending';
create index tickets_email_key on tickets (email_key);
create index tickets_user on tickets (user_id);
create index tickets_created_at on tickets (kind, created_at, id);
create index tickets_expire_at on tickets (kind, expire_at);
