-- Who may look at the dashboard and change nothing, and what people are found by.

-- Not a word in `roles`: apps read those strictly, and none needs to know of this.
alter table users add column is_viewer boolean not null default false;

-- The few who work here; the last admin is counted under a lock on these rows.
create index users_at_work on users (user_id) where 'admin' = any (roles) or is_viewer;

-- A name is searched by how it begins, in any case, and sorted by the same index.
create index users_by_name on users ((lower(username)) collate "C", user_id) where deleted_at is null;
create index users_by_country on users (country) where country is not null;
create index users_by_language on users (preferred_language) where preferred_language is not null;
create index users_by_rating on users (rating desc, user_id desc) where deleted_at is null;

-- Charts and histories go by the time of the call.
create index calls_started on calls (start_time);
