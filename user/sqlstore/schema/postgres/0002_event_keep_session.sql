-- The session that an event user.sessions.end lets go on.
alter table user_events add column keep_session text collate "C" not null default '';
