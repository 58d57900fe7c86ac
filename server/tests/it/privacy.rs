//! What hosts agree to, what people take along, and how they are forgotten.

mod consent;
mod erasure;
mod export;
mod guest;
mod populated;
mod register;
mod sending;
