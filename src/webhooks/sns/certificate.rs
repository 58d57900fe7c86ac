use chrono::{DateTime, Utc};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use x509_cert::{
    der::{Decode, DecodePem, Reader, SliceReader, Tag, Tagged, asn1::UintRef, oid::ObjectIdentifier},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use crate::webhooks::Refused;

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// RSA PKCS#1 v1.5 over SHA-1.
    One,
    /// RSA PKCS#1 v1.5 over SHA-256.
    Two,
}

impl Version {
    fn algorithm(self) -> &'static RsaParameters {
        match self {
            Self::One => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Two => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// One certificate with an RSA key of at least 2048 bits.
///
/// Its issuer is not checked. SNS publishes the end certificate alone, without the one that signed it, and Amazon's own
/// verifiers do not look for that either: what makes it Amazon's is that it came by HTTPS from Amazon's host.
#[derive(Debug)]
pub struct Certificate {
    parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Reads the one certificate of a PEM file.
    pub fn read(pem: &[u8]) -> Result<Self, Refused> {
        let certificate = Self { parsed: x509_cert::Certificate::from_pem(pem).map_err(|_| Refused::BadCertificate)? };
        match certificate.bits().ok_or(Refused::BadCertificate)? {
            2048.. => Ok(certificate),
            _ => Err(Refused::WeakKey),
        }
    }

    pub fn valid(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        let validity = &self.parsed.tbs_certificate.validity;
        let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        let now = u64::try_from(now.timestamp()).map_err(|_| Refused::CertificateExpired)?;
        if (from.as_secs()..=until.as_secs()).contains(&now) { Ok(()) } else { Err(Refused::CertificateExpired) }
    }

    /// Whether it was made out to `name`. Where alternative names are given, the common name no longer counts (RFC 6125).
    pub fn names(&self, name: &str) -> Result<(), Refused> {
        let alternatives = self.alternatives()?;
        let names = if alternatives.is_empty() { self.common_names() } else { alternatives };
        match names.iter().any(|given| given.eq_ignore_ascii_case(name)) {
            true => Ok(()),
            false => Err(Refused::WrongName),
        }
    }

    pub fn verify(&self, version: Version, text: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let key = UnparsedPublicKey::new(version.algorithm(), self.key().ok_or(Refused::BadCertificate)?);
        key.verify(text, signature).map_err(|_| Refused::WrongSignature)
    }

    fn key(&self) -> Option<&[u8]> {
        let info = &self.parsed.tbs_certificate.subject_public_key_info;
        info.subject_public_key.as_bytes().filter(|_| info.algorithm.oid == RSA)
    }

    /// The length of the modulus, the first of the two numbers of an RSA key.
    fn bits(&self) -> Option<usize> {
        let mut key = SliceReader::new(self.key()?).ok()?;
        let modulus = key.sequence(|numbers| {
            let modulus = UintRef::decode(numbers)?;
            UintRef::decode(numbers)?;
            Ok(modulus)
        });
        let modulus = modulus.ok()?.as_bytes();
        Some(modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?)
    }

    fn alternatives(&self) -> Result<Vec<String>, Refused> {
        let names = self.parsed.tbs_certificate.get::<SubjectAltName>().map_err(|_| Refused::BadCertificate)?;
        let names = names.into_iter().flat_map(|(_, SubjectAltName(names))| names);
        let dns = |name| if let GeneralName::DnsName(name) = name { Some(name.to_string()) } else { None };
        Ok(names.filter_map(dns).collect())
    }

    fn common_names(&self) -> Vec<String> {
        let attributes = self.parsed.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
        let text = attributes.filter(|attribute| attribute.oid == COMMON_NAME).map(|attribute| &attribute.value);
        let plain = text.filter(|value| matches!(value.tag(), Tag::Utf8String | Tag::PrintableString));
        plain.filter_map(|value| String::from_utf8(value.value().to_vec()).ok()).collect()
    }
}
