//! Twilio webhook signatures: the `X-Twilio-Signature` header, as twilio-node and twilio-python verify it.
//!
//! These signatures carry no timestamp, so a recorded request stays valid for ever. The caller must store each message's id
//! and status, and never let a status go backwards.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::Hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{WebhookError, check_size, non_empty, verify_mac};

/// Verifies a request's signature with every active auth token.
///
/// `path_and_query` are the bytes of the request line. `origin` is our public address, such as `https://guests.example`; it
/// comes from the configuration, because a request's `Host` header can be forged. Without a body, `content_type` is empty.
///
/// # Errors
/// The signature is invalid, or Twilio does not sign bodies of this content type.
pub fn verify(
    tokens: &[String],
    origin: &str,
    path_and_query: &str,
    content_type: &str,
    body: &[u8],
    signature: Option<&str>,
) -> Result<(), WebhookError> {
    check_size(body)?;
    let tokens = non_empty(tokens)?;
    let signature =
        BASE64_STANDARD.decode(signature.ok_or(WebhookError::Missing)?).map_err(|_| WebhookError::Malformed)?;
    // A fragment is never sent, and no documentation says whether Twilio would sign it.
    if !path_and_query.starts_with('/') || path_and_query.contains('#') {
        return Err(WebhookError::Malformed);
    }
    let pairs = signed_body_text(path_and_query, content_type, body)?;
    let is_valid = |token: &str, origin: &str| {
        let parts = [origin.as_bytes(), path_and_query.as_bytes(), pairs.as_bytes()];
        verify_mac::<Hmac<Sha1>>(token.as_bytes(), &parts, &signature)
    };
    let origins = origins_with_and_without_port(origin)?;
    match tokens.iter().any(|token| origins.iter().any(|origin| is_valid(token, origin))) {
        true => Ok(()),
        false => Err(WebhookError::InvalidSignature),
    }
}

/// Decodes a form post into names and values, in their order. Handlers must use this decoder too, so that they act on
/// exactly what was signed. Twilio signs a repeated pair only once.
///
/// # Errors
/// A percent sign without two hexadecimal digits, or text that is not UTF-8.
pub fn parse_form(form: &[u8]) -> Result<Vec<(String, String)>, WebhookError> {
    let fields = form.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    let halves = fields.map(|field| match field.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&field[..equals], &field[equals + 1..]),
        None => (field, b"".as_slice()),
    });
    halves.map(|(name, value)| Ok((percent_decode(name)?, percent_decode(value)?))).collect()
}

/// What follows the URL in the signed text. Only the content type decides: a form that is treated as JSON, because its query
/// holds a hash, would be unsigned.
fn signed_body_text(path_and_query: &str, content_type: &str, body: &[u8]) -> Result<String, WebhookError> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*media_type {
        "application/x-www-form-urlencoded" => Ok(concatenate_sorted(parse_form(body)?)),
        "application/json" => verify_body_hash(path_and_query, body).map(|()| String::new()),
        "" if body.is_empty() => Ok(String::new()),
        _ => Err(WebhookError::UnsupportedType),
    }
}

/// Sorts by name and then by value, drops repeated pairs, and joins all without separators.
fn concatenate_sorted(pairs: Vec<(String, String)>) -> String {
    let pairs: BTreeSet<_> = pairs.into_iter().collect();
    pairs.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// Compares the body with its hash in the signed query. Neither is secret, so the time of the comparison may vary.
fn verify_body_hash(path_and_query: &str, body: &[u8]) -> Result<(), WebhookError> {
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    let mut hashes = query.split('&').filter_map(|field| field.strip_prefix("bodySHA256="));
    let hash = hashes.next().ok_or(WebhookError::Missing)?;
    match (hashes.next(), hash == format!("{:x}", Sha256::digest(body))) {
        (Some(_), _) => Err(WebhookError::Duplicate),
        (None, false) => Err(WebhookError::BodyHashMismatch),
        (None, true) => Ok(()),
    }
}

/// The origin without its port and with it. Twilio signs either.
fn origins_with_and_without_port(origin: &str) -> Result<[String; 2], WebhookError> {
    let origin = origin.trim_end_matches('/');
    let (scheme, host) = origin.split_once("://").ok_or(WebhookError::Unconfigured)?;
    let default_port = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Err(WebhookError::Unconfigured),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let (name, port) = host.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((host, default_port));
    if name.is_empty() || name.contains('/') {
        return Err(WebhookError::Unconfigured);
    }
    Ok([format!("{scheme}://{name}"), format!("{scheme}://{name}:{port}")])
}

fn percent_decode(text: &[u8]) -> Result<String, WebhookError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_byte(rest.next(), rest.next()).ok_or(WebhookError::Malformed)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| WebhookError::Malformed)
}

fn hex_byte(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high?)? << 4 | digit(low?)?).ok()
}

#[cfg(test)]
mod tests;
