-- Calls, their ratings, and who may be called.

-- Set by the review of an audio sample.
alter table users add column verified_at timestamptz;

create table calls (
    call_id        bigint generated always as identity primary key,
    caller_id      bigint not null references users,
    listener_id    bigint not null references users,
    call_type      text not null check (call_type in ('audio', 'video')),
    status         text not null default 'ongoing' check (status in ('ongoing', 'completed', 'dropped')),
    -- The terms of its first moment hold to its last.
    rate_coins     bigint not null check (rate_coins > 0),
    rate_earnings  bigint not null check (rate_earnings >= 0),
    minute_seconds integer not null check (minute_seconds > 0),
    start_time     timestamptz not null,
    end_time       timestamptz,
    minutes_billed integer not null check (minutes_billed > 0),
    -- When the first unbilled minute begins.
    next_minute_at timestamptz not null,
    end_cause      text,
    ended_by       bigint references users,
    -- What the app said; it changes nothing.
    end_reason     text,
    check (caller_id <> listener_id),
    check ((status = 'ongoing') = (end_time is null)),
    check ((status = 'ongoing') = (end_cause is null)),
    check (end_time >= start_time),
    check (next_minute_at = start_time + minutes_billed * minute_seconds * interval '1 second')
) with (fillfactor = 70);

-- One call at a time, on either side.
create unique index calls_ongoing_caller on calls (caller_id) where status = 'ongoing';
create unique index calls_ongoing_listener on calls (listener_id) where status = 'ongoing';
create index calls_due on calls (next_minute_at) where status = 'ongoing';
create index calls_of_caller on calls (caller_id, call_id);
create index calls_of_listener on calls (listener_id, call_id);

-- Whom a call keeps busy; also across the two sides, which no index on `calls` can see.
alter table presence add column call_id bigint;
create index presence_in_call on presence (call_id) where call_id is not null;

create table call_ratings (
    call_id     bigint primary key references calls,
    caller_id   bigint not null references users,
    listener_id bigint not null references users,
    rating      smallint not null check (rating between 1 and 5),
    created_at  timestamptz not null
);

create table listener_ratings (
    listener_id  bigint primary key references users,
    rating_count bigint not null check (rating_count > 0),
    rating_sum   bigint not null
);
