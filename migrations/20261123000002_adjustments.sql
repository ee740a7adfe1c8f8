-- Coins or earnings that admins give and take by hand, large ones with a second admin.

create table adjustments (
    adjustment_id bigint generated always as identity primary key,
    user_id       bigint not null references users,
    currency      text not null check (currency in ('coins', 'earnings')),
    -- Given; taken where it is negative.
    amount        bigint not null check (amount <> 0),
    reason        text not null,
    status        text not null check (status in ('pending', 'applied', 'rejected')),
    -- Whether it was so large that somebody else had to apply it.
    needs_second  boolean not null,
    -- Of the form: one that is sent twice is one adjustment.
    form_key      text not null,
    requested_by  bigint not null references users,
    requested_at  timestamptz not null,
    decided_by    bigint references users,
    decided_at    timestamptz,
    constraint adjustments_once unique (requested_by, form_key),
    constraint adjustments_not_own check (requested_by <> user_id and decided_by <> user_id),
    constraint adjustments_second_admin check (
        not (status = 'applied' and needs_second and decided_by = requested_by)
    ),
    check ((status = 'pending') = (decided_at is null)),
    check ((decided_at is null) = (decided_by is null))
);

create index adjustments_user on adjustments (user_id, adjustment_id);
create index adjustments_pending on adjustments (adjustment_id) where status = 'pending';

-- What the ledger says of each adjustment, for the proof.
create view ledger_adjustments as
select reference_id as adjustment_id,
       min(user_id) as user_id,
       count(*) as transfers,
       coalesce(sum(case when debit = 'coins' then -amount else amount end)
                filter (where kind = 'coin_adjustment'), 0)::bigint as coins,
       coalesce(sum(case when debit = 'withdrawable' then -amount else amount end)
                filter (where kind = 'earning_adjustment'), 0)::bigint as earnings
from ledger_transfers
where kind in ('coin_adjustment', 'earning_adjustment')
group by reference_id;
