//! HTTP tests of GuestGuard: the router on a port, with PostgreSQL, Redis and SMTP servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use(apply)]
extern crate macro_rules_attribute;

#[macro_use]
mod support;

mod access_control;
mod accounts;
mod backup;
mod billing;
mod bounds;
mod delivery;
mod encoding;
mod encryption;
mod event_updates;
mod faults;
mod guests;
mod headers;
mod imports;
mod invitations;
mod journey;
mod limits;
mod live;
mod logs;
mod maintenance;
mod manual_delivery;
mod metadata;
mod migrations;
mod operations;
mod outbox;
mod privacy;
mod problems;
mod providers;
mod rsvp;
mod sessions;
mod signatures;
mod templates;
mod timing;
mod unsubscribe;
mod webhooks;
