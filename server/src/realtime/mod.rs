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
//!
//! ```text
//! room ─ tell ─┬─▶ inboxes of the person's sockets here
//!              └─▶ outbox ─ PUBLISH ─▶ bus task of every other node ─▶ inboxes of the person's sockets there
//! ```
//!
//! What concerns one person alone reaches that person's own sockets of `Topic::Presence`, whatever they narrowed
//! themselves to. Such events have no place in the stream and are never told again: those told while Redis is away
//! reach the sockets of their own node alone, and after a gap of the bus what was told meanwhile is lost (a new client
//! hears `resync`). The truth is read over HTTP. A socket whose reader lets too many pile up is closed.
//!
//! Whom somebody must not see is known to their sockets (`sight`) and left out where they read the stream. That it changed
//! is told on the bus without a place, and asked for again after every gap and every new subscription.

mod bus;
mod hub;
mod outbox;
mod personal;
mod sight;
mod socket;
mod stream;

pub use self::{
    bus::{Bus, Pending, SessionsEnded, StatusChange},
    hub::{Gap, Hub},
    personal::Personal,
    sight::{Ask, SightChange},
    socket::{Credentials, handshake, run},
};
