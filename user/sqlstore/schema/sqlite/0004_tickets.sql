-- Sign-in tokens and invitations. Deleting a user takes their tokens along, and the
-- invitation that they accepted.
create table tickets (
	id text not null primary key,
	kind text not null,
	hash text not null, -- SHA-256 of the secret, in hex
	status text not null,
	user_id text references users (id) on delete cascade, -- null for an invitation that nobody accepted
	email_address text not null,
	email_key text not null,
	public_metadata text not null, -- JSON
	redirect_url text not null,
	sole integer not null,
	expire_at integer not null,
	created_at integer not null,
	updated_at integer not null
) strict;

create unique index tickets_hash on tickets (hash);
create unique index tickets_sole on tickets (email_key) where sole and status = 'pending';
create index tickets_email_key on tickets (email_key);
create index tickets_user on tickets (user_id);
create index tickets_created_at on tickets (kind, created_at, id);
create index tickets_expire_at on tickets (kind, expire_at);
