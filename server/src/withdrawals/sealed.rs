//! Bank details at rest.

use saathii_shared_types::{UserId, withdrawals::PayoutDetails};

use crate::infra::seal::{Seal, SealError};

const WHAT: &str = "payout details";

pub(super) fn seal(seal: &Seal, user: UserId, details: &PayoutDetails) -> Result<Vec<u8>, SealError> {
    seal.seal(WHAT, user, &serde_json::to_vec(details).map_err(|_| SealError)?)
}

pub(super) fn open(seal: &Seal, user: UserId, sealed: &[u8]) -> Result<PayoutDetails, SealError> {
    serde_json::from_slice(&seal.open(WHAT, user, sealed)?).map_err(|_| SealError)
}
