use std::collections::HashMap;

use chrono::{DateTime, Utc};
use saathii_admin_ui::{
    components::table::Part,
    pages::person::{Account, BlockLine, CallLine, Device, Person, PersonQuery, Posting, SampleLine, Seen, Wallet},
    pages::suspension::Suspended,
};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

use crate::{
    auth,
    backoffice::{error::PageError, session},
    calls::{self, CallRow},
    presence, ratings, reports, second_factor, social,
    state::AppState,
    users, verification, wallet,
};

const PER_PAGE: i64 = 20;
const SAMPLES: i64 = 20;
const DEVICES: i64 = 50;
const REPORTS: i64 = 20;
const BLOCKS: i64 = 50;

pub(in crate::backoffice) async fn read(app: &AppState, id: UserId, query: PersonQuery) -> Result<Person, PageError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let account = users::find_person(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let calls_part = Part::new(query.calls, PER_PAGE, calls::count_of(&mut db, id).await?);
    let calls = calls::page_of(&mut db, id, calls_part.offset(), PER_PAGE).await?;
    let call: Vec<CallRow> = calls::find_ongoing_of(&mut db, id).await?.into_iter().collect();
    let names = names_of(&mut db, calls.iter().chain(&call)).await?;
    let line = |row: &CallRow| call_line(row, id, &names, now);
    let postings_part = Part::new(query.postings, PER_PAGE, wallet::count_movements(&mut db, id).await?);
    let postings = wallet::list_movements(&mut db, id, postings_part.offset(), PER_PAGE).await?;
    let at_work = users::find_at_work(&mut db, id).await?;
    let factor = match at_work {
        Some(_) => Some(second_factor::is_enrolled(&mut db, id).await?),
        None => None,
    };
    let presence = presence::list(&mut db, &[id]).await?.pop();
    Ok(Person {
        now,
        presence: presence.map(|row| Seen { is_online: row.is_online, is_busy: row.is_busy, last_seen: row.last_seen }),
        call: call.first().map(line),
        wallet: wallet_of(wallet::find(&mut db, id).await?),
        calls: calls.iter().map(line).collect(),
        calls_part,
        postings: postings.into_iter().map(posting).collect(),
        postings_part,
        samples: list_samples(&mut db, id, SAMPLES).await?,
        rating_count: ratings::count_of(&mut db, id).await?,
        devices: list_devices(&mut db, id, now).await?,
        blocks: list_blocks(&mut db, id).await?,
        suspended: users::find_suspension(&mut db, id).await?.map(|row| Suspended {
            since: row.since,
            until: row.until,
            reason: row.reason,
        }),
        second_factor: factor,
        reports: reports::list_about(&mut db, id, REPORTS).await?,
        account: account_of(account),
    })
}

pub(in crate::backoffice) async fn name_of(app: &AppState, id: UserId) -> Result<String, PageError> {
    let mut db = app.db.acquire().await?;
    let profile = users::find_profile(&mut db, id).await?.ok_or_else(PageError::missing)?;
    Ok(profile.username)
}

/// A listener's samples, the newest first.
pub(in crate::backoffice) async fn list_samples(
    db: &mut PgConnection,
    listener: UserId,
    limit: i64,
) -> sqlx::Result<Vec<SampleLine>> {
    let rows = verification::list_of(db, listener, limit).await?;
    let line = |row: verification::SampleRow| SampleLine {
        id: row.sample_id,
        status: row.status,
        remarks: row.remarks,
        uploaded_at: row.uploaded_at,
        reviewed_at: row.reviewed_at,
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn list_devices(db: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> sqlx::Result<Vec<Device>> {
    let logins = auth::list_logins(db, id, now, DEVICES).await?;
    let sessions: Vec<_> = logins.iter().map(|login| login.session_id).collect();
    let used: HashMap<_, _> = session::last_used(db, &sessions).await?.into_iter().collect();
    let device = |login: auth::Login| Device {
        session: login.session_id,
        user_agent: login.user_agent,
        address: login.address,
        since: login.created_at,
        used_at: used.get(&login.session_id).copied().unwrap_or(login.rotated_at),
        is_dashboard: used.contains_key(&login.session_id),
    };
    Ok(logins.into_iter().map(device).collect())
}

async fn list_blocks(db: &mut PgConnection, id: UserId) -> sqlx::Result<Vec<BlockLine>> {
    let rows = social::list_around(db, id, BLOCKS).await?;
    let other = |row: &social::BlockBetween| if row.blocker_id == id { row.blocked_id } else { row.blocker_id };
    let others: Vec<UserId> = rows.iter().map(other).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &others).await?.into_iter().collect();
    let line = |row: social::BlockBetween| BlockLine {
        other: (other(&row), names.get(&other(&row)).cloned().unwrap_or_default()),
        is_by_them: row.blocker_id == id,
        reason: row.reason,
        at: row.created_at,
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn names_of<'a>(
    db: &mut PgConnection,
    calls: impl Iterator<Item = &'a CallRow>,
) -> sqlx::Result<HashMap<UserId, String>> {
    let people: Vec<UserId> = calls.flat_map(|call| [call.caller_id, call.listener_id]).collect();
    Ok(users::usernames(db, &people).await?.into_iter().collect())
}

fn call_line(call: &CallRow, of: UserId, names: &HashMap<UserId, String>, now: DateTime<Utc>) -> CallLine {
    let is_caller = call.caller_id == of;
    let other = if is_caller { call.listener_id } else { call.caller_id };
    CallLine {
        id: call.call_id,
        call_type: call.call_type,
        status: call.status,
        is_caller,
        other,
        other_name: names.get(&other).cloned().unwrap_or_default(),
        started_at: call.start_time,
        seconds: call.seconds(now),
        minutes: call.minutes_billed.into(),
        coins: call.coins_spent(),
        earned: call.earned(),
    }
}

fn wallet_of(row: wallet::WalletRow) -> Wallet {
    Wallet {
        balance: row.balance_coins,
        spent: row.coins_credited - row.balance_coins,
        withdrawable: row.withdrawable,
        pending: row.pending,
        withdrawn: row.withdrawn,
    }
}

pub(in crate::backoffice) fn posting(movement: wallet::Movement) -> Posting {
    Posting {
        id: movement.transfer_id,
        kind: movement.kind,
        debit: movement.debit,
        credit: movement.credit,
        amount: movement.amount,
        reference: movement.reference_id,
        part: movement.part,
        at: movement.created_at,
    }
}

fn account_of(row: users::Person) -> Account {
    Account {
        id: row.user_id,
        name: row.username,
        phone: row.phone,
        sex: row.sex,
        dob: row.dob,
        bio: row.bio,
        interests: row.interests,
        language: row.preferred_language,
        country: row.country,
        rating: row.rating,
        roles: row.roles,
        is_viewer: row.is_viewer,
        registered_at: row.created_at,
        verified_at: row.verified_at,
        deleted_at: row.deleted_at,
    }
}
