//! Guest table page: search, filters, bulk actions and export.

use guestguard::{
    actors::Host,
    billing::limits::{self, PlanUsage},
    events::{Event, times},
    guests::{
        GuestStatus,
        list::{GuestListRow, GuestPage, ListQuery, PAGE_SIZE, Reach, Sort},
        queries,
    },
};
use leptos::{either::Either, prelude::*};
use strum::VariantArray;

use super::table_shortcuts::TableShortcuts;
use crate::{
    billing::usage::UsageLine,
    events::tabs::{EventTabs, crumbs, host_and_event},
    notifications::outcome,
    ssr,
    ui::{
        form::BACK,
        layout::{Frame, PageHead},
        page::page,
        pagination::Pagination,
        select_all::SelectAll,
        words::{counted, thousands},
    },
};

/// The guest list: searched, filtered, sorted and paged on the server.
#[component]
pub fn GuestsPage() -> impl IntoView {
    let query = ListQuery::read(ssr::query);
    let load = async {
        let (backend, host, event) = host_and_event().await?;
        let guests = ssr::reply(queries::page(&backend.db, &host, event.id, query).await)?;
        let usage = ssr::reply(limits::guests(&backend, &host, guests.total).await)?;
        Ok((host, event, guests, usage))
    };
    page(load, |(host, event, guests, usage)| view! { <Guests host event guests usage/> })
}

#[component]
fn Guests(host: Host, event: Event, guests: GuestPage, usage: PlanUsage) -> impl IntoView {
    let base = format!("/dashboard/events/{}", event.id);
    let empty = guests.total == 0;
    let invite = (!empty && event.cancelled_at.is_none()).then(|| {
        view! { <a class="button button-primary" href=format!("{base}/invite")>"Send invitations"</a> }
    });
    let [import, paste, new] = ["import", "paste", "new"].map(|way| format!("{base}/guests/{way}"));
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Guests" crumbs=crumbs(&event)>
                {invite}
                <a class="button" href=import>"Import"</a>
                <a class="button" href=paste>"Paste list"</a>
                <a class="button" href=new>"Add guest"</a>
            </PageHead>
            <EventTabs event=event.id current="Guests"/>
            <UsageLine usage what="guest"/>
            {if empty {
                Either::Left(view! { <EmptyList base/> })
            } else {
                Either::Right(view! { <List event guests/> })
            }}
        </Frame>
    }
}

#[component]
fn EmptyList(base: String) -> impl IntoView {
    view! {
        <section class="empty-state">
            <div class="empty-art" aria-hidden="true"></div>
            <h2>"No guests yet"</h2>
            <p>"Import a spreadsheet or your contacts, or paste names and emails. You'll review everything before guests are added. Nothing is sent yet."</p>
            <div class="actions">
                <a class="button button-primary" href=format!("{base}/guests/import")>"Import"</a>
                <a class="button" href=format!("{base}/guests/paste")>"Paste list"</a>
                <a class="button button-quiet" href=format!("{base}/guests/new")>"Add guest"</a>
            </div>
        </section>
    }
}

