-- What a user has beside a password. TOTP secrets are encrypted, bound to their user; of
-- backup codes there are digests, one a line.
alter table users add column timezone text not null default '';
alter table users add column password_compromised integer not null default 0;
alter table users add column totp_secret text not null default '';
alter table users add column totp_used_step integer not null default 0;
alter table users add column backup_codes text not null default '';
