-- Money: the ledger, the wallets that follow it, purchases of coins, payouts, and requests made only once.

-- Every account is of one currency. Those of users have a balance in `user_wallets`; the others are summed from
-- the ledger, because a row that everybody updates would make everybody wait.
create type ledger_account as enum (
    -- coins
    'coins',            -- a user's
    'coin_sales',       -- sold, less taken back
    'coin_adjustments', -- given, less taken
    'call_revenue',     -- spent on calls
    -- earnings
    'withdrawable',     -- a user's, free to be withdrawn
    'pending',          -- a user's, on their way out
    'withdrawn',        -- a user's, paid out
    'call_costs',       -- owed to listeners for calls
    'earning_adjustments'
);

create type ledger_kind as enum (
    'recharge', 'refund', 'coin_adjustment',
    'call_charge', 'call_earning', 'earning_adjustment',
    'withdrawal_request', 'withdrawal_payment', 'withdrawal_rejection'
);

-- Double entry: one row is both sides of a movement, so that no sum can be anything but zero.
create table ledger_transfers (
    transfer_id  bigint generated always as identity primary key,
    kind         ledger_kind not null,
    debit        ledger_account not null,
    credit       ledger_account not null,
    -- Whose account it touches; the other side is the platform's, or the same user's.
    user_id      bigint not null,
    amount       bigint not null check (amount > 0),
    -- The call, payment, withdrawal or adjustment that it belongs to.
    reference_id bigint not null,
    -- The minute of a call, from 1; a refund's number.
    part         integer not null default 0 check (part >= 0),
    created_at   timestamptz not null,
    constraint ledger_kind_accounts check (
        (kind, debit, credit) in (
            ('recharge', 'coin_sales', 'coins'),
            ('refund', 'coins', 'coin_sales'),
            ('coin_adjustment', 'coin_adjustments', 'coins'),
            ('coin_adjustment', 'coins', 'coin_adjustments'),
            ('call_charge', 'coins', 'call_revenue'),
            ('call_earning', 'call_costs', 'withdrawable'),
            ('earning_adjustment', 'earning_adjustments', 'withdrawable'),
            ('earning_adjustment', 'withdrawable', 'earning_adjustments'),
            ('withdrawal_request', 'withdrawable', 'pending'),
            ('withdrawal_payment', 'pending', 'withdrawn'),
            ('withdrawal_rejection', 'pending', 'withdrawable')
        )
    ),
    -- A minute is billed once, a payment credited once, a withdrawal paid once: whoever asks, after any crash.
    constraint ledger_transfers_once unique (kind, reference_id, part)
);

create index ledger_transfers_user on ledger_transfers (user_id, transfer_id);

