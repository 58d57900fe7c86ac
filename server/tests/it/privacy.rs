//! Privacy: consent, exports, subject access and erasure.

mod consent;
mod erasure;
mod export;
mod guest;
mod populated;
mod register;
mod sending;
