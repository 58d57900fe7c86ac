//! Messages of Amazon SNS over HTTPS, signature versions 1 and 2, after the AWS developer guide and the AWS SDK for
//! Java 2's `sns-message-manager`.
//!
//! A message is first admitted by what it says of itself, then its certificate is had from [`Certificates`], then its
//! signature is verified; before that, nothing it says may be acted on. What the caller still does: keep message ids,
//! never act on `MessageAttributes` or `UnsubscribeURL`, which are not signed, and alert on an
//! `UnsubscribeConfirmation`.

mod certificate;
mod certificates;
mod fetch;
mod message;

pub use certificates::{Certificates, Fetch};
pub use fetch::{Https, https_fetch};
pub use message::{Kind, Message};

#[cfg(test)]
mod testing;
