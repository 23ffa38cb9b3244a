-- What was never filled held URLs; users name their picture by its id.
alter table users rename column image_url to image_id;

-- At most one picture a user, gone with it. The id is in the picture's URL.
create table user_images (
	id text collate "C" not null primary key,
	user_id text collate "C" not null references users (id) on delete cascade,
	type text collate "C" not null, -- a media type
	content bytea not null
);

create unique index user_images_user on user_images (user_id);
