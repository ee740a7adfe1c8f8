-- Who people are, their logins, their presence, and the feed's read model.

create table users (
    user_id            bigint generated always as identity primary key,
    -- E.164; null once the person is deleted
    phone              text unique,
    username           text not null,
    sex                text not null check (sex in ('female', 'male', 'other')),
    dob                date,
    bio                text,
    interests          text[] not null default '{}',
    profile_image_url  text,
    preferred_language text,
    country            text,
    rating             double precision not null default 0 check (rating between 0 and 5),
    roles              text[] not null check (roles <@ array['user', 'listener', 'admin'] and cardinality(roles) > 0),
    -- Raised by everything that changes what the user's tokens may do. A token bears the version it was signed
    -- under and dies with it; a session that still lives gets a new token by refreshing.
    access_version     integer not null default 1,
    created_at         timestamptz not null,
    deleted_at         timestamptz,
    check ((deleted_at is null) = (phone is not null))
);

-- `Alice` and `alice` are one name.
create unique index users_username_key on users (lower(username));

create table auth_sessions (
    session_id bigint generated always as identity primary key,
    user_id    bigint not null references users,
    -- The refresh token of this generation is the live one; tokens are derived, never stored.
    generation integer not null default 1,
    created_at timestamptz not null,
    rotated_at timestamptz not null,
    -- The end of the login however often it is refreshed.
    expires_at timestamptz not null,
    ended_at   timestamptz,
    end_reason text check (end_reason in ('logout', 'token_reused', 'deleted', 'suspended')),
    user_agent text,
    address    text,
    check ((ended_at is null) = (end_reason is null))
);

create index auth_sessions_live on auth_sessions (user_id) where ended_at is null;
create index auth_sessions_expiry on auth_sessions (expires_at);

-- Every row is rewritten twice a minute by heartbeats: room on the page and no index on `last_seen` keep
-- that a heap-only update.
create table presence (
    user_id      bigint primary key references users,
    is_online    boolean not null default false,
    last_seen    timestamptz not null,
    is_busy      boolean not null default false,
    busy_until   timestamptz,
    -- Counts what others were told, so that a late frame never overtakes a newer one.
    revision     bigint not null default 0,
    announced_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create index presence_online on presence (user_id) where is_online;
create index presence_busy_until on presence (busy_until) where is_busy and busy_until is not null;

-- The feed's read model: what the feed sorts and filters by, so that a page is one index range and no join.
-- Triggers keep it, so that no writer of `users` or `presence` can forget it.
create table feed_listeners (
    user_id   bigint primary key references users,
    -- 2 available, 1 online and busy, 0 offline
    tier      smallint not null,
    rating    double precision not null,
    language  text,
    interests text[] not null
) with (fillfactor = 80);

create index feed_listeners_order on feed_listeners (tier desc, rating desc, user_id);

create function feed_tier(is_online boolean, is_busy boolean) returns smallint
    language sql immutable
    return (case when not is_online then 0 when is_busy then 1 else 2 end)::smallint;

create function feed_follow_users() returns trigger language plpgsql as $$
begin
    if new.deleted_at is not null or not ('listener' = any (new.roles)) then
        delete from feed_listeners where user_id = new.user_id;
    else
        insert into feed_listeners (user_id, tier, rating, language, interests)
        values (
            new.user_id,
            coalesce((select feed_tier(p.is_online, p.is_busy) from presence p where p.user_id = new.user_id), 0),
            new.rating,
            lower(new.preferred_language),
            array(select lower(i) from unnest(new.interests) i)
        )
        on conflict (user_id) do update
        set rating = excluded.rating, language = excluded.language, interests = excluded.interests;
    end if;
    return null;
end $$;

create trigger feed_follow_users
    after insert or update of rating, preferred_language, interests, roles, deleted_at on users
    for each row execute function feed_follow_users();

create function feed_follow_presence() returns trigger language plpgsql as $$
begin
    update feed_listeners
    set tier = feed_tier(new.is_online, new.is_busy)
    where user_id = new.user_id;
    return null;
end $$;

create trigger feed_follow_presence_insert
    after insert on presence
    for each row execute function feed_follow_presence();

create trigger feed_follow_presence_update
    after update of is_online, is_busy on presence
    for each row
    when (old.is_online is distinct from new.is_online or old.is_busy is distinct from new.is_busy)
    execute function feed_follow_presence();
