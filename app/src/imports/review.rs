use guestguard::{
    auth::Host,
    billing::limits::{self, PlanUsage},
    events::Event,
    ids::ImportId,
    imports::{
        Line, Verdict,
        queries::{self, Import, PAGE_SIZE},
    },
    problem::Problem,
};
use leptos::prelude::*;

use super::{layout::Columns, result::Outcome, rows::Rows};
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

/// One file: what was understood of it, to be put right and committed, and afterwards what became of it.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let asked = ssr::query("show").and_then(|key| Verdict::of_key(&key));
    let at: i64 = ssr::query("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 1_000);
    let load = async move {
        let import: ImportId = ssr::path_part("import").and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)?;
        let (backend, host, event) = host_and_event().await?;
        let import = ssr::reply(queries::import(&backend.db, &host, event.id, import).await)?;
        let first = Verdict::ALL.into_iter().find(|verdict| import.count(*verdict) > 0).unwrap_or(Verdict::Ready);
        // What was asked for may have been corrected meanwhile.
        let shown = asked.filter(|verdict| import.count(*verdict) > 0).unwrap_or(first);
        let lines = ssr::reply(queries::lines(&backend.db, &host, &import, shown, at).await)?;
        let undo = import.can_be_undone(backend.clock.now());
        let listed = ssr::reply(limits::listed(&backend.db, host.id(), event.id).await)?;
        let usage = ssr::reply(limits::guests(&backend, &host, listed).await)?;
        Ok((host, event, import, shown, at, lines, undo, usage))
    };
    page(load, |(host, event, import, shown, at, lines, undo, usage)| {
        if import.committed_at.is_some() {
            view! { <Outcome host event import undo/> }.into_any()
        } else {
            view! { <Review host event import shown at lines usage/> }.into_any()
        }
    })
}

#[component]
fn Review(
    host: Host,
    event: Event,
    import: Import,
    shown: Verdict,
    at: i64,
    lines: Vec<Line>,
    usage: PlanUsage,
) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let here = format!("{base}/import/{}", import.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    crumbs.push((format!("{base}/import"), "Bring your guest list".into()));
    let ids = vec![("event", event.id.to_string()), ("import", import.id.to_string())];
    // Some have no room: all of them need a larger plan, those that fit do not.
    let over = (import.count(Verdict::OverLimit) > 0).then(|| import.effect().0 + import.count(Verdict::OverLimit));
    let mut fitting = ids.clone();
    if over.is_some() {
        fitting.push(("fit", "true".into()));
    }
    let pages = (import.count(shown) + PAGE_SIZE - 1) / PAGE_SIZE;
    let count = import.count(shown);
    let found = format!("{count} {}", words(shown, count));
    let to = {
        let here = here.clone();
        move |page: i64| format!("{here}?show={}&page={page}", shown.key())
    };
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Check the list" crumbs=crumbs lede=format!("{}. Nobody is added yet.", import.file_name)/>
            <Columns event=event.id import=import.clone()/>
            <UsageLine usage what="guest"/>
            <nav class="tabs" aria-label="Rows">
                {Verdict::ALL
                    .into_iter()
                    .filter(|verdict| import.count(*verdict) > 0)
                    .map(|verdict| {
                        view! {
                            <a
                                href=format!("{here}?show={}", verdict.key())
                                aria-current=(verdict == shown).then_some("page")
                            >
                                {format!("{} {}", import.count(verdict), words(verdict, import.count(verdict)))}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <p class="import-meaning">{meaning(shown, &import)}</p>
            <Rows event=event.id import=import.id shown lines/>
            <Pagination page=at pages found to/>
            <div class="bulk-bar import-bar">
                <span>{effect(&import)}</span>
                {over.map(|all| {
                    view! {
                        <PostButton action="/api/imports/commit" values=ids.clone() class="button">
                            {format!("Add all {all}")}
                        </PostButton>
                    }
                })}
                <PostButton action="/api/imports/commit" values=fitting class="button button-primary">
                    {button(&import)}
                </PostButton>
                <PostButton action="/api/imports/discard" values=ids class="button button-quiet">
                    "Throw this file away"
                </PostButton>
            </div>
        </Frame>
    }
}

fn words(verdict: Verdict, count: i64) -> &'static str {
    match verdict {
        Verdict::Attention if count == 1 => "needs attention",
        Verdict::Attention => "need attention",
        Verdict::Ready => "ready",
        Verdict::Known => "already on the list",
        Verdict::Repeated => "repeated",
        Verdict::OverLimit => "over the limit",
        Verdict::LeftOut => "left out",
    }
}

fn meaning(verdict: Verdict, import: &Import) -> &'static str {
    match (verdict, import.matches) {
        (Verdict::Attention, _) => "Put these right here, or leave them out. They are not added as they are.",
        (Verdict::Ready, _) => "These are added.",
        (Verdict::Known, guestguard::imports::Matches::Skip) => {
            "Somebody with this address is on your list. They stay as they are; you can choose otherwise above."
        }
        (Verdict::Known, guestguard::imports::Matches::Update) => {
            "Somebody with this address is on your list. They get what the file says; what it leaves empty stays."
        }
        (Verdict::Known, guestguard::imports::Matches::Add) => {
            "Somebody with this address is on your list. They are added once more."
        }
        (Verdict::Repeated, _) => {
            "The same address stands further up in the file. These are left out; keep those of people who share an address."
        }
        (Verdict::OverLimit, _) => {
            "Your plan has no room for these. Add the others now, or take a larger plan and then all of them."
        }
        (Verdict::LeftOut, _) => "You left these out.",
    }
}

fn effect(import: &Import) -> String {
    let guests = |n| counted(n, "guest");
    match import.effect() {
        (0, 0) => "Nothing to add yet.".to_owned(),
        (add, 0) => format!("{} will be added.", guests(add)),
        (0, known) => format!("{} will be brought up to date.", guests(known)),
        (add, known) => format!("{} will be added, {known} brought up to date.", guests(add)),
    }
}

fn button(import: &Import) -> String {
    match import.effect() {
        (add, 0) if add > 0 => format!("Add {add} to the list"),
        _ => "Take over".to_owned(),
    }
}
