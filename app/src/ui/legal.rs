//! Addresses of the terms and the privacy policy.

use guestguard::legal::LegalDocument;
use leptos::prelude::*;

/// The operator's own documents (`GG_TERMS_URL`, `GG_PRIVACY_POLICY_URL`), which replace the built-in ones.
#[derive(Clone, Debug, Default)]
pub struct LegalUrls {
    pub terms: Option<String>,
    pub privacy_policy: Option<String>,
}

/// The operator's own document.
pub fn own_url(document: LegalDocument) -> Option<String> {
    let urls = use_context::<LegalUrls>()?;
    match document {
        LegalDocument::Terms => urls.terms,
        LegalDocument::PrivacyPolicy => urls.privacy_policy,
    }
}

/// The address of the built-in document.
pub fn path(document: LegalDocument) -> &'static str {
    match document {
        LegalDocument::Terms => "/terms",
        LegalDocument::PrivacyPolicy => "/privacy",
    }
}

/// The address of a document.
pub fn legal_href(document: LegalDocument) -> String {
    own_url(document).unwrap_or_else(|| path(document).to_owned())
}

/// The address of a version that a host accepted.
pub fn version_href(document: LegalDocument, version: &str) -> String {
    own_url(document).unwrap_or_else(|| format!("{}?version={version}", path(document)))
}
