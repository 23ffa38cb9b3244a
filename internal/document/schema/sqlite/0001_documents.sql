-- What operators change while servers run, as JSON: a row for each document.
create table instance_documents (
  name text primary key,
  version integer not null check (version > 0),
  body text not null,
  updated_at integer not null
) strict;
