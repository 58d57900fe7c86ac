//! Replying, and the live overview of replies.

pub mod api;
pub mod chart;
pub mod live;
#[cfg(feature = "ssr")]
pub mod page;
mod socket;
