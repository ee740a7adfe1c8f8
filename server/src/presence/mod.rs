//! Who is there and who is free.
//!
//! Owns `presence`. Promises: every visible change is told once to every socket that may see it, a heartbeat
//! that changes nothing at most once per user in 15 seconds, and whoever falls silent is offline within 90
//! seconds and a sweep.

mod error;
mod heartbeat;
mod in_call;
mod query;
mod routes;
mod service;
mod sockets;
mod store;
mod sweeper;

pub use self::{
    error::Error,
    heartbeat::{Heartbeats, Incoming, run_heartbeats},
    in_call::{Entry, enter_call},
    routes::router,
    service::{changes_of, changes_with, get_status, go_offline, leave, update_status},
    store::{
        PresenceRow, count_in_calls, count_online, insert, last_seen, leave_calls, list, list_online, list_silent_calls,
    },
    sweeper::{mend_gaps, run_sweeper, sweep, touch_connected},
};
