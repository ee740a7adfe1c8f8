-- Refunds of purchases, details of payouts that are kept no longer than they are needed, and what the ledger says of
-- both.

-- A refund may be told before the payment that it refunds: then it waits for it.
create table payment_refunds (
    provider            text not null,
    provider_refund_id  text not null,
    payment_id          bigint not null references payments,
    -- The attempt that it gives back; another one than that which paid takes no coins.
    provider_payment_id text not null,
    amount_paise        bigint not null check (amount_paise > 0),
    created_at          timestamptz not null,
    -- Of this payment, from 1, in the order of taking back; none while the payment is not paid.
    part                integer check (part > 0),
    -- Less than its share where the coins were spent already.
    coins_taken_back    bigint check (coins_taken_back >= 0),
    primary key (provider, provider_refund_id),
    constraint payment_refunds_part unique (payment_id, part),
    check ((part is null) = (coins_taken_back is null))
);

-- Once the money is sent or refused, nobody needs to know where it would have gone.
alter table withdrawals alter column sealed drop not null;
alter table withdrawals add check ((status in ('requested', 'approved')) = (sealed is not null));
-- Nobody pays what nobody approved.
alter table withdrawals add check ((paid_at is null) = (paid_by is null));

-- What the ledger says of each payment, for the proof.
create view ledger_payments as
select reference_id as payment_id,
       min(user_id) as user_id,
       count(distinct user_id) as users,
       coalesce(sum(amount) filter (where kind = 'recharge'), 0)::bigint as credited,
       coalesce(sum(amount) filter (where kind = 'refund'), 0)::bigint as taken_back
from ledger_transfers
where kind in ('recharge', 'refund')
group by reference_id;

-- What the ledger says of each withdrawal, for the proof.
create view ledger_withdrawals as
select reference_id as withdrawal_id,
       min(user_id) as user_id,
       count(distinct user_id) as users,
       coalesce(sum(amount) filter (where kind = 'withdrawal_request'), 0)::bigint as held,
       coalesce(sum(amount) filter (where kind = 'withdrawal_payment'), 0)::bigint as paid,
       coalesce(sum(amount) filter (where kind = 'withdrawal_rejection'), 0)::bigint as released
from ledger_transfers
where kind in ('withdrawal_request', 'withdrawal_payment', 'withdrawal_rejection')
group by reference_id;
