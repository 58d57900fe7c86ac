//! The `X-Twilio-Signature` header, after the validators of twilio-node and twilio-python.
//!
//! What the caller still does: these signatures carry no time, so one that was seen once passes for ever. Keep each
//! message's id and status, and let a status never go backwards.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::Hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::webhooks::{Refused, signed, small_enough, usable};

/// Checks a request that came to `path_and_query`, in the bytes that stood in its first line, against every active auth
/// token. `origin` is where the public reaches us, `https://guests.example`, from the configuration: what the request
/// says of its host can be forged. A request without body, a GET, has an empty `content_type`.
///
/// # Errors
/// The signature does not fit, or the body is of a kind that is not signed.
pub fn verify(
    tokens: &[String],
    origin: &str,
    path_and_query: &str,
    content_type: &str,
    body: &[u8],
    signature: Option<&str>,
) -> Result<(), Refused> {
    small_enough(body)?;
    let tokens = usable(tokens)?;
    let signature = BASE64_STANDARD.decode(signature.ok_or(Refused::Missing)?).map_err(|_| Refused::Malformed)?;
    // A fragment never goes over the wire, and it is not known whether one would be signed.
    if !path_and_query.starts_with('/') || path_and_query.contains('#') {
        return Err(Refused::Malformed);
    }
    let pairs = signed_body(path_and_query, content_type, body)?;
    let fits = |token: &str, origin: &str| {
        let parts = [origin.as_bytes(), path_and_query.as_bytes(), pairs.as_bytes()];
        signed::<Hmac<Sha1>>(token.as_bytes(), &parts, &signature)
    };
    let origins = origins(origin)?;
    match tokens.iter().any(|token| origins.iter().any(|origin| fits(token, origin))) {
        true => Ok(()),
        false => Err(Refused::WrongSignature),
    }
}

/// The names and values of a form post, in the order they came. To be read by the handler too, so that it acts on what
/// was signed and on nothing else. Mind that a pair that stands twice is signed only once.
///
/// # Errors
/// A percent sign without two hexadecimal digits, or text that is not UTF-8.
pub fn pairs(form: &[u8]) -> Result<Vec<(String, String)>, Refused> {
    let fields = form.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    let halves = fields.map(|field| match field.iter().position(|byte| *byte == b'=') {
        Some(equals) => (&field[..equals], &field[equals + 1..]),
        None => (field, b"".as_slice()),
    });
    halves.map(|(name, value)| Ok((decoded(name)?, decoded(value)?))).collect()
}

/// What stands behind the address in the signed text. The content type chooses, not the address: whoever takes a form
/// for JSON because its query holds a hash leaves the form unsigned.
fn signed_body(path_and_query: &str, content_type: &str, body: &[u8]) -> Result<String, Refused> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*kind {
        "application/x-www-form-urlencoded" => Ok(sorted(pairs(body)?)),
        "application/json" => hashed(path_and_query, body).map(|()| String::new()),
        "" if body.is_empty() => Ok(String::new()),
        _ => Err(Refused::UnknownKind),
    }
}

/// Sorted by name and then by value, each pair once, without anything between them.
fn sorted(pairs: Vec<(String, String)>) -> String {
    let pairs: BTreeSet<_> = pairs.into_iter().collect();
    pairs.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// The query, which is signed, holds the body's hash. Neither is secret, so it may be compared in any time.
fn hashed(path_and_query: &str, body: &[u8]) -> Result<(), Refused> {
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    let mut hashes = query.split('&').filter_map(|field| field.strip_prefix("bodySHA256="));
    let hash = hashes.next().ok_or(Refused::Missing)?;
    match (hashes.next(), hash == format!("{:x}", Sha256::digest(body))) {
        (Some(_), _) => Err(Refused::Repeated),
        (None, false) => Err(Refused::WrongBody),
        (None, true) => Ok(()),
    }
}

/// The origin with its port and without. Twilio's servers sign now the one and now the other.
fn origins(origin: &str) -> Result<[String; 2], Refused> {
    let origin = origin.trim_end_matches('/');
    let (scheme, host) = origin.split_once("://").ok_or(Refused::Unconfigured)?;
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Err(Refused::Unconfigured),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let (name, port) = host.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((host, usual));
    if name.is_empty() || name.contains('/') {
        return Err(Refused::Unconfigured);
    }
    Ok([format!("{scheme}://{name}"), format!("{scheme}://{name}:{port}")])
}

fn decoded(text: &[u8]) -> Result<String, Refused> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hexadecimal(rest.next(), rest.next()).ok_or(Refused::Malformed)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| Refused::Malformed)
}

fn hexadecimal(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high?)? << 4 | digit(low?)?).ok()
}

#[cfg(test)]
mod tests;
