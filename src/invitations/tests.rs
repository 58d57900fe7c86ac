//! Tests of invitations.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{
    Device, Issued, Selection,
    accesses::{self, Access, AccessLog},
    actions, queries,
};
use crate::{
    actors::Host,
    backend::Backend,
    events,
    guests::{self, GuestStatus, list::ListQuery},
    ids::{EventId, GuestId},
    imports::{self, Upload},
    notifications::{campaigns::event_updates, worker},
    problem::{Conflict, LinkEnd, Problem},
    testing::{self, planned, problem},
};

async fn count(backend: &Backend, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&backend.db).await.unwrap()
}

async fn status(backend: &Backend, host: &Host, event: EventId, name: &str) -> GuestStatus {
    let query = ListQuery { search: name.into(), ..ListQuery::default() };
    guests::queries::page(&backend.db, host, event, query).await.unwrap().rows[0].status
}

async fn three(backend: &Backend, host: &Host, event: EventId) -> [GuestId; 3] {
    [
        testing::guest(backend, host, event, "Ada", "ada@example.org").await,
        testing::guest(backend, host, event, "Grace", "grace@example.org").await,
        testing::guest(backend, host, event, "Matilda", "").await,
    ]
}

#[sqlx::test]
async fn issuing_a_link_enqueues_the_invitation(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let issued = actions::issue(&backend, &host, event, &Selection::Only(vec![ada])).await.unwrap();
    assert_eq!(issued, Issued { links: 1, messages: 1, later: 0 });
    assert_eq!(status(&backend, &host, event, "Ada").await, GuestStatus::Queued);
    assert_eq!(count(&backend, "select count(*) from notifications where state = 'queued'").await, 1);
}

#[sqlx::test]
async fn a_guest_without_an_address_gets_a_link_and_no_message(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [.., matilda] = three(&backend, &host, event).await;
    let issued = actions::issue(&backend, &host, event, &Selection::Only(vec![matilda])).await.unwrap();
    assert_eq!(issued, Issued { links: 1, messages: 0, later: 0 });
    assert_eq!(status(&backend, &host, event, "Matilda").await, GuestStatus::LinkReady);
    assert_eq!(count(&backend, "select count(*) from notifications").await, 0);
    let token = testing::token(&backend, &host, event, matilda).await;
    assert_eq!(queries::guest_of(&backend.db, &token).await.unwrap().id(), matilda);
    let resent = problem(actions::resend(&backend, &host, event, matilda).await);
    assert_eq!(resent, Problem::Conflict(Conflict::NotInvited));
}

#[sqlx::test]
async fn inviting_all_skips_guests_invited_before(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    actions::issue(&backend, &host, event, &Selection::Only(vec![ada])).await.unwrap();
    let token = testing::token(&backend, &host, event, ada).await;
    let issued = actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
    assert_eq!(issued, Issued { links: 2, messages: 1, later: 0 });
    assert!(queries::guest_of(&backend.db, &token).await.is_ok(), "the first link still works");
    let again = problem(actions::issue(&backend, &host, event, &Selection::All).await);
    assert_eq!(again, Problem::Conflict(Conflict::NobodyToInvite));
}

#[sqlx::test]
async fn two_requests_at_once_issue_one_link_each_guest(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    three(&backend, &host, event).await;
    let tries = (0..8).map(|_| {
        let (backend, host) = (backend.clone(), host.clone());
        tokio::spawn(async move { actions::issue(&backend, &host, event, &Selection::All).await })
    });
    let mut links = 0;
    for done in tries.collect::<Vec<_>>() {
        links += done.await.unwrap().map_or(0, |issued| issued.links);
    }
    assert_eq!(links, 3);
    assert_eq!(count(&backend, "select count(*) from invitations").await, 3);
    assert_eq!(count(&backend, "select count(*) from notifications").await, 2);
}

#[sqlx::test]
async fn another_host_can_neither_invite_nor_see_links(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    testing::invite(&backend, &host, event, ada).await;
    let ben = testing::host(&backend, "Ben").await;
    assert_eq!(problem(actions::issue(&backend, &ben, event, &Selection::All).await), Problem::NotFound);
    assert_eq!(problem(actions::resend(&backend, &ben, event, ada).await), Problem::NotFound);
    assert_eq!(problem(actions::rotate(&backend, &ben, event, ada).await), Problem::NotFound);
    assert_eq!(problem(queries::link(&backend, &ben, event, ada).await), Problem::NotFound);
}

