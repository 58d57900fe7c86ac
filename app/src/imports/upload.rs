use guestguard::{auth::Host, events::Event, ids::ImportId, imports::queries};
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

/// What the form holds besides its file.
#[derive(Serialize)]
struct UploadForm {
    country: &'static str,
}

/// Chooses a file of guests.
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
    let state = FormState::new("/guests/import", &UploadForm { country: home_country(&event) });
    let fault = state.fault("file");
    let bad = fault.is_some();
    let chosen = state.value("country");
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Bring your guest list" crumbs=crumbs lede="From a spreadsheet or an address book. You see every row before anybody is added."/>
            {latest
                .map(|import| {
                    view! {
                        <div class="notice">
                            <p>"Your last file is still here."</p>
                            <a class="button button-small" href=format!("{action}/{import}")>"Show it"</a>
                        </div>
                    }
                })}
            <form class="form card" method="post" action=action.clone() enctype="multipart/form-data">
                <div class="field" data-invalid=bad.then_some("true")>
                    <label for="country">"Country of phone numbers"</label>
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
                    <button class="button button-primary" type="submit">"Read the file"</button>
                </div>
            </form>
            <section class="section">
                <h2>"Nothing prepared yet?"</h2>
                <p>
                    "Fill in a template: " <a href="/guest-list.xlsx">"Excel"</a> " or " <a href="/guest-list.csv">"CSV"</a>
                    ". Or " <a href=format!("{base}/paste")>"paste names and addresses"</a> "."
                </p>
            </section>
        </Frame>
    }
}

/// The country whose numbers the host most likely writes, by where the event takes place.
fn home_country(event: &Event) -> &'static str {
    let zone = event.time_zone.as_str();
    const ZONES: [(&str, &str); 24] = [
        ("Europe/London", "GB"),
        ("Europe/Berlin", "DE"),
        ("Europe/Vienna", "AT"),
        ("Europe/Zurich", "CH"),
        ("Europe/Paris", "FR"),
        ("Europe/Madrid", "ES"),
        ("Europe/Rome", "IT"),
        ("Europe/Amsterdam", "NL"),
        ("Europe/Brussels", "BE"),
        ("Europe/Warsaw", "PL"),
        ("Europe/Lisbon", "PT"),
        ("Europe/Dublin", "IE"),
        ("Europe/Stockholm", "SE"),
        ("Europe/Oslo", "NO"),
        ("Europe/Copenhagen", "DK"),
        ("Europe/Helsinki", "FI"),
        ("Europe/Prague", "CZ"),
        ("Asia/Kolkata", "IN"),
        ("Asia/Tokyo", "JP"),
        ("America/Sao_Paulo", "BR"),
        ("America/Mexico_City", "MX"),
        ("America/Toronto", "CA"),
        ("Australia/Sydney", "AU"),
        ("Pacific/Auckland", "NZ"),
    ];
    let known = ZONES.iter().find(|(known, _)| *known == zone).map(|(_, country)| *country);
    known.unwrap_or(if zone.starts_with("America/") { "US" } else { "" })
}
