use saathii_shared_types::calls::{CallStatus, CallType};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CallQuery {
    /// Only these.
    #[param(inline)]
    pub(super) call_type: Option<CallType>,
    /// Only these.
    #[param(inline)]
    pub(super) status: Option<CallStatus>,
}
