-- Who signed in on a client, the last of them last, with blanks between.
alter table clients add column known_user_ids text not null default '';
