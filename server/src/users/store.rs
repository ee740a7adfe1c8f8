//! `users`.

use chrono::{DateTime, NaiveDate, Utc};
use saathii_shared_types::{
    UserId,
    users::{Role, Sex, UserProfile},
};
use sqlx::PgConnection;

use super::rules::{Profile, ProfileChange};
use crate::phone::Phone;

pub struct NewUser<'a> {
    pub phone: &'a Phone,
    pub profile: &'a Profile,
    pub roles: &'a [Role],
    pub now: DateTime<Utc>,
}

/// What somebody is allowed, as tokens are made from it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub access_version: i32,
    pub roles: Vec<Role>,
}

/// Somebody who stays as they are until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    pub verified_at: Option<DateTime<Utc>>,
}

/// What others see of somebody.
#[derive(Debug, Clone)]
pub struct Card {
    pub user_id: UserId,
    pub username: String,
    pub sex: Sex,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub profile_image_url: Option<String>,
    pub preferred_language: Option<String>,
    pub rating: f64,
    pub country: Option<String>,
    pub roles: Vec<Role>,
}

impl Card {
    pub fn is_listener(&self) -> bool {
        self.roles.contains(&Role::Listener)
    }
}

/// How many people have an account.
#[derive(Debug, Clone, Copy)]
pub struct Registrations {
    pub total: i64,
    pub since_week: i64,
    pub since_day: i64,
}

