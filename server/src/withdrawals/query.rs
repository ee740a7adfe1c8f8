use saathii_shared_types::wallet::WithdrawalStatus;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WithdrawalQuery {
    /// Only these.
    #[param(inline)]
    pub(super) status: Option<WithdrawalStatus>,
}
