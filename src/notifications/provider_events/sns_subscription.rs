//! Confirms the SNS subscription through which SES sends its events.

use aws_sdk_sns::{Client, error::DisplayErrorContext};

use crate::{error::Result, notifications::senders::Aws};

/// Confirms the subscription through the SNS API: the URL in the message is never opened. From then on nobody can end the
/// subscription without the account's keys.
pub async fn confirm_subscription(aws: &Aws, topic: &str, token: &str) -> Result<()> {
    let client = Client::new(&aws.config());
    let confirmed =
        client.confirm_subscription().topic_arn(topic).token(token).authenticate_on_unsubscribe("true").send().await;
    confirmed.map_err(|error| anyhow::anyhow!("SNS did not confirm: {}", DisplayErrorContext(error)))?;
    Ok(())
}
