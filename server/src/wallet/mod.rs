//! Coins, earnings and the ledger that moves them.
//!
//! Owns `ledger_transfers` and `user_wallets`. Promises: a wallet moves by a transfer alone and in the same
//! statement (a trigger does it), a transfer is both sides of a movement and is never changed, no balance is ever
//! negative, and each thing is paid once (`ledger_transfers_once`). Whatever moves money does so in its own
//! transaction through the functions here, which lock wallets in the order of ids.

mod events;
mod ledger;
mod proof;
mod query;
mod routes;
mod store;

pub use self::{
    events::tell,
    ledger::{Charge, Paid, adjust, credit_purchase, pay_withdrawal, release_withdrawal, take_back_purchase},
    proof::{Discrepancy, prove},
    routes::{balance_of, router},
    store::{
        Movement, PostingRow, Search, WalletRow, charge_minutes, count_movements, export_transactions, find,
        find_movement, hold_withdrawal, insert, list_belonging, list_movements, list_postings, search,
    },
};
