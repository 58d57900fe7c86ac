//! Transactional outbox: notifications are enqueued in the verb's transaction and sent by any number of workers.

mod begin_send;
mod claim;
mod deliver;
pub(super) mod delivery_events;
pub(super) mod domain_backoff;
mod enqueue;
mod pause;
mod record;
mod recover;
mod status;
mod worker;

pub(crate) use begin_send::quiesce_host;
pub use enqueue::{GuestNotifications, enqueue, enqueue_account, supersede_sent_invitation};
pub use pause::{cancel_waiting, pause, paused, resume};
pub use status::{OutboxStatus, status};
pub use worker::{drain, run};

/// PostgreSQL NOTIFY channel that wakes the workers when a transaction with new notifications commits.
const NOTIFY_CHANNEL: &str = "outbox";
