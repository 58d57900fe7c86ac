//! Testkit: what bench, faults, the server's tests and `guestguard seed-demo` share.

pub mod demo;
pub mod fake_smtp;
pub mod process;
pub mod seed;
pub mod wait;
