//! Who does not want whom, and who likes whom.
//!
//! Owns `blocks` and `favorites`. Promises: a block works both ways, everywhere and at once over HTTP, within a second on
//! every socket of every node; no call goes on across one; adding or removing twice is as good as once.
//!
//! Across a block each is for the other as if offline: in no page and no count of the feed, unknown to presence, silent
//! on sockets. When a block begins, the sockets of both hear of the other once more, as offline, so that no list keeps
//! a frozen face; when the last block between two ends, they hear how the other is.

mod blocks;
mod curtain;
mod error;
mod export;
mod favorites;
mod routes;
mod store;

pub use self::{
    blocks::{block, forget},
    curtain::run_curtain,
    error::Error,
    export::{export_blocks, export_favorites},
    routes::router,
    store::{BlockBetween, hidden_among, hidden_from, is_blocked_between, list_around},
};
