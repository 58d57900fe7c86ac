//! Services: everything one process holds. The backend, which all features share, and what single features keep.

use crate::{
    backend::Backend,
    backup::{Backups, Operators},
    invitations::accesses::AccessLog,
};

/// Everything one process holds. Cheap to clone: all parts are handles.
#[derive(Clone, Debug)]
pub struct Services {
    pub backend: Backend,
    /// `None`: no backup store is configured.
    pub backups: Option<Backups>,
    pub operators: Operators,
    pub accesses: AccessLog,
}
