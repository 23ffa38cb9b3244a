-- Tickets by which somebody acts as a user: who, and for how long at most.
alter table tickets add column actor text not null default ''; -- JSON, '' if it is no actor token's
alter table tickets add column session_life bigint not null default 0; -- in milliseconds, 0: the instance's
