/// How backups and restores stand, for those who look after the installation.
mod operator;

pub use operator::{OperatorPage, PAGE};
