//! Terms and privacy policy: the built-in documents, or the operator's own.

use guestguard::{events::times, legal::LegalDocument, problem::Problem};
use leptos::prelude::*;

use super::documents::{Section, sections};
use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

/// The operator's own documents (`GG_TERMS_URL`, `GG_PRIVACY_POLICY_URL`), which replace the built-in ones.
#[derive(Clone, Debug, Default)]
pub struct LegalUrls {
    pub terms: Option<String>,
    pub privacy_policy: Option<String>,
}

fn own_url(document: LegalDocument) -> Option<String> {
    let urls = use_context::<LegalUrls>()?;
    match document {
        LegalDocument::Terms => urls.terms,
        LegalDocument::PrivacyPolicy => urls.privacy_policy,
    }
}

fn path(document: LegalDocument) -> &'static str {
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

#[component]
pub fn TermsPage() -> impl IntoView {
    document(LegalDocument::Terms, "Terms")
}

#[component]
pub fn PrivacyPolicyPage() -> impl IntoView {
    document(LegalDocument::PrivacyPolicy, "Privacy")
}

fn document(document: LegalDocument, title: &'static str) -> impl IntoView {
    let asked = ssr::query("version");
    // Emails and old links lead here. Versions stay readable.
    if asked.is_none()
        && let Some(url) = own_url(document)
    {
        leptos_axum::redirect(&url);
    }
    let load = async move {
        let version = asked.unwrap_or_else(|| document.current().to_owned());
        let words = sections(document, &version).ok_or(Problem::NotFound)?;
        Ok((version, words))
    };
    page(load, move |(version, words): (String, Vec<Section>)| {
        let date = version.parse().map(times::long_date).unwrap_or_else(|_| version.clone());
        let lede = format!("Last updated {date}.");
        let others = document.versions().iter().filter(move |other| **other != version).map(move |other| {
            view! { <li><a href=format!("{}?version={other}", path(document))>{format!("Version of {other}")}</a></li> }
        });
        let others = others.collect_view();
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title lede/>
                <article class="prose">
                    {words
                        .into_iter()
                        .map(|section| {
                            view! {
                                <section>
                                    <h2>{section.title}</h2>
                                    {section.paragraphs.iter().map(|text| view! { <p>{*text}</p> }).collect_view()}
                                </section>
                            }
                        })
                        .collect_view()}
                </article>
                {(!others.is_empty()).then(|| view! { <section class="section"><h2>"Other versions"</h2><ul>{others}</ul></section> })}
            </Frame>
        }
    })
}
