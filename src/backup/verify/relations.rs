//! Foreign key checks: every row has its parent, of the same host.

use sqlx::{Acquire, AssertSqlSafe, PgConnection};

use super::{VerifyReport, Violations};

/// A foreign key.
pub(super) struct Relation {
    pub child: &'static str,
    pub parent: &'static str,
    /// Pairs of the child's and the parent's column, without the host's.
    pub columns: &'static [(&'static str, &'static str)],
    /// The child's and the parent's host column; `None`: the parent is the host.
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

/// All foreign keys. They are checked by queries, since a constraint says nothing about rows that bypassed it.
pub(super) const RELATIONS: [Relation; 24] = [
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
    of_guest("guest_status"),
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

    /// Counts rows without a parent.
    fn orphans(&self) -> String {
        let (present, matching) = (self.present(), self.matching());
        format!(
            "select count(*) from {} c where {present} and not exists (select from {} p where {matching})",
            self.child, self.parent
        )
    }

    /// Counts rows whose parent belongs to another host.
    fn cross_tenant(&self) -> Option<String> {
        let (child, parent) = self.host?;
        let (present, matching) = (self.present(), self.matching());
        Some(format!(
            "select count(*) from {} c where {present}
                and exists (select from {p} p where {matching} and c.{child} <> p.{parent})
                and not exists (select from {p} p where {matching} and c.{child} = p.{parent})",
            self.child,
            p = self.parent
        ))
    }

    fn present(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(child, _)| format!("c.{child} is not null")).collect();
        columns.join(" and ")
    }

    fn matching(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(child, parent)| format!("p.{parent} = c.{child}")).collect();
        columns.join(" and ")
    }
}

pub async fn check(db: &mut PgConnection, report: &mut VerifyReport) -> anyhow::Result<()> {
    for relation in &RELATIONS {
        let orphans = count(db, relation.orphans()).await;
        let says = format!("every row of {} has its row of {}", relation.child, relation.parent);
        report.add(relation.name(), says, orphans);
    }
    report.add("tenants", "no row belongs to a row of another host", cross_tenant(db).await);
    Ok(())
}

async fn cross_tenant(db: &mut PgConnection) -> anyhow::Result<Violations> {
    let mut names = Vec::new();
    for relation in &RELATIONS {
        let Some(sql) = relation.cross_tenant() else { continue };
        let rows = count(db, sql).await?;
        if rows.count > 0 {
            names.push(format!("{} {}", rows.count, relation.name()));
        }
    }
    Ok(Violations::named(names))
}

async fn count(db: &mut PgConnection, sql: String) -> anyhow::Result<Violations> {
    let mut tx = db.begin().await?;
    let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *tx).await;
    tx.rollback().await?;
    Ok(Violations::rows(rows?))
}