#[sqlx::test]
async fn an_address_is_corrected_and_the_link_sent_there_or_neither(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let correct = async || actions::correct_and_resend(&backend, &host, event, ada, "right@example.org").await;
    let right = "select count(*) from guests where email = 'right@example.org'";
    assert_eq!(problem(correct().await), Problem::Conflict(Conflict::NotInvited));
    assert_eq!(count(&backend, right).await, 0, "nothing was sent, so nothing was corrected");
    testing::invite(&backend, &host, event, ada).await;
    correct().await.unwrap();
    assert_eq!(count(&backend, right).await, 1);
    let there = "select count(*) from notifications where recipient = 'right@example.org'";
    assert_eq!(count(&backend, there).await, 1);
}

#[sqlx::test]
async fn a_reset_link_stops_working_at_once_and_the_new_one_works(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (guest, old) = testing::invite(&backend, &host, event, ada).await;
    testing::open(&backend, &guest, Device::Phone).await.unwrap();
    actions::rotate(&backend, &host, event, ada).await.unwrap();
    assert_eq!(problem(queries::guest_of(&backend.db, &old).await), Problem::LinkEnded(LinkEnd::Replaced));
    let new = testing::token(&backend, &host, event, ada).await;
    assert_ne!(new, old);
    assert_eq!(queries::guest_of(&backend.db, &new).await.unwrap().id(), ada);
    assert_ne!(status(&backend, &host, event, "Ada").await, GuestStatus::Opened, "nobody opened the new link yet");
}

#[sqlx::test]
async fn a_link_never_issued_is_not_found_and_one_withdrawn_says_so(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (_, token) = testing::invite(&backend, &host, event, ada).await;
    assert_eq!(problem(queries::guest_of(&backend.db, &super::Token("x".into())).await), Problem::NotFound);
    guests::actions::delete(&backend, &host, event, &[ada]).await.unwrap();
    assert_eq!(problem(queries::guest_of(&backend.db, &token).await), Problem::LinkEnded(LinkEnd::Withdrawn));
}

#[sqlx::test]
async fn openings_count_for_people_but_not_for_scanners(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (guest, _) = testing::invite(&backend, &host, event, ada).await;
    testing::open(&backend, &guest, Device::Scanner).await.unwrap();
    assert_eq!(status(&backend, &host, event, "Ada").await, GuestStatus::Queued);
    testing::open(&backend, &guest, Device::Phone).await.unwrap();
    assert_eq!(status(&backend, &host, event, "Ada").await, GuestStatus::Opened);
    assert_eq!(count(&backend, "select count(*) from accesses").await, 2);
    assert_eq!(count(&backend, "select open_count::int8 from invitations").await, 1);
}

#[sqlx::test]
async fn accesses_are_buffered_and_each_is_written_once(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (guest, _) = testing::invite(&backend, &host, event, ada).await;
    let log = AccessLog::start(backend.clone());
    for minute in 0..3 {
        backend.clock.set(testing::start() + TimeDelta::minutes(minute));
        let device = if minute == 2 { Device::Scanner } else { Device::Phone };
        log.record(Access::now(&backend, &guest, device, None).unwrap());
    }
    assert_eq!(count(&backend, "select count(*) from accesses").await, 0, "nobody waits for the write");
    log.flush().await.unwrap();
    log.flush().await.unwrap();
    assert_eq!(count(&backend, "select count(*) from accesses").await, 3);
    let link = "select count(*) from invitations where open_count = 2 and last_opened_at > first_opened_at";
    assert_eq!(count(&backend, link).await, 1);
}

