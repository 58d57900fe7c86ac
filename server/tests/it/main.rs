//! GuestGuard through its front door: the real router on a real port, with real PostgreSQL, Redis and SMTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod delivery;
mod doors;
mod faults;
mod guests;
mod invitations;
mod journey;
mod limits;
mod live;
mod metadata;
mod migrations;
mod operations;
mod problems;
mod rsvp;
mod sessions;
mod support;
