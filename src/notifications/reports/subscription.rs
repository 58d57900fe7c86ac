use aws_sdk_sns::{Client, error::DisplayErrorContext};

use crate::{error::Result, notifications::senders::Aws};

/// Agrees to a subscription of what SES publishes. Asked of Amazon itself: the address in the message is never opened.
/// From then on nobody ends the subscription without the account's keys.
pub async fn confirm_subscription(aws: &Aws, topic: &str, token: &str) -> Result<()> {
    let client = Client::new(&aws.config());
    let confirmed =
        client.confirm_subscription().topic_arn(topic).token(token).authenticate_on_unsubscribe("true").send().await;
    confirmed.map_err(|error| anyhow::anyhow!("SNS did not confirm: {}", DisplayErrorContext(error)))?;
    Ok(())
}
