-- What users are searched and ordered by beside their own row, in lower case: one row a
-- user, written with the user. It is a table of its own so that a visit, which changes
-- last_active_at, writes nothing of the index of substrings again.
create table user_search (
	seq bigint generated always as identity primary key, -- the order in which users were stored
	user_id text collate "C" not null references users (id) on delete cascade,
	id_text text collate "C" not null, -- the id without "user_"
	name text collate "C" not null, -- first name, blank, last name
	email_addresses text collate "C" not null, -- the keys of all, one a line
	phone_numbers text collate "C" not null, -- the keys of all, one a line
	username text collate "C" not null,
	primary_email_address text collate "C" not null,
	primary_phone_number text collate "C" not null
);

create unique index user_search_user on user_search (user_id);
create index user_search_email_address on user_search (primary_email_address, user_id);
create index user_search_phone_number on user_search (primary_phone_number, user_id);
create index user_search_username on user_search (username, user_id);

insert into user_search (user_id, id_text, name, email_addresses, phone_numbers, username, primary_email_address, primary_phone_number)
select u.id, lower(substr(u.id, 6)), u.name_key,
	coalesce((select string_agg(i.key, chr(10) order by i.position) from identifications i where i.user_id = u.id and i.kind = 'email_address'), ''),
	coalesce((select string_agg(i.key, chr(10) order by i.position) from identifications i where i.user_id = u.id and i.kind = 'phone_number'), ''),
	coalesce((select i.key from identifications i where i.user_id = u.id and i.kind = 'username'), ''),
	coalesce((select i.key from identifications i where i.id = u.primary_email_address_id), ''),
	coalesce((select i.key from identifications i where i.id = u.primary_phone_number_id), '')
from users u
order by u.created_at, u.id;

-- Substrings are found by the extension pg_trgm. Where the server has none, or this role
-- may not create one, searches read every user, and `gatehouse doctor` says so.
do $$
declare
	home text;
begin
	begin
		create extension if not exists pg_trgm;
	exception when others then
		raise warning 'no index of substrings: %', sqlerrm;
	end;
	-- The extension may lie in a schema that this connection does not look into.
	select n.nspname into home from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace where c.opcname = 'gin_trgm_ops';
	if home is not null then
		execute format(
			'create index user_search_trigrams on user_search using gin '
			'(id_text %1$I.gin_trgm_ops, name %1$I.gin_trgm_ops, email_addresses %1$I.gin_trgm_ops, '
			'phone_numbers %1$I.gin_trgm_ops, username %1$I.gin_trgm_ops)', home);
	end if;
end
$$;

create index users_updated_at on users (updated_at, id);
create index users_last_active_at on users (last_active_at, id);
create index users_last_sign_in_at on users (last_sign_in_at, id);
create index users_first_name on users (first_name, id);
create index users_last_name on users (last_name, id);
create index users_banned on users (created_at, id) where banned;
