//! Transactional outbox: notifications are enqueued in the verb's transaction; any number of workers send them
//! (`notifications::worker`).

pub(super) mod begin_send;
pub(super) mod claim;
pub(super) mod delivery_events;
pub(super) mod domain_backoff;
mod enqueue;
mod notification;
mod pause;
pub(super) mod record;
pub(super) mod recover;
mod status;

pub(crate) use begin_send::quiesce_host;
pub use enqueue::{GuestNotifications, enqueue, enqueue_account, supersede_sent_invitation};
pub use notification::{Content, Notification};
pub use pause::{cancel_waiting, pause, paused, resume};
pub use status::{OutboxStatus, status};

/// PostgreSQL NOTIFY channel that wakes the workers when a transaction with new notifications commits.
pub(super) const NOTIFY_CHANNEL: &str = "outbox";
