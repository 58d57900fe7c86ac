//! Amazon SNS message signatures, versions 1 and 2, as the AWS developer guide and the `sns-message-manager` of the AWS SDK
//! for Java 2 define them.
//!
//! [`SnsMessage::parse`] checks all that needs no network, [`Certificates::get`] fetches the certificate, and
//! [`SnsMessage::verify`] checks the signature. Do not act on a message before it is verified. The caller must store message
//! ids, ignore `MessageAttributes` and `UnsubscribeURL`, which are not signed, and alert on an `UnsubscribeConfirmation`.

mod certificate;
mod certificates;
mod fetch;
mod message;

pub use certificate::Certificate;
pub use certificates::{Certificates, Fetch};
pub use fetch::HttpsFetch;
pub use message::{SnsMessage, SnsMessageType};

#[cfg(test)]
mod testing;
