//! Export job: prepares a host's data export in the background.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::export;
use crate::{
    error::Result,
    ids::UserId,
    queue::{self, Job, JobContext},
};

/// Prepares a host's data export.
#[derive(Debug, Serialize, Deserialize)]
pub struct PrepareExport {
    pub host: UserId,
    pub export: Uuid,
}

impl Job for PrepareExport {
    const NAME: &'static str = "prepare_export";

    async fn run(self, context: &JobContext) -> Result<()> {
        export::prepare(context.backend()?, self.host, self.export).await
    }
}

/// Enqueues an export in the caller's transaction. Requested twice, it is prepared once.
pub(super) async fn enqueue_export(tx: &mut PgConnection, host: UserId, export: Uuid) -> Result<()> {
    queue::enqueue(tx, &PrepareExport { host, export }, Some(&format!("export of {host}"))).await
}
