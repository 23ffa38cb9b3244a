-- The one row that says what this database belongs to, and who runs which job.
create table instance (
  id integer primary key check (id = 1),
  instance_id text not null,
  environment text not null check (environment in ('development', 'production')),
  created_at bigint not null
);

create table job_leases (
  name text primary key,
  holder text not null,
  expire_at bigint not null
);
