use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// By this admin.
    #[serde(default, deserialize_with = "id")]
    #[param(value_type = Option<i64>, example = 1)]
    pub actor_id: Option<UserId>,
    /// By an `admin`, from the `command_line`, or by the `configuration`.
    #[param(example = "admin")]
    pub actor: Option<String>,
    /// What it was done to, like `user`.
    #[param(example = "user")]
    pub subject_kind: Option<String>,
    #[serde(default, deserialize_with = "id")]
    #[param(value_type = Option<i64>, example = 456)]
    pub subject_id: Option<i64>,
    /// Like `user.suspend`.
    #[param(example = "user.suspend")]
    pub action: Option<String>,
    /// At this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// Earlier than this.
    pub until: Option<DateTime<Utc>>,
}

fn id<'de, T: std::str::FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| serde::de::Error::custom("not a whole number within 64 bits"))
}
