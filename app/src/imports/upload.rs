//! Import upload page.

use guestguard::{actors::Host, events::Event, ids::ImportId, imports::queries, phone::countries};
use leptos::prelude::*;
use serde::Serialize;

use super::preview::ImportPreview;
use crate::{
    events::tabs::{crumbs, host_and_event},
    phone::field::CountrySelect,
    ssr,
    ui::{
        form::FormState,
        layout::{Frame, PageHead},
        page::page,
    },
};

/// The form without its file.
#[derive(Serialize)]
struct UploadForm {
    country: &'static str,
}

#[component]
pub fn ImportPage() -> impl IntoView {
    let load = async {
        let (backend, host, event) = host_and_event().await?;
        let latest = ssr::reply(queries::latest(&backend.db, &host, event.id).await)?;
        Ok((host, event, latest))
    };
    page(load, |(host, event, latest)| view! { <Upload host event latest/> })
}

#[component]
fn Upload(host: Host, event: Event, latest: Option<ImportId>) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let action = format!("{base}/import");
    let state = FormState::new("/guests/import", &UploadForm { country: countries::of_time_zone(&event.time_zone) });
    let fault = state.error("file");
    let bad = fault.is_some();
    let chosen = state.value("country");
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Import guests" crumbs=crumbs lede="From a spreadsheet or an address book. You'll review everything before guests are added."/>
            {latest
                .map(|import| {
                    view! {
                        <div class="notice">
                            <p>"You have a recent import."</p>
                            <a class="button button-small" href=format!("{action}/{import}")>"View import"</a>
                        </div>
                    }
                })}
            <form class="form card" method="post" action=action.clone() enctype="multipart/form-data">
                <div class="field" data-invalid=bad.then_some("true")>
                    <label for="country">"Default country for phone numbers"</label>
                    <p class="hint" id="country-hint">"For numbers without a country code."</p>
                    <CountrySelect id="country" name="country" chosen/>
                </div>
                <div class="field" data-invalid=bad.then_some("true")>
                    <label for="file">"File"</label>
                    <p class="hint" id="file-hint">"CSV, Excel (.xlsx), or contacts (.vcf) from Google, Outlook or Apple. Up to 5,000 rows and 5 MB."</p>
                    <input
                        id="file"
                        class="file"
                        type="file"
                        name="file"
                        required
                        accept=".csv,.tsv,.txt,.xlsx,.vcf,text/csv,text/vcard,text/tab-separated-values"
                        aria-invalid=bad.then_some("true")
                        aria-describedby=if bad { "file-hint file-error" } else { "file-hint" }
                    />
                    {fault.map(|fault| view! { <p class="error" id="file-error" role="alert">{fault}</p> })}
                </div>
                <ImportPreview/>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Upload"</button>
                </div>
            </form>
            <section class="section">
                <h2>"No file yet?"</h2>
                <p>
                    "Download a template: " <a href="/guest-list.xlsx">"Excel"</a> " or " <a href="/guest-list.csv">"CSV"</a>
                    ". Or " <a href=format!("{base}/paste")>"paste a list"</a> "."
                </p>
            </section>
        </Frame>
    }
}
