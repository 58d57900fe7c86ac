use chrono::{DateTime, Utc};
use guestguard::{
    auth::Host,
    backup::{
        DRILL_DAYS, LONGEST_AWAY_SECONDS, MOST_LOST_SECONDS,
        keep::Status,
        queries::{Archive, Drill, Installation, installation},
    },
    notifications::queries::Outbox,
    problem::Problem,
};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
        words::{counted, thousands},
    },
};

/// Where the page is. For everybody but operators there is none.
pub const PAGE: &str = "/dashboard/operator";

/// Where there is nothing to say.
const NONE: &str = "–";

/// Whether this installation could be restored tomorrow: backups, drills, the archive, the outbox.
#[component]
pub fn OperatorPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let services = ssr::services()?;
        let operator = services.operators.admit(&host).ok_or(Problem::NotFound)?;
        let found = ssr::reply(installation(&backend, services.backups.as_ref(), &operator).await)?;
        Ok((host, found))
    };
    page(load, |(host, found): (Host, Installation)| {
        let due = found.drill_is_due();
        view! {
            <Frame host=Some(host) class="page page-wide">
                <PageHead
                    title="This installation"
                    lede="Could it be restored tomorrow? What was measured, not what was meant."
                />
                {found
                    .maintenance
                    .then(|| {
                        notice("Closed for maintenance. `guestguard maintenance off` opens it again.".into())
                    })}
                <Backups backups=found.backups/>
                <Archived archive=found.archive/>
                <Drills drills=found.drills due/>
                <Messages outbox=found.outbox/>
            </Frame>
        }
    })
}

fn notice(text: String) -> impl IntoView {
    view! { <div class="notice" data-kind="warning"><p>{text}</p></div> }
}

#[component]
fn Backups(backups: Option<Result<Status, String>>) -> impl IntoView {
    let body = match backups {
        None => {
            notice("Nothing says where backups go: set GG_BACKUP_URL, and GG_BACKUP_SCHEDULE=hourly.".into()).into_any()
        }
        Some(Err(cause)) => notice(format!("How backups stand cannot be told: {cause}.")).into_any(),
        Some(Ok(status)) => {
            let trend = status.usual_bytes.map(|bytes| format!("{} is usual", size(bytes))).unwrap_or_default();
            let newest = status.newest.as_ref();
            let name =
                newest.map(|newest| newest.key.as_str().trim_start_matches("database/").to_owned()).unwrap_or_default();
            view! {
                {status.faults.into_iter().map(|fault| notice(sentence(&fault))).collect_view()}
                <dl class="figures">
                    {figure("Newest backup", status.age_seconds.map_or("none".into(), ago), name)}
                    {figure("Its size", newest.map_or("none".into(), |newest| size(newest.bytes)), trend)}
                    {figure(
                        "Last proven by a restore",
                        status.verified_age_seconds.map_or("never".into(), ago),
                        String::new(),
                    )}
                    {figure("Kept", status.backups.to_string(), String::new())}
                </dl>
            }
            .into_any()
        }
    };
    view! { <section class="section"><h2>"Backups"</h2>{body}</section> }
}

#[component]
fn Archived(archive: Option<Archive>) -> impl IntoView {
    let body = match archive {
        None => view! {
            <p class="hint">
                "The database server archives no write-ahead log, so what came after the newest backup would be lost. "
                "The folder docs/deploy/pgbackrest has all that is needed."
            </p>
        }
        .into_any(),
        Some(Archive { age_seconds, failing }) => view! {
            {failing.then(|| notice("The last piece of the write-ahead log could not be archived; look into the server's log.".into()))}
            <dl class="figures">
                {figure("Would be lost now, at most", age_seconds.map_or("everything".into(), span), format!("the target is {}", span(MOST_LOST_SECONDS)))}
            </dl>
        }
        .into_any(),
    };
    view! { <section class="section"><h2>"Point in time"</h2>{body}</section> }
}

#[component]
fn Drills(drills: Vec<Drill>, due: bool) -> impl IntoView {
    let rows = drills.into_iter().map(|drill| {
        let (state, result) =
            if drill.fault.is_empty() { ("attending", "Passed") } else { ("failed", "Failed") };
        let well = drill.fault.is_empty();
        view! {
            <tr>
                <td data-label="When"><time datetime=drill.at.to_rfc3339()>{when(drill.at)}</time></td>
                <td data-label="Result"><span class="badge" data-state=state>{result}</span></td>
                <td data-label="Checks">{if well { drill.checks.to_string() } else { NONE.to_owned() }}</td>
                <td data-label="Would have lost">{span(drill.rpo_seconds)}</td>
                <td data-label="Back after">{if well { span(drill.rto_seconds) } else { NONE.to_owned() }}</td>
                <td data-label="Backup"><code>{drill.backup.trim_start_matches("database/").to_owned()}</code> {(!well).then(|| view! { <p class="hint">{drill.fault}</p> })}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="section">
            <h2>"Drills"</h2>
            {due.then(|| notice(format!("No drill went well in the last {DRILL_DAYS} days. `guestguard drill` takes a minute and disturbs nobody.")))}
            <p class="hint">
                {format!(
                    "The newest backup restored beside the real database, verified, served and answered. Targets: at most {} lost, \
                     back within {}.",
                    span(MOST_LOST_SECONDS),
                    span(LONGEST_AWAY_SECONDS),
                )}
            </p>
            {(!rows.is_empty())
                .then(|| view! {
                    <div class="table-wrap">
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col">"When (UTC)"</th>
                                    <th scope="col">"Result"</th>
                                    <th scope="col">"Checks"</th>
                                    <th scope="col">"Would have lost"</th>
                                    <th scope="col">"Back after"</th>
                                    <th scope="col">"Backup"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                })}
        </section>
    }
}

#[component]
fn Messages(outbox: Outbox) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Messages"</h2>
            {outbox.paused.map(|reason| notice(format!("No message leaves: {reason}.")))}
            <dl class="figures">
                {figure("Waiting", thousands(outbox.waiting), String::new())}
                {figure("The oldest waits since", span(outbox.oldest_seconds), String::new())}
                {figure("Domains that refuse us", outbox.unwelcome.len().to_string(), outbox.unwelcome.join(", "))}
            </dl>
        </section>
    }
}

fn figure(name: &'static str, value: String, note: String) -> impl IntoView {
    view! {
        <div class="figure">
            <dt>{name}</dt>
            <dd>{value}</dd>
            {(!note.is_empty()).then(|| view! { <dd class="figure-note">{note}</dd> })}
        </div>
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

fn when(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M").to_string()
}

fn ago(seconds: i64) -> String {
    format!("{} ago", span(seconds))
}

fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => counted(seconds / 86_400, "day"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
