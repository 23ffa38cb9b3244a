-- What the instance keeps to itself, sealed with an encryption key.
create table instance_secrets (
  name text primary key,
  sealed blob not null
) strict;
