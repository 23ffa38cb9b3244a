-- What the instance keeps to itself, sealed with an encryption key.
create table instance_secrets (
  name text primary key,
  sealed bytea not null
);