/// Somebody who registered lately.
#[derive(Debug, Clone)]
pub struct Newcomer {
    pub user_id: UserId,
    pub username: String,
    pub roles: Vec<Role>,
    pub country: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn insert(db: &mut PgConnection, new: NewUser<'_>) -> sqlx::Result<UserId> {
    let NewUser { phone, profile, roles, now } = new;
    sqlx::query_scalar!(
        r#"INSERT INTO users (phone, country, username, sex, dob, bio, interests, profile_image_url,
                              preferred_language, roles, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           RETURNING user_id AS "user_id: UserId""#,
        phone.as_str(),
        phone.country(),
        profile.username,
        profile.sex as Sex,
        profile.dob,
        profile.bio,
        &profile.interests,
        profile.profile_image_url,
        profile.preferred_language,
        roles as &[Role],
        now,
    )
    .fetch_one(db)
    .await
}

pub async fn find_by_phone(db: &mut PgConnection, phone: &Phone) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(r#"SELECT user_id AS "user_id: UserId" FROM users WHERE phone = $1"#, phone.as_str())
        .fetch_optional(db)
        .await
}

/// `None` once the user is deleted.
pub async fn find_profile(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<UserProfile>> {
    sqlx::query_as!(
        UserProfile,
        r#"SELECT user_id AS "user_id: UserId", phone AS "phone!", username, sex AS "sex: Sex", dob, bio,
                  interests, profile_image_url, preferred_language, rating, country, roles AS "roles: Vec<Role>"
           FROM users
           WHERE user_id = $1 AND deleted_at IS NULL"#,
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// `None` once the user is deleted.
pub async fn standing(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as!(
        Standing,
        r#"SELECT access_version, roles AS "roles: Vec<Role>"
           FROM users
           WHERE user_id = $1 AND deleted_at IS NULL"#,
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// Somebody who may see the dashboard.
#[derive(Debug, Clone)]
pub struct AtWork {
    pub username: String,
    /// Otherwise they may look and change nothing.
    pub is_admin: bool,
}

/// `None` where somebody has no business on the dashboard, or no account.
pub async fn find_at_work(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<AtWork>> {
    sqlx::query_as!(
        AtWork,
        r#"SELECT username, 'admin' = ANY (roles) AS "is_admin!"
           FROM users
           WHERE user_id = $1 AND deleted_at IS NULL AND ('admin' = ANY (roles) OR is_viewer)"#,
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// Everything of somebody's row that is shown to those who work here; the deleted are pseudonyms.
#[derive(Debug, Clone)]
pub struct Person {
    pub user_id: UserId,
    pub phone: Option<String>,
    pub username: String,
    pub sex: Sex,
    pub dob: Option<NaiveDate>,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub preferred_language: Option<String>,
    pub country: Option<String>,
    pub rating: f64,
    pub roles: Vec<Role>,
    pub is_viewer: bool,
    pub created_at: DateTime<Utc>,
    pub verified_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

pub async fn find_person(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Person>> {
    sqlx::query_as!(
        Person,
        r#"SELECT user_id AS "user_id: UserId", phone, username, sex AS "sex: Sex", dob, bio, interests,
                  preferred_language, country, rating, roles AS "roles: Vec<Role>", is_viewer, created_at,
                  verified_at, deleted_at
           FROM users
           WHERE user_id = $1"#,
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// Every admin, whom nobody changes before the transaction ends: who counts them counts right.
pub async fn lock_admins(db: &mut PgConnection) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId"
           FROM users
           WHERE 'admin' = ANY (roles) AND deleted_at IS NULL
           ORDER BY user_id
           FOR NO KEY UPDATE"#,
    )
    .fetch_all(db)
    .await
}

/// Whether somebody may do everything here; the new access version, `None` where nothing changed.
pub async fn set_admin(db: &mut PgConnection, user: UserId, is_admin: bool) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "UPDATE users
         SET roles = CASE WHEN $2 THEN roles || 'admin'::text
                          WHEN cardinality(roles) = 1 THEN array['user']
                          ELSE array_remove(roles, 'admin') END,
             access_version = access_version + 1
         WHERE user_id = $1 AND deleted_at IS NULL AND ('admin' = ANY (roles)) <> $2
         RETURNING access_version",
        user as UserId,
        is_admin,
    )
    .fetch_optional(db)
    .await
}

/// Whether somebody may see the dashboard; false where nothing changed. No token says it, so that none has to die.
pub async fn set_viewer(db: &mut PgConnection, user: UserId, is_viewer: bool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE users SET is_viewer = $2 WHERE user_id = $1 AND deleted_at IS NULL AND is_viewer <> $2",
        user as UserId,
        is_viewer,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts accounts: all, those since `week` and those since `day`, which is later; the deleted count for nothing.
pub async fn count_registrations(
    db: &mut PgConnection,
    week: DateTime<Utc>,
    day: DateTime<Utc>,
) -> sqlx::Result<Registrations> {
    sqlx::query_as!(
        Registrations,
        r#"SELECT (SELECT count(*) FROM users WHERE deleted_at IS NULL) AS "total!",
                  count(*) AS "since_week!",
                  count(*) FILTER (WHERE created_at >= $2) AS "since_day!"
           FROM users
           WHERE deleted_at IS NULL AND created_at >= $1"#,
        week,
        day,
    )
    .fetch_one(db)
    .await
}

/// The latest `limit` accounts, the newest first.
pub async fn list_newest(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Newcomer>> {
    sqlx::query_as!(
        Newcomer,
        r#"SELECT user_id AS "user_id: UserId", username, roles AS "roles: Vec<Role>", country, created_at
           FROM users
           WHERE deleted_at IS NULL
           ORDER BY created_at DESC, user_id DESC
           LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What others see of these people; the deleted and unknown are left out.
pub async fn cards(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<Card>> {
    sqlx::query_as!(
        Card,
        r#"SELECT user_id AS "user_id: UserId", username, sex AS "sex: Sex", bio, interests,
                  profile_image_url, preferred_language, rating, country, roles AS "roles: Vec<Role>"
           FROM users
           WHERE user_id = ANY($1) AND deleted_at IS NULL"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await
}

/// Somebody who is to be a side of a call.
#[derive(Debug, Clone)]
pub struct Party {
    pub card: Card,
    pub is_verified: bool,
}

/// These people, the deleted, suspended and unknown left out, whom nobody deletes or changes before the transaction ends.
pub async fn lock_parties(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<Party>> {
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", username, sex AS "sex: Sex", bio, interests, profile_image_url,
                  preferred_language, rating, country, roles AS "roles: Vec<Role>",
                  verified_at IS NOT NULL AS "is_verified!"
           FROM users
           WHERE user_id = ANY ($1) AND deleted_at IS NULL AND suspended_at IS NULL
           ORDER BY user_id
           FOR SHARE"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await?;
    let parties = rows.into_iter().map(|row| Party {
        card: Card {
            user_id: row.user_id,
            username: row.username,
            sex: row.sex,
            bio: row.bio,
            interests: row.interests,
            profile_image_url: row.profile_image_url,
            preferred_language: row.preferred_language,
            rating: row.rating,
            country: row.country,
            roles: row.roles,
        },
        is_verified: row.is_verified,
    });
    Ok(parties.collect())
}

/// As [`lock`], of several at once in the order of ids; those who are left.
pub async fn lock_all(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId"
           FROM users
           WHERE user_id = ANY ($1) AND deleted_at IS NULL
           ORDER BY user_id
           FOR NO KEY UPDATE"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await
}

/// What others' records call these people, the deleted by their pseudonyms.
pub async fn usernames(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<(UserId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", username FROM users WHERE user_id = ANY ($1)"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.username)).collect())
}

/// The profile after the change; `None` once the user is deleted.
pub(super) async fn update_profile(
    db: &mut PgConnection,
    user: UserId,
    change: &ProfileChange,
) -> sqlx::Result<Option<UserProfile>> {
    sqlx::query_as!(
        UserProfile,
        r#"UPDATE users
           SET username           = coalesce($2, username),
               bio                = CASE WHEN $3 THEN $4 ELSE bio END,
               interests          = coalesce($5, interests),
               profile_image_url  = CASE WHEN $6 THEN $7 ELSE profile_image_url END,
               preferred_language = CASE WHEN $8 THEN $9 ELSE preferred_language END
           WHERE user_id = $1 AND deleted_at IS NULL
           RETURNING user_id AS "user_id: UserId", phone AS "phone!", username, sex AS "sex: Sex", dob, bio,
                     interests, profile_image_url, preferred_language, rating, country, roles AS "roles: Vec<Role>""#,
        user as UserId,
        change.username,
        change.bio.is_some(),
        change.bio.as_ref().and_then(Option::as_ref),
        change.interests.as_deref(),
        change.profile_image_url.is_some(),
        change.profile_image_url.as_ref().and_then(Option::as_ref),
        change.preferred_language.is_some(),
        change.preferred_language.as_ref().and_then(Option::as_ref),
    )
    .fetch_optional(db)
    .await
}

/// The new access version; older tokens are dead as soon as it is announced.
pub async fn raise_access_version(db: &mut PgConnection, user: UserId) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "UPDATE users SET access_version = access_version + 1 WHERE user_id = $1 RETURNING access_version",
        user as UserId,
    )
    .fetch_one(db)
    .await
}

/// Whether anybody ever registered.
pub async fn any(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users) AS "any!""#).fetch_one(db).await
}

/// Keeps the account from being deleted, changed or called until the transaction ends; `None` once it is deleted.
pub async fn lock(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        "SELECT verified_at FROM users WHERE user_id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// Since when a listener is verified.
pub async fn find_verified_at(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let found = sqlx::query_scalar!("SELECT verified_at FROM users WHERE user_id = $1", user as UserId);
    Ok(found.fetch_optional(db).await?.flatten())
}

/// Whether this listener may be listed and called where verification is required.
pub async fn set_verified(db: &mut PgConnection, user: UserId, verified_at: Option<DateTime<Utc>>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET verified_at = $2 WHERE user_id = $1", user as UserId, verified_at)
        .execute(db)
        .await?;
    Ok(())
}

/// The mean of the callers' ratings, 0 to 5.
pub async fn set_rating(db: &mut PgConnection, user: UserId, rating: f64) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET rating = $2 WHERE user_id = $1", user as UserId, rating).execute(db).await?;
    Ok(())
}

/// Leaves the id, which others' records point at, and nothing of the person.
pub async fn pseudonymise(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users
         SET phone = NULL, username = 'deleted:' || user_id, sex = 'other', dob = NULL, bio = NULL,
             interests = '{}', profile_image_url = NULL, preferred_language = NULL, country = NULL, deleted_at = $2
         WHERE user_id = $1 AND deleted_at IS NULL",
        user as UserId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
