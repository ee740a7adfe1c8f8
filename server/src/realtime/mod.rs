//! Frames to sockets: the bus between nodes, the hub of this node, one task per socket.
//!
//! Everything here is a hint. What must happen is a row, and a node that missed frames says so (`gap`).
//!
//! ```text
//! room ─ publish ─▶ outbox ─ one script ─▶ Redis (offset, PUBLISH) ─▶ bus task of every node ─▶ stream ─▶ sockets
//! ```
//!
//! A socket is a cursor into its node's stream, a ring of encoded frames that all sockets share. The cursor is the
//! queue: a slow reader falls behind without holding anybody up, catches up with the latest frame of each user, and
//! is closed with a resumable code once the ring has left it behind.

mod bus;
mod hub;
mod outbox;
mod socket;
mod stream;

pub use self::{
    bus::{Bus, Pending, Personal, SessionsEnded, StatusChange},
    hub::{Gap, Hub},
    socket::{Credentials, handshake, run},
};
