//! Tests of guest verbs and the guest table.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{
    GuestForm, GuestStatus, actions, check,
    list::{BulkSelection, ListQuery, Reach, Sort},
    queries,
};
use crate::{
    actors::Host,
    backend::Backend,
    events::EventForm,
    ids::{EventId, GuestId},
    invitations::{self, Device},
    privacy,
    problem::{Conflict, FieldError, Problem},
    rsvp::{self, Answer, AnswerForm},
    testing::{self, planned, problem},
};

async fn names(backend: &Backend, host: &Host, event: EventId, query: ListQuery) -> Vec<String> {
    let page = queries::page(&backend.db, host, event, query).await.unwrap();
    page.rows.into_iter().map(|row| row.name).collect()
}

#[sqlx::test]
async fn another_hosts_guests_look_like_none(db: PgPool) {
    let (backend, ana, event) = planned(db, testing::event_form()).await;
    let ben = testing::host(&backend, "Ben").await;
    let id = testing::guest(&backend, &ana, event, "Ada", "ada@example.org").await;
    let form = GuestForm { name: "Eve".into(), ..GuestForm::default() };
    assert_eq!(problem(actions::add(&backend, &ben, event, &form).await), Problem::NotFound);
    assert_eq!(problem(actions::add_pasted(&backend, &ben, event, "Eve").await), Problem::NotFound);
    assert_eq!(problem(actions::edit(&backend, &ben, event, id, &form).await), Problem::NotFound);
    assert_eq!(problem(actions::delete(&backend, &ben, event, &[id]).await), Problem::NotFound);
    assert_eq!(problem(queries::guest(&backend.db, &ben, event, id).await), Problem::NotFound);
    assert!(names(&backend, &ben, event, ListQuery::default()).await.is_empty());
}

#[sqlx::test]
async fn the_party_size_defaults_to_the_events(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let id = testing::guest(&backend, &host, event, "Ada", "").await;
    assert_eq!(queries::guest(&backend.db, &host, event, id).await.unwrap().party_size, 4);
    let form = GuestForm { name: "Ada".into(), party_size: "2".into(), tags: "A, B".into(), ..GuestForm::default() };
    actions::edit(&backend, &host, event, id, &form).await.unwrap();
    let guest = queries::guest(&backend.db, &host, event, id).await.unwrap();
    assert_eq!((guest.party_size, guest.tags), (2, vec!["A".to_owned(), "B".to_owned()]));
}

#[sqlx::test]
async fn a_pasted_list_is_added_whole_or_not_at_all(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let bad = "Ada <ada@example.org>\nGrace <grace@>\nAlan +1 23";
    let Problem::Invalid(faults) = problem(actions::add_pasted(&backend, &host, event, bad).await) else { panic!() };
    assert_eq!(faults[0].error, FieldError::Lines(vec![2]));
    assert!(names(&backend, &host, event, ListQuery::default()).await.is_empty());
    let good = "Ada <ada@example.org>\n\"Hopper, Grace\" <grace@example.org>\nAunt Matilda\n";
    assert_eq!(actions::add_pasted(&backend, &host, event, good).await.unwrap(), 3);
    assert_eq!(names(&backend, &host, event, ListQuery::default()).await, ["Ada", "Aunt Matilda", "Grace Hopper"]);
}

#[sqlx::test]
async fn pasting_the_same_addresses_again_adds_nobody(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    assert_eq!(actions::add_pasted(&backend, &host, event, "Ada <ada@example.org>").await.unwrap(), 1);
    assert_eq!(actions::add_pasted(&backend, &host, event, "A <ADA@example.org>, B <b@example.org>").await.unwrap(), 1);
    assert_eq!(actions::add_pasted(&backend, &host, event, "b@example.org").await.unwrap(), 0);
}

#[sqlx::test]
async fn a_paste_beyond_the_limit_is_refused_with_the_limit(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let refused = problem(actions::add_pasted(&backend, &host, event, &"Ada\n".repeat(501)).await);
    assert_eq!(refused, Problem::Conflict(Conflict::TooManyAtOnce { max: 500 }));
}

#[sqlx::test]
async fn a_removed_guest_is_restored_with_link_and_reply(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let id = testing::guest(&backend, &host, event, "Ada", "ada@example.org").await;
    let (guest, token) = testing::invite(&backend, &host, event, id).await;
    let maybe = AnswerForm { answer: "maybe".into(), ..AnswerForm::default() };
    rsvp::actions::answer(&backend, &guest, &maybe).await.unwrap();
    let removed = actions::delete(&backend, &host, event, &[id]).await.unwrap();
    assert!(names(&backend, &host, event, ListQuery::default()).await.is_empty());
    assert!(invitations::queries::guest_of(&backend.db, &token).await.is_err());
    actions::restore(&backend, &host, event, removed.at).await.unwrap();
    let page = queries::page(&backend.db, &host, event, ListQuery::default()).await.unwrap();
    assert_eq!(page.rows[0].status, GuestStatus::Maybe);
    assert!(invitations::queries::guest_of(&backend.db, &token).await.is_ok());
}