create table user_wallets (
    user_id        bigint primary key references users,
    balance_coins  bigint not null default 0 check (balance_coins >= 0),
    -- Every coin ever credited; less the balance, every coin ever spent.
    coins_credited bigint not null default 0,
    withdrawable   bigint not null default 0 check (withdrawable >= 0),
    pending        bigint not null default 0 check (pending >= 0),
    withdrawn      bigint not null default 0 check (withdrawn >= 0),
    check (coins_credited >= balance_coins)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

insert into user_wallets (user_id) select user_id from users;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is not allowed', lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger ledger_is_append_only
    before update or delete on ledger_transfers
    for each row execute function refuse_change();

create trigger ledger_is_not_truncated
    before truncate on ledger_transfers
    for each statement execute function refuse_change();

-- A wallet follows the ledger, and moves by nothing else.
create trigger wallets_begin_empty
    before insert on user_wallets
    for each row
    when (new.balance_coins <> 0 or new.coins_credited <> 0 or new.withdrawable <> 0 or new.pending <> 0
          or new.withdrawn <> 0)
    execute function refuse_change();

create trigger wallets_move_by_the_ledger
    before update or delete on user_wallets
    for each row
    when (pg_trigger_depth() = 0)
    execute function refuse_change();

create trigger wallets_are_not_truncated
    before truncate on user_wallets
    for each statement execute function refuse_change();

-- Whoever inserts several users' transfers locks their wallets in the order of ids first.
create function ledger_move_wallets() returns trigger language plpgsql as $$
declare
    moved integer;
    meant integer;
begin
    with sides as (
        select user_id, debit as account, -amount as amount from added
        union all
        select user_id, credit, amount from added
    ),
    sums as (
        select user_id,
               coalesce(sum(amount) filter (where account = 'coins'), 0)::bigint as coins,
               coalesce(sum(amount) filter (where account = 'coins' and amount > 0), 0)::bigint as credited,
               coalesce(sum(amount) filter (where account = 'withdrawable'), 0)::bigint as withdrawable,
               coalesce(sum(amount) filter (where account = 'pending'), 0)::bigint as pending,
               coalesce(sum(amount) filter (where account = 'withdrawn'), 0)::bigint as withdrawn
        from sides
        group by user_id
    ),
    changed as (
        update user_wallets w
        set balance_coins  = w.balance_coins + s.coins,
            coins_credited = w.coins_credited + s.credited,
            withdrawable   = w.withdrawable + s.withdrawable,
            pending        = w.pending + s.pending,
            withdrawn      = w.withdrawn + s.withdrawn
        from sums s
        where w.user_id = s.user_id
        returning 1
    )
    select (select count(*) from changed), (select count(*) from sums) into moved, meant;
    if moved <> meant then
        raise exception 'a transfer names a user without a wallet' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;

create trigger ledger_moves_wallets
    after insert on ledger_transfers
    referencing new table as added
    for each statement execute function ledger_move_wallets();

-- Both sides of every transfer, as an accountant reads them; platform accounts have no user.
create view ledger_postings as
select transfer_id, kind, debit as account,
       case when debit in ('coins', 'withdrawable', 'pending', 'withdrawn') then user_id end as user_id,
       case when debit in ('coins', 'coin_sales', 'coin_adjustments', 'call_revenue') then 'coins' else 'earnings' end
           as currency,
       -amount as amount, reference_id, part, created_at
from ledger_transfers
union all
select transfer_id, kind, credit,
       case when credit in ('coins', 'withdrawable', 'pending', 'withdrawn') then user_id end,
       case when credit in ('coins', 'coin_sales', 'coin_adjustments', 'call_revenue') then 'coins' else 'earnings' end,
       amount, reference_id, part, created_at
from ledger_transfers;

-- A user's view of the ledger: what came into the wallet and what left it.
create view user_transactions as
select transfer_id as transaction_id,
       user_id,
       case kind
           when 'recharge' then 'recharge'
           when 'refund' then 'refund'
           when 'call_charge' then 'call_charge'
           when 'call_earning' then 'call_earning'
           when 'withdrawal_request' then 'withdrawal'
           when 'withdrawal_rejection' then 'withdrawal_reversal'
           else 'adjustment'
       end as tx_type,
       case when debit = 'coins' or credit = 'coins' then 'coins' else 'earnings' end as currency,
       case when debit in ('coins', 'withdrawable') then -amount else amount end as amount,
       case when kind in ('call_charge', 'call_earning') then reference_id end as call_id,
       case when kind in ('call_charge', 'call_earning') then part end as minute,
       created_at
from ledger_transfers
where kind <> 'withdrawal_payment';

-- What the ledger says of each call, for the proof.
create view ledger_calls as
select reference_id as call_id,
       count(*) filter (where kind = 'call_charge') as minutes,
       coalesce(sum(amount) filter (where kind = 'call_charge'), 0)::bigint as coins,
       coalesce(sum(amount) filter (where kind = 'call_earning'), 0)::bigint as earnings,
       min(user_id) filter (where kind = 'call_charge') as payer_id,
       min(user_id) filter (where kind = 'call_earning') as payee_id,
       max(part) as last_minute
from ledger_transfers
where kind in ('call_charge', 'call_earning')
group by reference_id;

-- Purchases of coins.
create table payments (
    payment_id          bigint generated always as identity primary key,
    user_id             bigint not null references users,
    provider            text not null check (provider in ('sandbox', 'razorpay')),
    amount_paise        bigint not null check (amount_paise > 0),
    coins               bigint not null check (coins > 0),
    payment_method      text,
    status              text not null check (status in ('pending', 'paid', 'failed', 'refunded')),
    provider_order_id   text,
    provider_payment_id text,
    refunded_paise      bigint not null default 0 check (refunded_paise between 0 and amount_paise),
    -- Less than the refund's share where the coins were spent already.
    coins_taken_back    bigint not null default 0 check (coins_taken_back between 0 and coins),
    created_at          timestamptz not null,
    paid_at             timestamptz,
    constraint payments_order unique (provider, provider_order_id),
    -- The app's word and the webhook's are one payment.
    constraint payments_once unique (provider, provider_payment_id),
    check ((paid_at is not null) = (status in ('paid', 'refunded')))
);

create index payments_user on payments (user_id, payment_id);

-- Where a listener is paid; sealed by the server's key.
create table payout_details (
    user_id    bigint primary key references users,
    sealed     bytea not null,
    -- Enough to recognise it by, and no more.
    masked     text not null,
    updated_at timestamptz not null
);

create table withdrawals (
    withdrawal_id bigint generated always as identity primary key,
    user_id       bigint not null references users,
    amount        bigint not null check (amount > 0),
    amount_paise  bigint not null check (amount_paise > 0),
    status        text not null check (status in ('requested', 'approved', 'paid', 'rejected')),
    -- As they were at the request: a later change does not send the money elsewhere.
    sealed        bytea not null,
    masked        text not null,
    remarks       text,
    created_at    timestamptz not null,
    decided_by    bigint references users,
    decided_at    timestamptz,
    paid_by       bigint references users,
    paid_at       timestamptz,
    -- The bank's own word for it.
    payout_reference text,
    check ((status = 'requested') = (decided_at is null)),
    check ((status = 'paid') = (paid_at is not null))
);

create index withdrawals_user on withdrawals (user_id, withdrawal_id);
create index withdrawals_open on withdrawals (withdrawal_id) where status in ('requested', 'approved');

-- Answers of requests that bore an `Idempotency-Key`, written by the transaction that did what they say.
create table idempotency_keys (
    user_id      bigint not null references users,
    key          text not null,
    -- SHA-256 of method, path and body.
    request_hash bytea not null check (octet_length(request_hash) = 32),
    status       smallint not null,
    body         bytea not null,
    created_at   timestamptz not null,
    primary key (user_id, key)
);

create index idempotency_keys_age on idempotency_keys (created_at);
