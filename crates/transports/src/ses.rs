//! Amazon SES transport, through the AWS SDK.

use aws_sdk_sesv2::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{Destination, EmailContent, MessageTag, RawMessage},
};

use crate::{Aws, Email, Receipt, SendError, SendErrorKind, send_permit::SendPermits};

/// Amazon SES. It does not detect repeats.
#[derive(Clone, Debug)]
pub struct Ses {
    client: Client,
    configuration_set: Option<String>,
    permits: SendPermits,
}

impl Ses {
    /// SES in the account `aws`; `configuration_set` publishes delivery events.
    pub fn new(aws: &Aws, configuration_set: Option<String>) -> Self {
        Self { client: Client::new(&aws.sdk_config()), configuration_set, permits: SendPermits::default() }
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let account = self.client.get_account().send().await;
        let account = account.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))?;
        anyhow::ensure!(account.sending_enabled(), "Amazon has stopped this account's sending");
        Ok(())
    }

    pub(super) async fn send(&self, email: &Email) -> Result<Receipt, SendError> {
        let rejected = |cause: &dyn std::fmt::Display| SendError::new(SendErrorKind::Rejected, cause);
        let message = email.mime().map_err(|cause| rejected(&format!("{cause:#}")))?;
        let raw =
            RawMessage::builder().data(Blob::new(message.formatted())).build().map_err(|cause| rejected(&cause))?;
        let tag = MessageTag::builder().name("reference").value(&email.reference).build();
        let permit = self.permits.acquire().await;
        let result = self
            .client
            .send_email()
            .destination(Destination::builder().to_addresses(&email.to_address).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag.map_err(|cause| rejected(&cause))?)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match result {
            Ok(sent) => Ok(Receipt { id: sent.message_id, permit: Some(permit) }),
            Err(error) => Err(SendError::new(classify(&error), detail(&error))),
        }
    }
}

fn classify(error: &SdkError<SendEmailError>) -> SendErrorKind {
    let unavailable = SendErrorKind::Unavailable { retry_after: None };
    match error {
        SdkError::DispatchFailure(failure) if failure.is_timeout() => SendErrorKind::Ambiguous,
        SdkError::DispatchFailure(_) => unavailable,
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => SendErrorKind::Ambiguous,
        SdkError::ServiceError(response) => match response.err() {
            SendEmailError::TooManyRequestsException(_)
            | SendEmailError::SendingPausedException(_)
            | SendEmailError::LimitExceededException(_)
            | SendEmailError::AccountSuspendedException(_) => unavailable,
            _ => match response.raw().status().as_u16() {
                408 | 429 | 500.. => unavailable,
                _ => SendErrorKind::Rejected,
            },
        },
        _ => SendErrorKind::Rejected,
    }
}

fn detail(error: &SdkError<SendEmailError>) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    }
}
