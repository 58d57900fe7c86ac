use guestguard::{privacy::Document, problem::Problem};
use leptos::prelude::*;

use super::documents::{Section, sections};
use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Where the documents are.
pub const TERMS: &str = "/terms";
pub const PRIVACY_POLICY: &str = "/privacy";

/// What holds between hosts and whoever runs this installation.
#[component]
pub fn TermsPage() -> impl IntoView {
    document(Document::Terms, "Terms", TERMS)
}

/// What becomes of people's data here.
#[component]
pub fn PrivacyPolicyPage() -> impl IntoView {
    document(Document::PrivacyPolicy, "Privacy", PRIVACY_POLICY)
}

fn document(document: Document, title: &'static str, path: &'static str) -> impl IntoView {
    let asked = ssr::query("version");
    let load = async move {
        let version = asked.unwrap_or_else(|| document.current().to_owned());
        let words = sections(document, &version).ok_or(Problem::NotFound)?;
        Ok((version, words))
    };
    page(load, move |(version, words): (String, Vec<Section>)| {
        let lede = format!("The version of {version}, which awaits a lawyer's review.");
        let others = document.versions().iter().filter(move |other| **other != version).map(move |other| {
            view! { <li><a href=format!("{path}?version={other}")>{format!("The version of {other}")}</a></li> }
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
