//! Backup pages for operators.

mod operator;

pub use operator::{OperatorPage, PAGE};
