use sqlx::{Acquire, AssertSqlSafe, PgConnection};

use super::{Found, Report};

/// A table whose rows belong to rows of another.
pub(super) struct Relation {
    pub child: &'static str,
    pub parent: &'static str,
    /// Columns in the child and what they are called in the parent; behind the host's, where both have one.
    pub columns: &'static [(&'static str, &'static str)],
    /// The child's and the parent's column of the host; `None`: the parent is the host.
    pub host: Option<(&'static str, &'static str)>,
}

const HOST: Option<(&str, &str)> = Some(("host_id", "host_id"));

const fn of_event(child: &'static str) -> Relation {
    Relation { child, parent: "events", columns: &[("event_id", "id")], host: HOST }
}

const fn of_guest(child: &'static str) -> Relation {
    Relation { child, parent: "guests", columns: &[("event_id", "event_id"), ("guest_id", "id")], host: HOST }
}

const fn of_link(child: &'static str) -> Relation {
    Relation {
        child,
        parent: "invitations",
        columns: &[("event_id", "event_id"), ("guest_id", "guest_id"), ("invitation_id", "id")],
        host: HOST,
    }
}

const fn of_user(child: &'static str, column: &'static [(&'static str, &'static str)]) -> Relation {
    Relation { child, parent: "users", columns: column, host: None }
}

const HOST_IS: &[(&str, &str)] = &[("host_id", "id")];
const USER_IS: &[(&str, &str)] = &[("user_id", "id")];

/// All of them, as the foreign keys say; asked for by query, since a constraint tells nothing of rows that came in past it.
pub(super) const RELATIONS: [Relation; 23] = [
    of_user("events", HOST_IS),
    of_user("data_exports", HOST_IS),
    Relation { child: "data_export_parts", parent: "data_exports", columns: &[("host_id", "host_id")], host: None },
    of_user("sessions", USER_IS),
    of_user("account_tokens", USER_IS),
    of_user("audit_log", USER_IS),
    of_user("suppressions", HOST_IS),
    of_user("billing_customers", HOST_IS),
    of_user("subscriptions", HOST_IS),
    of_event("guests"),
    of_event("imports"),
    of_event("message_templates"),
    of_event("reminder_rules"),
    of_guest("invitations"),
    of_guest("rsvps"),
    of_guest("rsvp_history"),
    of_guest("notifications"),
    of_link("accesses"),
    of_link("manual_deliveries"),
    Relation { child: "delivery_events", parent: "notifications", columns: &[("notification_id", "id")], host: HOST },
    Relation {
        child: "notifications",
        parent: "account_tokens",
        columns: &[("account_token_id", "id")],
        host: Some(("host_id", "user_id")),
    },
    Relation { child: "notifications", parent: "reminder_rules", columns: &[("reminder_id", "id")], host: HOST },
    Relation { child: "import_rows", parent: "imports", columns: &[("import_id", "id")], host: HOST },
];

impl Relation {
    pub fn name(&self) -> String {
        format!("{}-of-{}", self.child, self.parent)
    }

    /// Counts rows whose parent is not there at all.
    fn orphans(&self) -> String {
        let (named, same) = (self.named(), self.same());
        format!(
            "select count(*) from {} c where {named} and not exists (select from {} p where {same})",
            self.child, self.parent
        )
    }

    /// Counts rows whose parent is another host's.
    fn strangers(&self) -> Option<String> {
        let (child, parent) = self.host?;
        let (named, same) = (self.named(), self.same());
        Some(format!(
            "select count(*) from {} c where {named}
                and exists (select from {p} p where {same} and c.{child} <> p.{parent})
                and not exists (select from {p} p where {same} and c.{child} = p.{parent})",
            self.child,
            p = self.parent
        ))
    }

    fn named(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(child, _)| format!("c.{child} is not null")).collect();
        columns.join(" and ")
    }

    fn same(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(child, parent)| format!("p.{parent} = c.{child}")).collect();
        columns.join(" and ")
    }
}

pub async fn check(db: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    for relation in &RELATIONS {
        let found = number(db, relation.orphans()).await;
        report.add(
            relation.name(),
            format!("every row of {} has its row of {}", relation.child, relation.parent),
            found,
        );
    }
    let mut strangers = Vec::new();
    let mut fault = None;
    for relation in &RELATIONS {
        let Some(sql) = relation.strangers() else { continue };
        match number(db, sql).await {
            Ok(found) if found.faults == 0 => {}
            Ok(found) => strangers.push(format!("{} {}", found.faults, relation.name())),
            Err(cause) => fault = Some(cause),
        }
    }
    let found = fault.map_or_else(|| Ok(Found::these(strangers)), Err);
    report.add("tenants", "no row belongs to a row of another host", found);
    Ok(())
}

async fn number(db: &mut PgConnection, sql: String) -> anyhow::Result<Found> {
    let mut tx = db.begin().await?;
    let faults = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *tx).await;
    tx.rollback().await?;
    Ok(Found::rows(faults?))
}
