-- Secret keys of the Backend API that operators made. Those of the configuration have no
-- row here, only one in secret_key_uses.
create table secret_keys (
	id text not null primary key,
	hash text not null, -- SHA-256 of the whole key, in hex
	label text not null,
	hint text not null,
	created_at integer not null,
	expires_at integer not null, -- 0: never
	revoked_at integer not null  -- 0: not revoked
) strict;

create unique index secret_keys_hash on secret_keys (hash);
create index secret_keys_created_at on secret_keys (created_at, id);

create table secret_key_uses (
	id text not null primary key,
	used_at integer not null
) strict;
