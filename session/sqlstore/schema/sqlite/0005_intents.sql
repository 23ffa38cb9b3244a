-- What is about to happen to sessions, which may lie elsewhere: told of and dropped once
-- it is known what came of it.
create table session_intents (
	id text not null primary key,
	begins integer not null,
	session_id text not null, -- '' for all of the user's
	user_id text not null,
	made_at integer not null, -- Unix milliseconds
	origin text not null -- JSON
) strict;

create index session_intents_made_at on session_intents (made_at);