#[sqlx::test]
async fn a_restore_is_refused_once_the_seats_are_taken(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let form = EventForm { capacity: "2".into(), ..testing::event_form() };
    let event = testing::event(&backend, &host, form).await;
    let (ada, alan) = (
        testing::guest(&backend, &host, event, "Ada", "").await,
        testing::guest(&backend, &host, event, "Alan", "").await,
    );
    let yes = AnswerForm { answer: "attending".into(), heads: "2".into(), ..AnswerForm::default() };
    let (guest, _) = testing::invite(&backend, &host, event, ada).await;
    rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    let removed = actions::delete(&backend, &host, event, &[ada]).await.unwrap();
    let (guest, _) = testing::invite(&backend, &host, event, alan).await;
    rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    let refused = problem(actions::restore(&backend, &host, event, removed.at).await);
    assert_eq!(refused, Problem::Conflict(Conflict::EventFull { left: 0 }));
    assert_eq!(names(&backend, &host, event, ListQuery::default()).await, ["Alan"]);
}

#[sqlx::test]
async fn a_removed_guest_is_erased_after_a_day(db: PgPool) {
    let (backend, host, event) = testing::planned_on(testing::stopped(db).await, testing::event_form()).await;
    let id = testing::guest(&backend, &host, event, "Ada", "ada@example.org").await;
    let removed = actions::delete(&backend, &host, event, &[id]).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::hours(23));
    assert_eq!(actions::purge_deleted(&backend).await.unwrap(), 0);
    backend.clock.set(testing::start() + TimeDelta::hours(24));
    assert_eq!(
        problem(actions::restore(&backend, &host, event, removed.at).await),
        Problem::Conflict(Conflict::UndoExpired)
    );
    assert_eq!(actions::purge_deleted(&backend).await.unwrap(), 1);
    let left: i64 = sqlx::query_scalar("select count(*) from guests").fetch_one(&backend.db).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test]
async fn the_table_searches_filters_sorts_and_pages(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let people: String = (0..120).map(|n| format!("Guest {n:03} <guest{n}@example.org>\n")).collect();
    actions::add_pasted(&backend, &host, event, &people).await.unwrap();
    let form = GuestForm {
        name: "100% <b>Ada_\\</b>".into(),
        tags: "VIP".into(),
        note: "likes tea".into(),
        ..GuestForm::default()
    };
    let ada: GuestId = actions::add(&backend, &host, event, &form).await.unwrap();
    let (_, _) = testing::invite(&backend, &host, event, ada).await;
    let query = |search: &str| ListQuery { search: search.into(), ..ListQuery::default() };

    assert_eq!(names(&backend, &host, event, query("%")).await, ["100% <b>Ada_\\</b>"], "% is a letter, no wildcard");
    assert_eq!(names(&backend, &host, event, query("_\\")).await.len(), 1);
    assert_eq!(names(&backend, &host, event, query("TEA")).await.len(), 1);
    assert_eq!(names(&backend, &host, event, query("guest7@")).await, ["Guest 007"]);
    let tagged = ListQuery { tag: "VIP".into(), ..ListQuery::default() };
    assert_eq!(names(&backend, &host, event, tagged).await.len(), 1);
    let ready = ListQuery { status: Some(GuestStatus::LinkReady), ..ListQuery::default() };
    assert_eq!(names(&backend, &host, event, ready).await.len(), 1);

    let last = ListQuery { page: 3, ..ListQuery::default() };
    let page = queries::page(&backend.db, &host, event, last).await.unwrap();
    assert_eq!((page.rows.len(), page.matching, page.total, page.pages()), (21, 121, 121, 3));
    let down = ListQuery { sort: Sort::Name, descending: true, ..ListQuery::default() };
    assert_eq!(names(&backend, &host, event, down).await[0], "Guest 119");
    assert_eq!(page.tags, ["VIP"]);
}

