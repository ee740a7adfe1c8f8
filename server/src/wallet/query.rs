use saathii_shared_types::wallet::TransactionType;
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TransactionQuery {
    /// Only these.
    #[serde(default, deserialize_with = "known")]
    #[param(inline)]
    pub(super) tx_type: Option<TransactionType>,
}

/// Clients take an unknown type for one of a newer server; a question may not.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TransactionType>, D::Error> {
    match TransactionType::deserialize(deserializer)? {
        TransactionType::Unknown => Err(D::Error::custom("no such type of transaction")),
        known => Ok(Some(known)),
    }
}
