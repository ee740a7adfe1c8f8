-- Trust between people: blocks, favorites, reports, suspensions, and the record of what admins did.

create table blocks (
    blocker_id bigint not null references users,
    blocked_id bigint not null references users,
    reason     text,
    created_at timestamptz not null,
    primary key (blocker_id, blocked_id),
    check (blocker_id <> blocked_id)
);

-- A block works both ways: whom one must not see is one range of each index.
create index blocks_of_blocked on blocks (blocked_id, blocker_id);
create index blocks_newest on blocks (blocker_id, created_at desc, blocked_id desc);

create table favorites (
    user_id     bigint not null references users,
    listener_id bigint not null references users,
    created_at  timestamptz not null,
    primary key (user_id, listener_id),
    check (user_id <> listener_id)
);

create index favorites_newest on favorites (user_id, created_at desc, listener_id desc);
create index favorites_of_listener on favorites (listener_id);

create table reports (
    report_id   bigint generated always as identity primary key,
    reporter_id bigint not null references users,
    reported_id bigint not null references users,
    -- The evidence; between the two.
    call_id     bigint references calls,
    reason      text not null check (char_length(reason) between 1 and 1000),
    status      text not null default 'open' check (status in ('open', 'resolved', 'dismissed')),
    created_at  timestamptz not null,
    decided_by  bigint references users,
    decided_at  timestamptz,
    remarks     text,
    check (reporter_id <> reported_id),
    check ((status = 'open') = (decided_at is null)),
    check ((decided_by is null) = (decided_at is null))
);

-- Said twice while nobody has looked, it is one report.
create unique index reports_open_once on reports (reporter_id, reported_id, coalesce(call_id, 0)) where status = 'open';
create index reports_queue on reports (status, report_id);
create index reports_of_reporter on reports (reporter_id, report_id);

alter table users
    -- Cleared when the suspension is lifted, or has run out.
    add column suspended_at      timestamptz,
    -- Null: until somebody lifts it.
    add column suspended_until   timestamptz,
    -- Told to the person.
    add column suspension_reason text,
    add constraint users_suspension check (
        (suspended_at is null) = (suspension_reason is null)
        and (suspended_until is null or suspended_until > suspended_at)
    );

create index users_suspended_until on users (suspended_until) where suspended_until is not null;

-- Nobody suspended is listed, whoever writes the read model.
create function feed_refuse_suspended() returns trigger language plpgsql as $$
begin
    if exists (select from users where user_id = new.user_id and suspended_at is not null) then
        return null;
    end if;
    return new;
end $$;

create trigger feed_refuse_suspended
    before insert on feed_listeners
    for each row execute function feed_refuse_suspended();

create function feed_follow_suspension() returns trigger language plpgsql as $$
begin
    if new.suspended_at is null then
        -- The trigger that follows `roles` lists them again, by its own rules.
        update users set roles = roles where user_id = new.user_id;
    else
        delete from feed_listeners where user_id = new.user_id;
    end if;
    return null;
end $$;

create trigger feed_follow_suspension
    after update of suspended_at on users
    for each row
    when ((old.suspended_at is null) <> (new.suspended_at is null))
    execute function feed_follow_suspension();

-- Favorites as their owner sees them: no longer a listener, suspended or across a block is left out.
create view visible_favorites as
select f.user_id, f.listener_id, f.created_at
from favorites f
join users u on u.user_id = f.listener_id
where 'listener' = any (u.roles)
  and u.deleted_at is null
  and u.suspended_at is null
  and not exists (select from blocks b where b.blocker_id = f.user_id and b.blocked_id = f.listener_id)
  and not exists (select from blocks b where b.blocker_id = f.listener_id and b.blocked_id = f.user_id);

-- What was done by the power of a role, written by the transaction that did it.
create table audit_log (
    entry_id     bigint generated always as identity primary key,
    actor        text not null check (actor in ('admin', 'command_line', 'configuration')),
    actor_id     bigint references users,
    -- Like `user.suspend`.
    action       text not null,
    subject_kind text not null,
    subject_id   bigint not null,
    before       jsonb,
    after        jsonb,
    address      text,
    user_agent   text,
    created_at   timestamptz not null,
    check ((actor = 'admin') = (actor_id is not null))
);

create index audit_log_actor on audit_log (actor_id, entry_id);
create index audit_log_subject on audit_log (subject_kind, subject_id, entry_id);
create index audit_log_action on audit_log (action, entry_id);

create trigger audit_log_is_append_only
    before update or delete on audit_log
    for each row execute function refuse_change();

create trigger audit_log_is_not_truncated
    before truncate on audit_log
    for each statement execute function refuse_change();

-- A person's export reads what they gave and got.
create index call_ratings_given on call_ratings (caller_id, call_id);
create index call_ratings_received on call_ratings (listener_id, call_id);
