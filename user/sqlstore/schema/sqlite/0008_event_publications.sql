-- What it takes to tell others of an event: what the change consisted of, who is behind
-- it, and the user as it left them, until the event is published. Events of before
-- are not told any more.
alter table user_events add column changes text not null default '';
alter table user_events add column origin text not null default ''; -- JSON
alter table user_events add column snapshot text not null default ''; -- JSON
alter table user_events add column external_id text not null default ''; -- of a user who was deleted
alter table user_events add column published_at integer not null default 0;

update user_events set published_at = 1;

create index user_events_unpublished on user_events (seq) where published_at = 0;
