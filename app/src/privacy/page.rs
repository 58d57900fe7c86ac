//! Terms and privacy policy: the built-in documents, or the operator's own.

use guestguard::{events::times, legal::LegalDocument, problem::Problem};
use leptos::prelude::*;

use super::documents::{Section, sections};
use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        legal::{own_url, path},
        page::page,
    },
};

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
        let date = version.parse().map(times::date).unwrap_or_else(|_| version.clone());
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
