-- Audio samples, their review, and who is listed because of it.

create table verification_samples (
    sample_id    bigint generated always as identity primary key,
    listener_id  bigint not null references users,
    -- In the bucket; its URL is derived, because an endpoint may change.
    audio_key    text not null unique,
    content_type text not null,
    duration_ms  integer not null check (duration_ms > 0),
    -- `uploading` holds the listener's place while the object is being put; nobody sees it.
    status       text not null check (status in ('uploading', 'pending', 'approved', 'rejected')),
    remarks      text,
    uploaded_at  timestamptz not null,
    reviewed_at  timestamptz,
    reviewed_by  bigint references users,
    check ((status in ('approved', 'rejected')) = (reviewed_at is not null)),
    check ((reviewed_at is null) = (reviewed_by is null))
);

-- One sample at a time, from the moment its upload begins.
create unique index verification_waiting on verification_samples (listener_id) where status in ('uploading', 'pending');
create index verification_queue on verification_samples (sample_id) where status = 'pending';
create index verification_uploading on verification_samples (uploaded_at) where status = 'uploading';
create index verification_of_listener on verification_samples (listener_id, sample_id);

-- What has to leave the bucket, from this time on: an object, or with a slash at its end a folder.
create table verification_discards (
    path   text primary key,
    due_at timestamptz not null
);

create index verification_discards_due on verification_discards (due_at);

-- The feed lists the verified alone, where that is required. Each way of listing has its index.
alter table feed_listeners add column is_verified boolean not null default false;

update feed_listeners f
set is_verified = true
from users u
where u.user_id = f.user_id and u.verified_at is not null;

create index feed_listeners_verified_order on feed_listeners (tier desc, rating desc, user_id) where is_verified;

create or replace function feed_follow_users() returns trigger language plpgsql as $$
begin
    if new.deleted_at is not null or not ('listener' = any (new.roles)) then
        delete from feed_listeners where user_id = new.user_id;
    else
        insert into feed_listeners (user_id, tier, rating, language, interests, is_verified)
        values (
            new.user_id,
            coalesce((select feed_tier(p.is_online, p.is_busy) from presence p where p.user_id = new.user_id), 0),
            new.rating,
            lower(new.preferred_language),
            array(select lower(i) from unnest(new.interests) i),
            new.verified_at is not null
        )
        on conflict (user_id) do update
        set rating = excluded.rating, language = excluded.language, interests = excluded.interests,
            is_verified = excluded.is_verified;
    end if;
    return null;
end $$;

drop trigger feed_follow_users on users;

create trigger feed_follow_users
    after insert or update of rating, preferred_language, interests, roles, verified_at, deleted_at on users
    for each row execute function feed_follow_users();
