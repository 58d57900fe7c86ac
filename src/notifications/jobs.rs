//! Campaign job: sends due reminders and SMS fallbacks.

use serde::{Deserialize, Serialize};

use super::campaigns::{reminders, sms_fallback};
use crate::{
    error::Result,
    queue::{Job, JobContext},
};

/// Sends due reminders, and text messages to guests whom email did not reach.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendCampaigns;

impl Job for SendCampaigns {
    const NAME: &'static str = "send_campaigns";

    async fn run(self, context: &JobContext) -> Result<()> {
        let backend = context.backend()?;
        reminders::send_due(backend).await?;
        sms_fallback::send_due(backend).await?;
        Ok(())
    }
}