#[sqlx::test]
async fn the_status_of_a_guest_follows_every_verb(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let id = testing::guest(&backend, &host, event, "Ada", "ada@example.org").await;
    let status = async || {
        let astray: i64 = sqlx::query_scalar(
            "select count(*) from current_guest_status c
            left join guest_status s on s.host_id = c.host_id and s.guest_id = c.guest_id
            where s.* is distinct from c.*",
        )
        .fetch_one(&backend.db)
        .await
        .unwrap();
        assert_eq!(astray, 0, "the stored status is that of the view");
        backend.clock.set(backend.clock.now() + TimeDelta::minutes(1));
        queries::page(&backend.db, &host, event, ListQuery::default()).await.unwrap().rows[0].status
    };
    assert_eq!(status().await, GuestStatus::NotInvited);
    let (guest, _) = testing::invite(&backend, &host, event, id).await;
    assert_eq!(status().await, GuestStatus::Queued);
    testing::post(&backend).await;
    assert_eq!(status().await, GuestStatus::Sent);
    testing::open(&backend, &guest, Device::Phone).await.unwrap();
    assert_eq!(status().await, GuestStatus::Opened);
    invitations::actions::resend(&backend, &host, event, id).await.unwrap();
    assert_eq!(status().await, GuestStatus::Opened);
    testing::post(&backend).await;
    invitations::actions::rotate(&backend, &host, event, id).await.unwrap();
    assert_eq!(status().await, GuestStatus::LinkReady);
    for answer in [Answer::Attending, Answer::Declined] {
        let form = AnswerForm { answer: answer.into_str().into(), heads: "3".into(), ..AnswerForm::default() };
        rsvp::actions::answer(&backend, &guest, &form).await.unwrap();
        assert_eq!(Ok(status().await), answer.into_str().parse());
    }
    let form = GuestForm { name: "Ada King".into(), ..GuestForm::default() };
    actions::edit(&backend, &host, event, id, &form).await.unwrap();
    assert_eq!(status().await, GuestStatus::Declined);
    let removed = actions::delete(&backend, &host, event, &[id]).await.unwrap();
    actions::restore(&backend, &host, event, removed.at).await.unwrap();
    assert_eq!(status().await, GuestStatus::Declined);
    actions::tag(&backend, &host, event, &[id], "VIP", true).await.unwrap();
    assert_eq!(status().await, GuestStatus::Declined);
    actions::set_phone(&backend, &host, event, id, "+44 7911 123456", "").await.unwrap();
    assert_eq!(status().await, GuestStatus::Declined);
    actions::delete(&backend, &host, event, &[id]).await.unwrap();
    let id = testing::guest(&backend, &host, event, "Grace", "grace@example.org").await;
    let (guest, _) = testing::invite(&backend, &host, event, id).await;
    invitations::actions::correct_and_resend(&backend, &host, event, id, "hopper@example.org").await.unwrap();
    assert_eq!(status().await, GuestStatus::Queued);
    privacy::actions::erase(&backend, &guest).await.unwrap();
    assert_eq!(status().await, GuestStatus::Failed, "their message was cancelled");
}

#[sqlx::test]
async fn every_sort_goes_both_ways(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    for (name, seats) in [("Grace", "3"), ("ada", "1"), ("Zoë", "2")] {
        let form = GuestForm { name: name.into(), party_size: seats.into(), ..GuestForm::default() };
        let id = actions::add(&backend, &host, event, &form).await.unwrap();
        backend.clock.set(backend.clock.now() + TimeDelta::minutes(1));
        if name == "ada" {
            testing::invite(&backend, &host, event, id).await;
        }
    }
    for (sort, order) in [
        (Sort::Name, ["ada", "Grace", "Zoë"]),
        (Sort::Status, ["Grace", "Zoë", "ada"]),
        (Sort::Party, ["ada", "Zoë", "Grace"]),
        (Sort::Activity, ["Zoë", "ada", "Grace"]),
    ] {
        let query = ListQuery { sort, ..ListQuery::default() };
        assert_eq!(names(&backend, &host, event, query.clone()).await, order, "{sort:?}");
        let filtered = ListQuery { reach: Some(Reach::Nothing), ..query.clone() };
        assert_eq!(names(&backend, &host, event, filtered).await, order, "{sort:?} of a filtered view");
        let mut down = names(&backend, &host, event, ListQuery { descending: true, ..query }).await;
        down.reverse();
        assert_eq!(down, order, "{sort:?} the other way");
    }
}

#[sqlx::test]
async fn a_search_ignores_accents_and_forgives_a_typo(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    for name in ["Jürgen Groß", "Zoë O'Hara", "Łukasz Nowak"] {
        testing::guest(&backend, &host, event, name, "same@provider.example").await;
    }
    for (search, name, similar) in [
        ("jurgen", "Jürgen Groß", false),
        ("GROSS", "Jürgen Groß", false),
        ("lukasz", "Łukasz Nowak", false),
        ("Jürgne", "Jürgen Groß", true),
        ("Novak", "Łukasz Nowak", true),
    ] {
        let query = ListQuery { search: search.into(), ..ListQuery::default() };
        let page = queries::page(&backend.db, &host, event, query).await.unwrap();
        assert_eq!((page.rows[0].name.as_str(), page.similar), (name, similar), "{search}");
    }
    for search in ["xylophone", "else@provider.example"] {
        let query = ListQuery { search: search.into(), ..ListQuery::default() };
        assert!(queries::page(&backend.db, &host, event, query).await.unwrap().rows.is_empty(), "{search}");
    }
}