#[component]
fn List(event: Event, guests: GuestPage) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let query = guests.query.clone();
    let pages = guests.pages();
    let found = match (guests.matching, query.is_filtered()) {
        (n, true) if n != 1 => format!("{} of {}", thousands(n), counted(guests.total, "guest")),
        (n, _) => counted(n, "guest"),
    };
    let zone = event.zone();
    let settings = format!("/dashboard/events/{}/edit", event.id);
    let retention = match event.anonymised_at {
        None => Either::Left(
            view! { {format!("Guest data will be deleted on {}. ", event.kept_until())} <a href=settings>"Change"</a> },
        ),
        Some(_) => Either::Right(format!("Guest data was deleted on {}.", event.kept_until())),
    };
    let invite = format!("/dashboard/events/{}/invite", event.id);
    let rows = guests.rows.clone();
    let head = |sort, name| view! { <SortHead base=base.clone() query=query.clone() sort name/> };
    view! {
        <Filters base=base.clone() query=query.clone() tags=guests.tags.clone()/>
        <form method="post" action="/api/invitations/issue">
            <input type="hidden" name=BACK value=ssr::path()/>
            <input type="hidden" name="event" value=event.id.to_string()/>
            <input type="hidden" name="fitting" value=view_of(&guests.query)/>
            <input type="hidden" name="chosen" value="true"/>
            {guests
                .similar
                .then(|| view! { <p class="notice" role="status">"No exact match. Did you mean:"</p> })}
            <div class="table-wrap">
                <table class="table">
                    <caption class="visually-hidden">"Guest list"</caption>
                    <thead>
                        <tr>
                            <th class="select" scope="col"><SelectAll name="ids[]".to_owned()/></th>
                            {head(Sort::Name, "Name")}
                            {head(Sort::Status, "Status")}
                            {head(Sort::Party, "Party size")}
                            <th scope="col">"Tags"</th>
                            {head(Sort::Activity, "Last activity")}
                        </tr>
                    </thead>
                    <tbody>
                        {rows
                            .into_iter()
                            .map(|row| {
                                let activity = times::short(row.activity_at, zone);
                                view! { <Row base=base.clone() row activity/> }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </div>
            {(guests.matching == 0 && !guests.similar)
                .then(|| view! { <p class="empty-state">"No guests match. " <a href=base.clone()>"Clear filters"</a></p> })}
            <div class="bulk-bar">
                {(guests.matching > PAGE_SIZE)
                    .then(|| {
                        view! {
                            <label class="check">
                                <input type="checkbox" name="all" value="true"/>
                                <span>{format!("All {}, on every page", counted(guests.matching, "guest"))}</span>
                            </label>
                        }
                    })}
                <span>"Selected guests:"</span>
                <button class="button button-small" type="submit" formmethod="get" formaction=invite>"Send invitations"</button>
                <span class="bulk-tag">
                    <label class="visually-hidden" for="bulk-tag">"Tag for the selected guests"</label>
                    <input id="bulk-tag" type="text" name="tag" maxlength="40" placeholder="Tag" list="tags-in-use"/>
                    <button class="button button-small" type="submit" name="on" value="true" formaction="/api/guests/tag">"Add tag"</button>
                    <button class="button button-small button-quiet" type="submit" name="on" value="false" formaction="/api/guests/tag">"Remove tag"</button>
                </span>
                <button class="button button-small button-danger" type="submit" formaction="/api/guests/delete">
                    "Remove"
                </button>
            </div>
            <datalist id="tags-in-use">
                {guests.tags.iter().map(|tag| view! { <option value=tag.clone()></option> }).collect_view()}
            </datalist>
        </form>
        <Pagination page=query.page pages found to=move |page| address(&base, &ListQuery { page, ..query.clone() })/>
        // A form of its own: Enter in the list's form must never press one of its buttons.
        <form id="replace-link" method="post" action="/api/invitations/rotate">
            <input type="hidden" name=BACK value=ssr::path()/>
            <input type="hidden" name="event" value=event.id.to_string()/>
        </form>
        <TableShortcuts/>
        <form class="export" method="post" action=format!("/dashboard/events/{}/guests/export", event.id)>
            <span>"Export:"</span>
            <button class="button button-small" name="format" value="csv" type="submit">"CSV"</button>
            <button class="button button-small" name="format" value="xlsx" type="submit">"Excel"</button>
        </form>
        <p class="retention-note">{retention}</p>
    }
}

#[component]
fn Filters(base: String, query: ListQuery, tags: Vec<String>) -> impl IntoView {
    let chosen = query.status;
    let tag = query.tag.clone();
    view! {
        <form class="toolbar" method="get" action=base role="search">
            <label class="visually-hidden" for="search">"Search guests"</label>
            <input id="search" type="search" name="search" value=query.search placeholder="Name, email, phone or note"/>
            <label class="visually-hidden" for="status">"Status"</label>
            <select id="status" name="status">
                <option value="">"Any status"</option>
                {GuestStatus::VARIANTS
                    .iter()
                    .map(|status| {
                        view! { <option value=status.into_str() selected=chosen == Some(*status)>{status.label()}</option> }
                    })
                    .collect_view()}
            </select>
            {(!tags.is_empty())
                .then(|| {
                    view! {
                        <label class="visually-hidden" for="tag">"Tag"</label>
                        <select id="tag" name="tag">
                            <option value="">"Any tag"</option>
                            {tags
                                .into_iter()
                                .map(|name| {
                                    let selected = name == tag;
                                    view! { <option value=name.clone() selected=selected>{name.clone()}</option> }
                                })
                                .collect_view()}
                        </select>
                    }
                })}
            <label class="visually-hidden" for="reach">"Contact method"</label>
            <select id="reach" name="reach">
                <option value="">"Any contact method"</option>
                {Reach::VARIANTS
                    .iter()
                    .map(|reach| {
                        view! { <option value=reach.into_str() selected=query.reach == Some(*reach)>{reach.label()}</option> }
                    })
                    .collect_view()}
            </select>
            <button class="button" type="submit">"Apply"</button>
        </form>
    }
}

#[component]
fn SortHead(base: String, query: ListQuery, sort: Sort, name: &'static str) -> impl IntoView {
    let current = query.sort == sort;
    let direction = match (current, query.descending) {
        (false, _) => None,
        (true, false) => Some("ascending"),
        (true, true) => Some("descending"),
    };
    let next = ListQuery { sort, descending: current && !query.descending, page: 1, ..query };
    view! {
        <th scope="col" aria-sort=direction>
            <a class="sort" href=address(&base, &next)>{name}</a>
        </th>
    }
}

#[component]
fn Row(base: String, row: GuestListRow, activity: String) -> impl IntoView {
    let contact = [row.email, row.phone].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let party = match row.heads {
        Some(heads) if heads > 0 && row.status == GuestStatus::Attending => format!("{heads} attending"),
        _ => format!("Party of {} max", row.party_size),
    };
    let reason = row.last_error.filter(|_| matches!(row.status, GuestStatus::Failed | GuestStatus::Queued));
    view! {
        <tr data-state=row.status.into_str()>
            <td class="select">
                <input type="checkbox" name="ids[]" value=row.id.to_string() aria-label=format!("Select {}", row.name)/>
            </td>
            <td data-label="Name">
                <a class="guest-name" href=format!("{base}/{}", row.id)>{row.name.clone()}</a>
                <span class="guest-contact">{contact}</span>
            </td>
            <td data-label="Status">
                <span class="badge" data-state=row.status.into_str()>{row.status.label()}</span>
                {reason.map(|reason| view! { <span class="guest-contact">{outcome::undelivered(Some(&reason))}</span> })}
            </td>
            <td data-label="Party size">{party}</td>
            <td data-label="Tags">
                {row.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> " " }).collect_view()}
            </td>
            <td data-label="Last activity">
                {activity}
                <details class="row-menu">
                    <summary aria-label=format!("More for {}", row.name)>"⋯"</summary>
                    <a class="button button-small button-quiet" href=format!("{base}/{}", row.id) data-edit="">"Edit"</a>
                    {(row.status != GuestStatus::NotInvited)
                        .then(|| {
                            view! {
                                <button
                                    class="button button-small button-quiet"
                                    type="submit"
                                    form="replace-link"
                                    name="guest"
                                    value=row.id.to_string()
                                >
                                    "Reset link"
                                </button>
                            }
                        })}
                </details>
            </td>
        </tr>
    }
}

fn address(base: &str, query: &ListQuery) -> String {
    match view_of(query) {
        view if view.is_empty() => base.to_owned(),
        view => format!("{base}?{view}"),
    }
}

/// The view, as the query of its address.
fn view_of(query: &ListQuery) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query.pairs()).finish()
}
