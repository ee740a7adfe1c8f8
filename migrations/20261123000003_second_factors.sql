-- The second factor of those who work at the dashboard: a code of their phone's app (TOTP, RFC 6238).

create table second_factors (
    user_id       bigint primary key references users,
    -- The shared secret, sealed by the server's key.
    sealed        bytea not null,
    -- Until then it asks nobody for anything.
    confirmed_at  timestamptz,
    -- The time step of the last code that was taken: a code is good once.
    last_step     bigint not null default 0,
    -- SHA-256 of those that are left.
    recovery_hashes bytea[] not null default '{}',
    -- Wrong codes since the last right one.
    failures      integer not null default 0 check (failures >= 0),
    locked_until  timestamptz
);
