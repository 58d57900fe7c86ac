//! Signing certificate of SNS: an RSA key with a name and a validity period.

use chrono::{DateTime, Utc};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use x509_cert::{
    der::{Decode, DecodePem, Reader, SliceReader, Tag, Tagged, asn1::UintRef, oid::ObjectIdentifier},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use crate::WebhookError;

/// Signature version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// RSA PKCS#1 v1.5 with SHA-1.
    V1,
    /// RSA PKCS#1 v1.5 with SHA-256.
    V2,
}

impl SignatureVersion {
    fn algorithm(self) -> &'static RsaParameters {
        match self {
            Self::V1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::V2 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A certificate with an RSA key of at least 2048 bits.
///
/// The issuer is not verified. SNS publishes the end certificate without its chain, and Amazon's own verifiers do not check
/// it either: they trust the certificate because it comes by HTTPS from Amazon's host.
#[derive(Debug)]
pub struct Certificate {
    parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Parses a PEM file with one certificate.
    ///
    /// # Errors
    /// It is not a certificate, or its key is not RSA or too short.
    pub fn parse(pem: &[u8]) -> Result<Self, WebhookError> {
        let certificate =
            Self { parsed: x509_cert::Certificate::from_pem(pem).map_err(|_| WebhookError::InvalidCertificate)? };
        match certificate.key_bits().ok_or(WebhookError::InvalidCertificate)? {
            2048.. => Ok(certificate),
            _ => Err(WebhookError::WeakKey),
        }
    }

    pub(super) fn check_validity(&self, now: DateTime<Utc>) -> Result<(), WebhookError> {
        let validity = &self.parsed.tbs_certificate.validity;
        let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        let now = u64::try_from(now.timestamp()).map_err(|_| WebhookError::CertificateExpired)?;
        if (from.as_secs()..=until.as_secs()).contains(&now) { Ok(()) } else { Err(WebhookError::CertificateExpired) }
    }

    /// Checks the subject's name. With alternative names, the common name is ignored (RFC 6125).
    pub(super) fn check_name(&self, name: &str) -> Result<(), WebhookError> {
        let alternative_names = self.alternative_names()?;
        let names = if alternative_names.is_empty() { self.common_names() } else { alternative_names };
        match names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            true => Ok(()),
            false => Err(WebhookError::CertificateNameMismatch),
        }
    }

    pub(super) fn verify(&self, version: SignatureVersion, text: &[u8], signature: &[u8]) -> Result<(), WebhookError> {
        let key = UnparsedPublicKey::new(version.algorithm(), self.key().ok_or(WebhookError::InvalidCertificate)?);
        key.verify(text, signature).map_err(|_| WebhookError::InvalidSignature)
    }

    fn key(&self) -> Option<&[u8]> {
        let info = &self.parsed.tbs_certificate.subject_public_key_info;
        info.subject_public_key.as_bytes().filter(|_| info.algorithm.oid == RSA)
    }

    /// The length of the modulus, which is the first of the two numbers in an RSA key.
    fn key_bits(&self) -> Option<usize> {
        let mut key = SliceReader::new(self.key()?).ok()?;
        let modulus = key.sequence(|numbers| {
            let modulus = UintRef::decode(numbers)?;
            UintRef::decode(numbers)?;
            Ok(modulus)
        });
        let modulus = modulus.ok()?.as_bytes();
        Some(modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?)
    }

    fn alternative_names(&self) -> Result<Vec<String>, WebhookError> {
        let names =
            self.parsed.tbs_certificate.get::<SubjectAltName>().map_err(|_| WebhookError::InvalidCertificate)?;
        let names = names.into_iter().flat_map(|(_, SubjectAltName(names))| names);
        let dns = |name| if let GeneralName::DnsName(name) = name { Some(name.to_string()) } else { None };
        Ok(names.filter_map(dns).collect())
    }

    fn common_names(&self) -> Vec<String> {
        let attributes = self.parsed.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
        let text = attributes.filter(|attribute| attribute.oid == COMMON_NAME).map(|attribute| &attribute.value);
        let strings = text.filter(|value| matches!(value.tag(), Tag::Utf8String | Tag::PrintableString));
        strings.filter_map(|value| String::from_utf8(value.value().to_vec()).ok()).collect()
    }
}
