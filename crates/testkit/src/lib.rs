//! Testkit: code shared by bench, faults, the server's tests and `guestguard seed-demo`.

pub mod demo;
pub mod fake_smtp;
pub mod process;
pub mod seed;
pub mod wait;
