//! Import review: fix, skip and map rows before they become guests.

use guestguard::{
    actors::Host,
    billing::limits::{self, PlanUsage},
    events::Event,
    ids::ImportId,
    imports::{
        DuplicatePolicy, ImportRow, RowStatus,
        queries::{self, Import, PAGE_SIZE},
    },
    problem::Problem,
};
use leptos::prelude::*;
use strum::VariantArray;

use super::{mapping::Mapping, result::ImportResult, rows::Rows};
use crate::{
    billing::usage::UsageLine,
    events::tabs::{crumbs, host_and_event},
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
        pagination::Pagination,
        words::counted,
    },
};

/// An import: before its commit the review, afterwards the result.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let asked: Option<RowStatus> = ssr::query("show").and_then(|name| name.parse().ok());
    let at: i64 = ssr::query("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 1_000);
    let load = async move {
        let import: ImportId = ssr::path_part("import").and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)?;
        let (backend, host, event) = host_and_event().await?;
        let import = ssr::reply(queries::import(&backend.db, &host, event.id, import).await)?;
        let has_rows = |status: &RowStatus| import.count(*status) > 0;
        let first = RowStatus::VARIANTS.iter().copied().find(has_rows).unwrap_or(RowStatus::Ready);
        // The last row to fix may be fixed by now.
        let shown = asked.filter(has_rows).unwrap_or(first);
        let rows = ssr::reply(queries::rows(&backend.db, &host, &import, shown, at).await)?;
        let undo = import.can_be_undone(backend.clock.now());
        let listed = ssr::reply(limits::listed(&backend.db, host.id(), event.id).await)?;
        let usage = ssr::reply(limits::guests(&backend, &host, listed).await)?;
        Ok((host, event, import, shown, at, rows, undo, usage))
    };
    page(load, |(host, event, import, shown, at, rows, undo, usage)| {
        if import.committed_at.is_some() {
            view! { <ImportResult host event import undo/> }.into_any()
        } else {
            view! { <Review host event import shown at rows usage/> }.into_any()
        }
    })
}

#[component]
fn Review(
    host: Host,
    event: Event,
    import: Import,
    shown: RowStatus,
    at: i64,
    rows: Vec<ImportRow>,
    usage: PlanUsage,
) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let here = format!("{base}/import/{}", import.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    crumbs.push((format!("{base}/import"), "Import guests".into()));
    let ids = vec![("event", event.id.to_string()), ("import", import.id.to_string())];
    // Over the limit: importing all needs a larger plan, importing those within it does not.
    let over = (import.count(RowStatus::OverLimit) > 0).then(|| import.effect().0 + import.count(RowStatus::OverLimit));
    let mut fitting = ids.clone();
    if over.is_some() {
        fitting.push(("fit", "true".into()));
    }
    let pages = (import.count(shown) + PAGE_SIZE - 1) / PAGE_SIZE;
    let count = import.count(shown);
    let found = format!("{count} {}", label(shown, count));
    let to = {
        let here = here.clone();
        move |page: i64| format!("{here}?show={}&page={page}", shown.into_str())
    };
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Review import" crumbs=crumbs lede=format!("{}. No guests are added yet.", import.file_name)/>
            <Mapping event=event.id import=import.clone()/>
            <UsageLine usage what="guest"/>
            <nav class="tabs" aria-label="Lines">
                {RowStatus::VARIANTS
                    .iter()
                    .copied()
                    .filter(|status| import.count(*status) > 0)
                    .map(|status| {
                        view! {
                            <a
                                href=format!("{here}?show={}", status.into_str())
                                aria-current=(status == shown).then_some("page")
                            >
                                {format!("{} {}", import.count(status), label(status, import.count(status)))}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <p class="import-explanation">{explanation(shown, &import)}</p>
            <Rows event=event.id import=import.id shown rows/>
            <Pagination page=at pages found to/>
            <div class="bulk-bar import-bar">
                <span>{effect(&import)}</span>
                {over.map(|all| {
                    view! {
                        <PostButton action="/api/imports/commit" values=ids.clone() class="button">
                            {format!("Import all {}", counted(all, "guest"))}
                        </PostButton>
                    }
                })}
                <PostButton action="/api/imports/commit" values=fitting class="button button-primary">
                    {button(&import)}
                </PostButton>
                <PostButton action="/api/imports/discard" values=ids class="button button-quiet">
                    "Cancel import"
                </PostButton>
            </div>
        </Frame>
    }
}

fn label(status: RowStatus, count: i64) -> &'static str {
    match status {
        RowStatus::Attention => "to fix",
        RowStatus::Ready => "ready",
        RowStatus::Known if count == 1 => "existing guest",
        RowStatus::Known => "existing guests",
        RowStatus::Repeated if count == 1 => "duplicate",
        RowStatus::Repeated => "duplicates",
        RowStatus::OverLimit => "over the limit",
        RowStatus::Excluded => "skipped",
    }
}

fn explanation(status: RowStatus, import: &Import) -> &'static str {
    match (status, import.duplicates) {
        (RowStatus::Attention, _) => "Fix or skip these lines.",
        (RowStatus::Ready, _) => "These lines will be imported.",
        (RowStatus::Known, DuplicatePolicy::Skip) => {
            "These emails are on your guest list already. The lines will be skipped; you can change that above."
        }
        (RowStatus::Known, DuplicatePolicy::Update) => {
            "These emails are on your guest list already. The guests will be updated; empty cells change nothing."
        }
        (RowStatus::Known, DuplicatePolicy::Add) => {
            "These emails are on your guest list already. The lines will be added as duplicates."
        }
        (RowStatus::Repeated, _) => {
            "An earlier line has the same email. These lines will be skipped. Choose Keep for people who share an email address."
        }
        (RowStatus::OverLimit, _) => {
            "These lines exceed the guest limit of your plan. Import the others now, or upgrade and import all."
        }
        (RowStatus::Excluded, _) => "You skipped these lines.",
    }
}

fn effect(import: &Import) -> String {
    let guests = |n| counted(n, "guest");
    match import.effect() {
        (0, 0) => "Nothing to import yet.".to_owned(),
        (add, 0) => format!("{} will be added.", guests(add)),
        (0, update) => format!("{} will be updated.", guests(update)),
        (add, update) => format!("{} will be added, {update} updated.", guests(add)),
    }
}

fn button(import: &Import) -> String {
    match import.effect() {
        (0, 0) => "Import".to_owned(),
        (add, update) => format!("Import {}", counted(add + update, "guest")),
    }
}
