use saathii_shared_types::wallet::TransactionType;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TransactionQuery {
    /// Only these.
    #[param(inline)]
    pub(super) tx_type: Option<TransactionType>,
}
