//! Guest list server functions.

use guestguard::{
    guests::GuestForm,
    ids::{EventId, GuestId},
    problem::Problem,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasteForm {
    pub text: String,
}

#[server(endpoint = "guests/add")]
pub async fn add(event: EventId, form: GuestForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::add(&backend, &host, event, &form).await)?;
    let notice = crate::ssr::flash::Notice::GuestAdded(form.name.trim().to_owned());
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

#[server(endpoint = "guests/paste")]
pub async fn paste(event: EventId, form: PasteForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    let added = guestguard::guests::actions::add_pasted(&backend, &host, event, &form.text).await;
    let notice = crate::ssr::flash::Notice::GuestsAdded(crate::ssr::reply(added)?);
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Previews a pasted list, for browsers without scripts: the form comes back, parsed.
#[server(endpoint = "guests/read-paste")]
pub async fn read_paste(form: PasteForm) -> Result<(), Problem> {
    crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    let _ = form;
    crate::ssr::redisplay("/api/guests/paste");
    Ok(())
}

#[server(endpoint = "guests/edit")]
pub async fn edit(
    event: EventId,
    guest: GuestId,
    form: GuestForm,
    #[server(default)] onwards: Option<String>,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::guests::actions::edit(&backend, &host, event, guest, &form).await)?;
    let page = onwards.unwrap_or_else(|| format!("/dashboard/events/{event}/guests/{guest}"));
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::GuestSaved), &page).await
}

/// A number as typed, and the country if it has no country code.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PhoneForm {
    pub phone: String,
    pub country: String,
}

#[server(endpoint = "guests/set-phone")]
pub async fn set_phone(
    event: EventId,
    guest: GuestId,
    form: PhoneForm,
    #[server(default)] onwards: Option<String>,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let PhoneForm { phone, country } = form;
    let set = guestguard::guests::actions::set_phone(&backend, &host, event, guest, &phone, &country).await;
    crate::ssr::reply(set)?;
    let page = onwards.unwrap_or_else(|| format!("/dashboard/events/{event}/guests/{guest}"));
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::GuestSaved), &page).await
}

/// Removes guests; the next page offers to undo it.
#[server(endpoint = "guests/delete")]
pub async fn delete(
    event: EventId,
    #[server(default)] ids: Vec<GuestId>,
    #[server(default)] fitting: String,
    #[server(default)] all: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let ids = picked(&backend, &host, event, ids, all.then_some(fitting)).await?;
    let removed = crate::ssr::reply(guestguard::guests::actions::delete(&backend, &host, event, &ids).await)?;
    let at = removed.at.timestamp_micros();
    let notice = crate::ssr::flash::Notice::GuestsDeleted { event, guests: removed.guests, at };
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Restores removed guests; `at` is when they were removed, in microseconds since 1970.
#[server(endpoint = "guests/restore")]
pub async fn restore(event: EventId, #[server(default)] at: i64) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let at = chrono::DateTime::from_timestamp_micros(at).unwrap_or_default();
    crate::ssr::reply(guestguard::guests::actions::restore(&backend, &host, event, at).await)?;
    let notice = crate::ssr::flash::Notice::GuestsRestored;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Adds a tag to guests, or removes it.
#[server(endpoint = "guests/tag")]
pub async fn tag(
    event: EventId,
    #[server(default)] ids: Vec<GuestId>,
    #[server(default)] fitting: String,
    #[server(default)] all: bool,
    #[server(default)] tag: String,
    #[server(default)] on: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let ids = picked(&backend, &host, event, ids, all.then_some(fitting)).await?;
    let tagged = guestguard::guests::actions::tag(&backend, &host, event, &ids, &tag, on).await;
    let notice = crate::ssr::flash::Notice::Tagged { guests: crate::ssr::reply(tagged)?, on };
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// The guests selected in a form of the table: the ticked ones, or all of the view `fitting`.
#[cfg(feature = "ssr")]
pub async fn picked(
    backend: &guestguard::backend::Backend,
    host: &guestguard::actors::Host,
    event: EventId,
    ids: Vec<GuestId>,
    fitting: Option<String>,
) -> Result<Vec<GuestId>, Problem> {
    use guestguard::guests::list::{BulkSelection, ListQuery};
    let of = |view: &str, name: &str| {
        let mut pairs = url::form_urlencoded::parse(view.as_bytes());
        pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    };
    let selection = match fitting {
        Some(view) => BulkSelection::Matching(ListQuery::read(|name| of(&view, name))),
        None => BulkSelection::Only(ids),
    };
    crate::ssr::reply(guestguard::guests::queries::selected(&backend.db, host, event, selection).await)
}
