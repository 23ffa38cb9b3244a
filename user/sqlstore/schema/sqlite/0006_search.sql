-- What users are searched and ordered by beside their own row, in lower case: one row a
-- user, written with the user. It is a table of its own so that a visit, which changes
-- last_active_at, writes nothing of the index of substrings again.
create table user_search (
	seq integer primary key autoincrement, -- the order in which users were stored
	user_id text not null references users (id) on delete cascade,
	id_text text not null, -- the id without "user_"
	name text not null, -- first name, blank, last name
	email_addresses text not null, -- the keys of all, one a line
	phone_numbers text not null, -- the keys of all, one a line
	username text not null,
	primary_email_address text not null,
	primary_phone_number text not null
) strict;

create unique index user_search_user on user_search (user_id);
create index user_search_email_address on user_search (primary_email_address, user_id);
create index user_search_phone_number on user_search (primary_phone_number, user_id);
create index user_search_username on user_search (username, user_id);

insert into user_search (user_id, id_text, name, email_addresses, phone_numbers, username, primary_email_address, primary_phone_number)
select u.id, lower(substr(u.id, 6)), u.name_key,
	coalesce((select group_concat(i.key, char(10)) from (select key from identifications where user_id = u.id and kind = 'email_address' order by position) i), ''),
	coalesce((select group_concat(i.key, char(10)) from (select key from identifications where user_id = u.id and kind = 'phone_number' order by position) i), ''),
	coalesce((select i.key from identifications i where i.user_id = u.id and i.kind = 'username'), ''),
	coalesce((select i.key from identifications i where i.id = u.primary_email_address_id), ''),
	coalesce((select i.key from identifications i where i.id = u.primary_phone_number_id), '')
from users u
order by u.created_at, u.id;

-- Substrings of three characters or more. It keeps no text of its own; triggers keep it
-- right, those of a user who goes with the row included.
create virtual table user_search_trigrams using fts5 (
	id_text, name, email_addresses, phone_numbers, username,
	content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
);

insert into user_search_trigrams (rowid, id_text, name, email_addresses, phone_numbers, username)
select seq, id_text, name, email_addresses, phone_numbers, username from user_search;

create trigger user_search_inserted after insert on user_search begin
	insert into user_search_trigrams (rowid, id_text, name, email_addresses, phone_numbers, username)
	values (new.seq, new.id_text, new.name, new.email_addresses, new.phone_numbers, new.username);
end;

create trigger user_search_updated after update on user_search begin
	update user_search_trigrams set id_text = new.id_text, name = new.name, email_addresses = new.email_addresses,
		phone_numbers = new.phone_numbers, username = new.username
	where rowid = new.seq;
end;

create trigger user_search_deleted after delete on user_search begin
	delete from user_search_trigrams where rowid = old.seq;
end;

create index users_updated_at on users (updated_at, id);
create index users_last_active_at on users (last_active_at, id);
create index users_last_sign_in_at on users (last_sign_in_at, id);
create index users_first_name on users (first_name, id);
create index users_last_name on users (last_name, id);
create index users_banned on users (created_at, id) where banned;