#[sqlx::test]
async fn guests_are_filtered_by_contact_details_and_tagged_together(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    testing::guest(&backend, &host, event, "Ada", "ada@example.org").await;
    testing::guest(&backend, &host, event, "Bo", "").await;
    let form = GuestForm { name: "Cy".into(), phone: "+447911123456".into(), ..GuestForm::default() };
    actions::add(&backend, &host, event, &form).await.unwrap();
    let of = |reach| ListQuery { reach: Some(reach), ..ListQuery::default() };
    assert_eq!(names(&backend, &host, event, of(Reach::NoEmail)).await, ["Bo", "Cy"]);
    assert_eq!(names(&backend, &host, event, of(Reach::Nothing)).await, ["Bo"]);
    assert!(names(&backend, &host, event, of(Reach::Problem)).await.is_empty());

    let selection = BulkSelection::Matching(of(Reach::NoEmail));
    let ids = queries::selected(&backend.db, &host, event, selection).await.unwrap();
    assert_eq!(actions::tag(&backend, &host, event, &ids, " by hand ", true).await.unwrap(), 2);
    assert_eq!(actions::tag(&backend, &host, event, &ids, "by hand", true).await.unwrap(), 0, "they have it already");
    let tagged = || ListQuery { tag: "by hand".into(), ..ListQuery::default() };
    assert_eq!(names(&backend, &host, event, tagged()).await, ["Bo", "Cy"]);
    assert_eq!(actions::tag(&backend, &host, event, &ids[..1], "by hand", false).await.unwrap(), 1);
    assert_eq!(names(&backend, &host, event, tagged()).await, ["Cy"]);
    for bad in ["", "a, b"] {
        let refused = problem(actions::tag(&backend, &host, event, &ids, bad, true).await);
        assert_eq!(refused, Problem::Conflict(Conflict::OneTag));
    }
}

#[sqlx::test]
async fn a_guest_list_is_checked_before_anything_is_sent(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let add = async |name: &str, email: &str, phone: &str| {
        let form = GuestForm { name: name.into(), email: email.into(), phone: phone.into(), ..GuestForm::default() };
        actions::add(&backend, &host, event, &form).await.unwrap()
    };
    add("Ada", "ada@example.org", "").await;
    add("A. Lovelace", "ADA@example.org", "").await;
    add("Bo", "bo@gmial.com", "+447911123456").await;
    add("Bo at work", "", "+447911123456").await;
    add("Jürgen Groß", "j1@example.org", "").await;
    add("Jurgen Gross", "j2@example.org", "").await;
    add("Cy", "", "").await;
    let findings = check::check(&backend.db, &host, event).await.unwrap();
    let pairs: BTreeSet<_> = findings
        .pairs
        .iter()
        .map(|pair| {
            let mut names = [pair.one.name.as_str(), pair.other.name.as_str()];
            names.sort_unstable();
            (names, pair.why)
        })
        .map(|(names, why)| format!("{names:?} {why:?}"))
        .collect();
    let expected = [
        "[\"A. Lovelace\", \"Ada\"] Email",
        "[\"Bo\", \"Bo at work\"] Phone",
        "[\"Jurgen Gross\", \"Jürgen Groß\"] Name",
    ];
    assert_eq!(pairs, expected.map(ToOwned::to_owned).into());
    assert_eq!((findings.typos[0].suggestion.as_str(), findings.unreachable), ("bo@gmail.com", 1));

    let ids = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let db = backend.db.clone();
        async move {
            let query = sqlx::query_scalar::<_, GuestId>("select id from guests where name = any ($1)");
            query.bind(names).fetch_all(&db).await.unwrap()
        }
    };
    let plan = invitations::queries::plan(&backend, &host, event, None).await.unwrap();
    assert_eq!((plan.email, plan.phone, plan.unreachable, plan.links()), (5, 1, 1, 7));
    let chosen = ids(&["Ada", "Cy"]).await;
    let plan = invitations::queries::plan(&backend, &host, event, Some(&chosen)).await.unwrap();
    assert_eq!((plan.email_names, plan.unreachable_names), (vec!["Ada".to_owned()], vec!["Cy".to_owned()]));
    invitations::actions::issue(&backend, &host, event, &invitations::Selection::Only(chosen)).await.unwrap();
    let plan = invitations::queries::plan(&backend, &host, event, None).await.unwrap();
    assert_eq!((plan.links(), plan.links_to_share), (5, 1));
}
