use aws_sdk_sesv2::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{Destination, EmailContent, MessageTag, RawMessage},
};

use super::{Aws, Cause, Mail, SendError, Taken, gate::Gate};

/// Amazon SES, by its own SDK. It does not tell repeats apart.
#[derive(Clone, Debug)]
pub struct Ses {
    client: Client,
    configuration_set: Option<String>,
    gate: Gate,
}

impl Ses {
    /// SES as `aws` says; events are published by `configuration_set`.
    pub fn new(aws: &Aws, configuration_set: Option<String>) -> Self {
        Self { client: Client::new(&aws.config()), configuration_set, gate: Gate::default() }
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let account = self.client.get_account().send().await;
        let account = account.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))?;
        anyhow::ensure!(account.sending_enabled(), "Amazon has stopped this account's sending");
        Ok(())
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<Taken, SendError> {
        let refused = |cause: &dyn std::fmt::Display| SendError::new(Cause::Refused, cause);
        let message = mail.message().map_err(|cause| refused(&format!("{cause:#}")))?;
        let raw =
            RawMessage::builder().data(Blob::new(message.formatted())).build().map_err(|cause| refused(&cause))?;
        let tag = MessageTag::builder().name("reference").value(mail.reference.to_string()).build();
        let turn = self.gate.turn().await;
        let sent = self
            .client
            .send_email()
            .destination(Destination::builder().to_addresses(&mail.to_address).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag.map_err(|cause| refused(&cause))?)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match sent {
            Ok(sent) => Ok(Taken { id: sent.message_id, turn: Some(turn) }),
            Err(error) => Err(SendError::new(cause(&error), words(&error))),
        }
    }
}

fn cause(error: &SdkError<SendEmailError>) -> Cause {
    let away = Cause::Away { retry_after: None };
    match error {
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::Unclear,
        SdkError::DispatchFailure(_) => away,
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Cause::Unclear,
        SdkError::ServiceError(refusal) => match refusal.err() {
            SendEmailError::TooManyRequestsException(_)
            | SendEmailError::SendingPausedException(_)
            | SendEmailError::LimitExceededException(_)
            | SendEmailError::AccountSuspendedException(_) => away,
            _ => match refusal.raw().status().as_u16() {
                408 | 429 | 500.. => away,
                _ => Cause::Refused,
            },
        },
        _ => Cause::Refused,
    }
}

fn words(error: &SdkError<SendEmailError>) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    }
}
