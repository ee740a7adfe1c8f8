use saathii_shared_types::reports::ReportStatus;
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    #[serde(default = "open", deserialize_with = "known")]
    #[param(inline, default = "open")]
    pub(super) status: ReportStatus,
}

fn open() -> ReportStatus {
    ReportStatus::Open
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReportStatus, D::Error> {
    match ReportStatus::deserialize(deserializer)? {
        ReportStatus::Unknown => Err(Error::custom("must be `open`, `resolved` or `dismissed`")),
        status => Ok(status),
    }
}
