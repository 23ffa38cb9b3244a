-- The one row that says what this database belongs to, and who runs which job.
create table instance (
  id integer primary key check (id = 1),
  instance_id text not null,
  environment text not null check (environment in ('development', 'production')),
  created_at integer not null
) strict;

create table job_leases (
  name text primary key,
  holder text not null,
  expire_at integer not null
) strict;
