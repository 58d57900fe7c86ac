use guestguard::{
    guests::GuestForm,
    ids::{EventId, GuestId},
    problem::Problem,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A pasted list, as posted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasteForm {
    pub text: String,
}

/// Puts one person on the list.
#[server(endpoint = "guests/add")]
pub async fn add(event: EventId, form: GuestForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::add(&backend, &host, event, &form).await)?;
    let notice = crate::ui::flash::Notice::GuestAdded(form.name.trim().to_owned());
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Puts a pasted list of people on the list, all or none.
#[server(endpoint = "guests/paste")]
pub async fn paste(event: EventId, form: PasteForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Imports).await?;
    let added = guestguard::guests::actions::add_pasted(&backend, &host, event, &form.text).await;
    let notice = crate::ui::flash::Notice::GuestsAdded(crate::ssr::reply(added)?);
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Shows what was understood of a pasted list, for browsers without scripts: the form comes back, read.
#[server(endpoint = "guests/read-paste")]
pub async fn read_paste(form: PasteForm) -> Result<(), Problem> {
    crate::ssr::host_within(guestguard::limits::Limit::Imports).await?;
    let _ = form;
    crate::ssr::show_again("/api/guests/paste");
    Ok(())
}

/// Changes what the host knows of a guest.
#[server(endpoint = "guests/edit")]
pub async fn edit(event: EventId, guest: GuestId, form: GuestForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::edit(&backend, &host, event, guest, &form).await)?;
    let page = format!("/dashboard/events/{event}/guests/{guest}");
    crate::ssr::done(Some(crate::ui::flash::Notice::GuestSaved), &page).await
}

/// Takes guests off the list; the next page offers to undo it.
#[server(endpoint = "guests/delete")]
pub async fn delete(event: EventId, #[server(default)] ids: Vec<GuestId>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::delete(&backend, &host, event, &ids).await)?;
    let notice = crate::ui::flash::Notice::GuestsDeleted { event, ids };
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Brings guests back who were just taken off.
#[server(endpoint = "guests/restore")]
pub async fn restore(event: EventId, #[server(default)] ids: Vec<GuestId>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::restore(&backend, &host, event, &ids).await)?;
    let notice = crate::ui::flash::Notice::GuestsRestored;
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}