#[sqlx::test]
async fn an_access_that_cannot_be_written_is_kept_for_ten_minutes(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (guest, _) = testing::invite(&backend, &host, event, ada).await;
    let execute = async |sql: &'static str| sqlx::query(sql).execute(&backend.db).await.unwrap();
    let log = AccessLog::start(backend.clone());
    let open = || log.record(Access::now(&backend, &guest, Device::Phone, None).unwrap());
    execute("alter table accesses add constraint none check (false) not valid").await;
    open();
    log.flush().await.unwrap_err();
    execute("alter table accesses drop constraint none").await;
    log.flush().await.unwrap();
    assert_eq!(count(&backend, "select count(*) from accesses").await, 1);

    execute("alter table accesses add constraint none check (false) not valid").await;
    open();
    log.flush().await.unwrap_err();
    backend.clock.set(testing::start() + TimeDelta::minutes(11));
    log.flush().await.unwrap_err();
    execute("alter table accesses drop constraint none").await;
    log.flush().await.unwrap();
    assert_eq!(count(&backend, "select count(*) from accesses").await, 1);
}

#[sqlx::test]
async fn an_opening_of_a_guest_who_was_erased_meanwhile_leaves_nothing(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (guest, _) = testing::invite(&backend, &host, event, ada).await;
    let access = Access::now(&backend, &guest, Device::Phone, Some(&[10, 0, 0])).unwrap();
    crate::privacy::actions::erase(&backend, &guest).await.unwrap();
    accesses::write(&backend, &mut vec![access]).await.unwrap();
    assert_eq!(count(&backend, "select count(*) from accesses").await, 0);
}

#[sqlx::test]
async fn no_token_is_stored_in_clear_text(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let [ada, ..] = three(&backend, &host, event).await;
    let (_, token) = testing::invite(&backend, &host, event, ada).await;
    let dump: String = sqlx::query_scalar(
        "select coalesce(string_agg(row::text, ''), '') from (
            select i::text from invitations i union all select n::text from notifications n
            union all select j::text from graphile_worker._private_jobs j) as rows (row)",
    )
    .fetch_one(&backend.db)
    .await
    .unwrap();
    let hex: String = token.0.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump.contains(&token.0) && !dump.contains(&hex));
}

#[sqlx::test]
async fn a_cancelled_event_invites_nobody(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    three(&backend, &host, event).await;
    events::actions::cancel(&backend, &host, event).await.unwrap();
    let refused = problem(actions::issue(&backend, &host, event, &Selection::All).await);
    assert_eq!(refused, Problem::Conflict(Conflict::EventCancelled));
}

#[sqlx::test]
async fn bulk_sends_imports_and_accesses_of_the_same_guests_do_not_deadlock(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let list: String = (0..40).map(|n| format!("Guest {n} <g{n}@example.org>\n")).collect();
    guests::actions::add_pasted(&backend, &host, event, &list).await.unwrap();
    actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
    let ids: Vec<GuestId> =
        sqlx::query_scalar("select id from guests order by id").fetch_all(&backend.db).await.unwrap();
    let mut invited = Vec::new();
    for id in &ids {
        let token = testing::token(&backend, &host, event, *id).await;
        invited.push(queries::guest_of(&backend.db, &token).await.unwrap());
    }
    for round in 0..8 {
        let file: String = (0..40).rev().map(|n| format!("Guest {n},g{n}@example.org,note {round}\n")).collect();
        let upload = Upload { name: "guests.csv".into(), country: "GB".into(), columns: Vec::new() };
        let file = format!("Name,Email,Note\n{file}").into_bytes();
        let import = imports::actions::parse(&backend, &host, event, file, &upload).await.unwrap();
        let policy = "update imports set duplicate_policy = 'update' where id = $1";
        sqlx::query(policy).bind(import.0).execute(&backend.db).await.unwrap();
        let mut accesses: Vec<_> =
            invited.iter().rev().map(|guest| Access::now(&backend, guest, Device::Phone, None).unwrap()).collect();
        let backwards: Vec<_> = ids.iter().rev().copied().collect();
        let (sent, imported, opened, tagged, drained) = tokio::join!(
            event_updates::notify_guests(&backend, &host, event),
            imports::actions::commit(&backend, &host, event, import, false),
            accesses::write(&backend, &mut accesses),
            guests::actions::tag(&backend, &host, event, &backwards, "VIP", round % 2 == 0),
            worker::drain(&backend),
        );
        sent.unwrap();
        imported.unwrap();
        opened.unwrap();
        tagged.unwrap();
        drained.unwrap();
    }
    let stale = "select count(*) from current_guest_status c
        left join guest_status s on s.host_id = c.host_id and s.guest_id = c.guest_id
        where s.* is distinct from c.*";
    assert_eq!(count(&backend, stale).await, 0, "every status is current");
}
