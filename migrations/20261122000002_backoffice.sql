-- Sessions of the dashboard, and what its overview counts by.

-- A login on the dashboard is a row of `auth_sessions` like any other (who, since when, until when, from where),
-- so that whatever ends a user's logins ends it too; its proof is a cookie instead of tokens.
create table admin_sessions (
    session_id   bigint primary key references auth_sessions on delete cascade,
    -- SHA-256 of the cookie.
    token_hash   bytea not null unique check (octet_length(token_hash) = 32),
    last_used_at timestamptz not null
);

create index users_registered on users (created_at desc, user_id desc) where deleted_at is null;
