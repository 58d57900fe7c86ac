//! Answering, and watching the answers.

pub mod api;
/// Answers over time, drawn as SVG.
pub mod chart;
/// Figures, chart and feed that follow what happens (island).
pub mod live;
#[cfg(feature = "ssr")]
pub mod page;
/// The socket that carries hints, with its reconnecting.
mod socket;
