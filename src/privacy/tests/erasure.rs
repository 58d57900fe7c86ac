//! Tests of guest corrections and erasure.

use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    actors::Guest,
    backend::Backend,
    guests::{self, GuestStatus},
    ids::{EventId, GuestId},
    invitations::{self, Selection},
    notifications::{
        Channel, provider_events,
        reference::Reference,
        suppressions::{
            self,
            unsubscribe::{self, MessageSubscription},
        },
    },
    privacy::{
        CorrectionForm, DELETED_ACCOUNT_DAYS, DeletionForm,
        actions::{correct, delete_account, erase, remove_deleted, stop_channel},
        queries::account_contents,
        subject_access::guest_data,
    },
    problem::{FieldError, LinkEnd, Problem},
    rsvp::{self, AnswerForm},
    testing::{self, problem, signed_in},
};

fn attending() -> AnswerForm {
    AnswerForm {
        answer: "attending".into(),
        heads: "2".into(),
        companions: vec!["Vincent Hopper".into()],
        message: "Gluten free".into(),
    }
}

async fn number(backend: &Backend, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&backend.db).await.unwrap()
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_guest_puts_right_what_is_known_of_them_and_nothing_else(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let grace = testing::guest(&backend, &ana, event, "Grase", "grase@example.org").await;
    let (guest, _) = testing::invite(&backend, &ana, event, grace).await;
    let form =
        CorrectionForm { name: "Grace".into(), email: "grace@example.org".into(), phone: "+44 7911 123456".into() };
    sqlx::query("update guests set note = 'Table 4', tags = '{VIP}'").execute(&backend.db).await.unwrap();
    correct(&backend, &guest, &form).await.unwrap();
    let known = guests::queries::guest(&backend.db, &ana, event, grace).await.unwrap();
    assert_eq!((known.name.as_str(), known.email.as_deref()), ("Grace", Some("grace@example.org")));
    assert_eq!((known.phone.as_deref(), known.note.as_str()), (Some("+447911123456"), "Table 4"));

    let wrong = CorrectionForm { name: " ".into(), email: "grace@".into(), ..form };
    let Problem::Invalid(faults) = problem(correct(&backend, &guest, &wrong).await) else { panic!() };
    let named: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), &fault.error)).collect();
    assert_eq!(named, [("name", &FieldError::Required), ("email", &FieldError::NotAnEmail)]);
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_guest_stops_a_way_by_which_their_host_writes_and_only_a_message_of_theirs_takes_that_back(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let grace = testing::guest(&backend, &ana, event, "Grace", "Grace@example.org").await;
    let (guest, _) = testing::invite(&backend, &ana, event, grace).await;
    assert_eq!(problem(stop_channel(&backend, &guest, Channel::Sms).await), Problem::NotFound, "there is no number");
    stop_channel(&backend, &guest, Channel::Email).await.unwrap();
    stop_channel(&backend, &guest, Channel::Email).await.unwrap();
    assert!(guest_data(&backend, &guest).await.unwrap().0.channels[0].stopped);
    assert_eq!(testing::post(&backend).await, 0, "what waited is not sent");
    unsubscribe::resubscribe(&backend, &MessageSubscription::new(ana.id(), "grace@example.org")).await.unwrap();
    assert!(!guest_data(&backend, &guest).await.unwrap().0.channels[0].stopped);
    invitations::actions::resend(&backend, &ana, event, grace).await.unwrap();
    assert_eq!(testing::post(&backend).await, 1);
}

/// Grace, invited, written to, and attending with somebody.
async fn attending_guest(backend: &Backend, ana: &crate::actors::Host, event: EventId) -> (GuestId, Guest) {
    let grace = testing::guest(backend, ana, event, "Grace Hopper", "grace@example.org").await;
    let (guest, _) = testing::invite(backend, ana, event, grace).await;
    testing::post(backend).await;
    testing::open(backend, &guest, invitations::Device::Phone).await.unwrap();
    rsvp::actions::answer(backend, &guest, &attending()).await.unwrap();
    (grace, guest)
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_guest_who_is_erased_leaves_an_anonymous_seat_and_is_not_written_to_again(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let (grace, guest) = attending_guest(&backend, &ana, event).await;
    assert_eq!(number(&backend, "select count(*) from notifications where state = 'queued'").await, 1);
    erase(&backend, &guest).await.unwrap();

    let seat = guests::queries::guest(&backend.db, &ana, event, grace).await.unwrap();
    assert_eq!((seat.name.as_str(), seat.email, seat.erased), ("Anonymous guest", None, true));
    let overview = rsvp::queries::overview(&backend.db, &ana, event).await.unwrap();
    assert_eq!((overview.figures.attending, overview.figures.heads, overview.figures.opened), (1, 2, 1));
    let token = sqlx::query_scalar::<_, Vec<u8>>("select token_sealed from invitations").fetch_one(&backend.db).await;
    let token = crate::ids::Token(backend.secrets.open(&token.unwrap(), guest.invitation().0).unwrap());
    let ended = problem(invitations::queries::guest_of(&backend.db, &token).await);
    assert_eq!(ended, Problem::LinkEnded(LinkEnd::Erased));
    assert_eq!(testing::post(&backend).await, 0, "the confirmation that waited is cancelled");
    assert!(testing::mails(&backend).await.is_empty(), "and what lay in the outbox is gone");
    // Who was asking while it happened changes nothing any more.
    assert_eq!(problem(rsvp::actions::answer(&backend, &guest, &attending()).await), Problem::NotFound);
    assert_eq!(problem(correct(&backend, &guest, &CorrectionForm::default()).await).status(), 422);
    assert!(guest_data(&backend, &guest).await.is_err());
    for text in ["Hopper", "grace@", "Gluten", "Vincent"] {
        assert_eq!(rows_with(&backend, text).await, Vec::<String>::new(), "{text}");
    }

    // The host puts them on the list anew: the message ends where it began, and says why.
    let again = testing::guest(&backend, &ana, event, "Grace Hopper", "GRACE@example.org").await;
    invitations::actions::issue(&backend, &ana, event, &Selection::Only(vec![again])).await.unwrap();
    testing::post(&backend).await;
    let state: (String, String) = sqlx::query_as("select state, last_error from notifications where guest_id = $1")
        .bind(again.0)
        .fetch_one(&backend.db)
        .await
        .unwrap();
    assert_eq!(state, ("suppressed".to_owned(), "erased".to_owned()));
    // Another host may write to them: they knew nothing of each other.
    let ben = testing::host(&backend, "Ben").await;
    let party = testing::event(&backend, &ben, testing::event_form()).await;
    let there = testing::guest(&backend, &ben, party, "Grace", "grace@example.org").await;
    invitations::actions::issue(&backend, &ben, party, &Selection::Only(vec![there])).await.unwrap();
    assert_eq!(testing::post(&backend).await, 1);
    // And whoever changes their mind, by the link in any mail of Ana's, hears from her again.
    let subscription = MessageSubscription::new(ana.id(), "grace@example.org");
    let link = subscription.token(&backend.secrets).unwrap();
    assert!(unsubscribe::state(&backend, &link).await.unwrap().from_host);
    unsubscribe::resubscribe(&backend, &subscription).await.unwrap();
    invitations::actions::resend(&backend, &ana, event, again).await.unwrap();
    assert_eq!(testing::post(&backend).await, 1);
}

/// The tables in which a text stands somewhere.
async fn rows_with(backend: &Backend, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&backend.db)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("select count(*) from {table} t where t::text ilike '%' || $1 || '%'");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(text).fetch_one(&backend.db).await.unwrap();
        if rows > 0 {
            found.push(table);
        }
    }
    found
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn an_anonymous_seat_is_changed_by_nobody_and_invited_by_nobody(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let (grace, guest) = attending_guest(&backend, &ana, event).await;
    erase(&backend, &guest).await.unwrap();
    let form = guests::GuestForm { name: "Grace again".into(), ..guests::GuestForm::default() };
    assert_eq!(problem(guests::actions::edit(&backend, &ana, event, grace, &form).await), Problem::NotFound);
    assert_eq!(
        problem(invitations::actions::correct_and_resend(&backend, &ana, event, grace, "g@example.org").await),
        Problem::NotFound
    );
    assert_eq!(guests::actions::tag(&backend, &ana, event, &[grace], "VIP", true).await.unwrap(), 0);
    sqlx::query("delete from invitations").execute(&backend.db).await.unwrap();
    sqlx::query("update guest_status set status = 'not-invited'").execute(&backend.db).await.unwrap();
    assert_eq!(invitations::queries::plan(&backend, &ana, event, None).await.unwrap().links(), 0);
    assert!(invitations::actions::issue(&backend, &ana, event, &Selection::All).await.is_err());
    let findings = guests::check::check(&backend.db, &ana, event).await.unwrap();
    assert_eq!(findings.unreachable, 0, "nobody is asked to put it right");
    // It can be taken off the list, with its answer.
    assert_eq!(guests::actions::delete(&backend, &ana, event, &[grace]).await.unwrap().guests, 1);
    assert_eq!("attending".parse(), Ok(GuestStatus::Attending));
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn what_suppressed_an_address_holds_as_a_hash_for_everybody_whose_address_it_was(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let (_, guest) = attending_guest(&backend, &ana, event).await;
    let ben = testing::host(&backend, "Ben").await;
    let now = backend.clock.now();
    let mut tx = guests::status::GuestTx::begin(&backend.db).await.unwrap();
    for scope in
        [suppressions::Scope::Everybody, suppressions::Scope::Host(ana.id()), suppressions::Scope::Host(ben.id())]
    {
        suppressions::suppress(
            &mut tx,
            &backend.secrets,
            now,
            "grace@example.org",
            scope,
            suppressions::Reason::Unsubscribed,
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    erase(&backend, &guest).await.unwrap();
    let clear = "select count(*) from suppressions where address is not null";
    assert_eq!(number(&backend, clear).await, 1, "Ben's own stays as it was");
    let hashed = "select count(*) from suppressions where address_hash is not null and reason = 'unsubscribed'";
    assert_eq!(number(&backend, hashed).await, 2);
    let told =
        "select count(*) from erasure_log where entry::text like '%grace@%' and entry -> 'row' ->> 'host_id' is null";
    assert_eq!(number(&backend, told).await, 0);
    // Lifting is for what the operator corrected; this is not theirs to take back.
    assert!(!suppressions::remove(&backend, "grace@example.org").await.unwrap());
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn an_account_is_deleted_by_whoever_typed_its_password_lately_and_its_address_now(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    attending_guest(&backend, &ana, event).await;
    let found = account_contents(&backend, &ana).await.unwrap();
    assert_eq!((found.events, found.guests, found.links, found.waiting, found.pays), (1, 1, 1, 1, false));
    let typed = |confirmation: &str| DeletionForm { confirmation: confirmation.into() };
    for other in ["", "ana", "ben@example.org"] {
        assert_eq!(problem(delete_account(&backend, &ana, &typed(other)).await).status(), 422, "{other}");
    }
    let start = testing::start();
    backend.clock.set(start + TimeDelta::minutes(16));
    let late = problem(delete_account(&backend, &ana, &typed("ana@example.org")).await);
    assert_eq!(late, Problem::SignInAgain);
    assert_eq!(number(&backend, "select count(*) from guests").await, 1);

    let ana = signed_in(&backend, "ana@example.org", testing::PASSWORD).await.unwrap();
    delete_account(&backend, &ana, &typed(" Ana@Example.org ")).await.unwrap();
    for text in ["ana@example.org", "grace@example.org", "Hopper", "Midwinter"] {
        assert_eq!(rows_with(&backend, text).await, Vec::<String>::new(), "{text}");
    }
    assert!(testing::mails(&backend).await.is_empty());
    assert_eq!(number(&backend, "select count(*) from sessions").await, 0);
    assert!(crate::auth::queries::signed_in(&backend, ana.session()).await.unwrap().is_none());
    assert_eq!(problem(delete_account(&backend, &ana, &typed("ana@example.org")).await), Problem::SignInRequired);
    assert!(signed_in(&backend, "ana@example.org", testing::PASSWORD).await.is_err());

    // The same address, a new account, and nothing in common.
    let again = testing::host(&backend, "Ana").await;
    assert_ne!(again.id(), ana.id());
    assert_eq!(account_contents(&backend, &again).await.unwrap().events, 0);

    backend.clock.set(start + TimeDelta::days(DELETED_ACCOUNT_DAYS - 1));
    assert_eq!(remove_deleted(&backend).await.unwrap(), 0);
    backend.clock.set(start + TimeDelta::days(DELETED_ACCOUNT_DAYS + 1));
    assert_eq!(remove_deleted(&backend).await.unwrap(), 1);
    assert_eq!(number(&backend, "select count(*) from users").await, 1);
    let kinds: Vec<(String, i64)> = sqlx::query_as("select kind, count(*) from erasures group by kind order by kind")
        .fetch_all(&backend.db)
        .await
        .unwrap();
    assert_eq!(kinds, [("deleted-user".to_owned(), 1), ("guest".to_owned(), 1), ("user".to_owned(), 1)]);
    let rewritten = sqlx::query("delete from erasures").execute(&backend.db).await;
    assert!(rewritten.is_err_and(|error| error.to_string().contains("append-only")));
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn whoever_was_at_work_while_they_were_erased_writes_nothing_of_them(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let (grace, guest) = attending_guest(&backend, &ana, event).await;
    let message: uuid::Uuid = sqlx::query_scalar("select id from notifications where kind = 'invitation'")
        .fetch_one(&backend.db)
        .await
        .unwrap();
    erase(&backend, &guest).await.unwrap();
    // Somebody had the page open, the provider's word was on its way.
    testing::open(&backend, &guest, invitations::Device::Phone).await.unwrap();
    assert_eq!(number(&backend, "select count(*) from accesses").await, 0);
    let bounce = provider_events::DeliveryEvent {
        reference: Some(Reference { host: ana.id(), id: crate::ids::NotificationId(message) }),
        provider_id: "p-1".into(),
        status: provider_events::DeliveryStatus::HardBounced,
        at: backend.clock.now(),
        detail: "550 5.1.1 <grace@example.org> unknown".into(),
    };
    let report = provider_events::DeliveryReport {
        provider: "ses",
        key: "1".into(),
        kind: "Bounce".into(),
        event: Some(bounce),
    };
    provider_events::apply(&backend, &report).await.unwrap();
    assert_eq!(rows_with(&backend, "grace@example.org").await, Vec::<String>::new());
    // Whoever clicks an older mail's link is still known by a hash alone.
    let subscription = MessageSubscription::new(ana.id(), "grace@example.org");
    unsubscribe::unsubscribe(&backend, &subscription, true).await.unwrap();
    assert_eq!(rows_with(&backend, "grace@example.org").await, Vec::<String>::new());
    assert_eq!(number(&backend, "select count(*) from suppressions where address_hash is not null").await, 2);
    // On another list of the host's they count as stopped before anything is sent.
    let party = testing::event(&backend, &ana, testing::event_form()).await;
    testing::guest(&backend, &ana, party, "Grace", "grace@example.org").await;
    let plan = invitations::queries::plan(&backend, &ana, party, None).await.unwrap();
    assert_eq!((plan.email, plan.suppressed), (0, 1));
    assert!(guests::queries::guest(&backend.db, &ana, event, grace).await.unwrap().erased);
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_browser_that_was_slower_than_the_deletion_of_its_account_writes_nothing(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    delete_account(&backend, &ana, &DeletionForm { confirmation: "ana@example.org".into() }).await.unwrap();
    // The session was looked at before, and the proof is in the verb's hands.
    let late = crate::events::actions::create(&backend, &ana, &testing::event_form()).await;
    assert_eq!(problem(late), Problem::SignInRequired);
    assert_eq!(problem(crate::privacy::export::request(&backend, &ana).await), Problem::SignInRequired);
    let now = backend.clock.now();
    let mut db = backend.db.acquire().await.unwrap();
    let act = crate::audit::AuditEvent::GuestsExported;
    assert_eq!(problem(crate::audit::record(&mut db, now, ana.actor(), act, "Jubilee").await), Problem::SignInRequired);
    let email = crate::notifications::outbox::enqueue_account(
        &mut db,
        now,
        ana.id(),
        crate::notifications::AccountMessage::PasswordChanged,
        "ana@example.org",
        None,
    );
    assert_eq!(problem(email.await), Problem::SignInRequired);
    drop(db);
    assert!(
        guests::actions::add(&backend, &ana, event, &guests::GuestForm { name: "Ada".into(), ..Default::default() })
            .await
            .is_err()
    );
    for text in ["ana@example.org", "Midwinter", "Jubilee"] {
        assert_eq!(rows_with(&backend, text).await, Vec::<String>::new(), "{text}");
    }
}
