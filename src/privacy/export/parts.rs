//! Parts of a data export: tables and columns.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::{error::Result, ids::UserId};

/// A host's rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct ExportPart {
    /// Name in the export.
    pub name: &'static str,
    pub table: &'static str,
    /// Column of the owner.
    pub owner: &'static str,
    /// Excluded columns: secrets, hashes, derived and transient values. All others are exported, new ones automatically.
    pub without: &'static [&'static str],
    pub order: &'static str,
}

const fn of_host(name: &'static str, table: &'static str, order: &'static str) -> ExportPart {
    ExportPart { name, table, owner: "host_id", without: &["host_id"], order }
}

const fn of_user(name: &'static str, table: &'static str, order: &'static str) -> ExportPart {
    ExportPart { name, table, owner: "user_id", without: &["user_id"], order }
}

/// All parts, in the export's order. docs/DATA_EXPORT.md describes them.
pub const PARTS: [ExportPart; 22] = [
    ExportPart { name: "account", table: "users", owner: "id", without: &["password_hash", "deleted_at"], order: "id" },
    of_user("sessions", "sessions", "created_at, id"),
    ExportPart {
        without: &["user_id", "token_hash", "token_sealed"],
        ..of_user("account_links", "account_tokens", "created_at, id")
    },
    of_user("audit_log", "audit_log", "at, id"),
    of_host("events", "events", "created_at, id"),
    of_host("message_templates", "message_templates", "event_id, kind"),
    of_host("reminders", "reminder_rules", "event_id, id"),
    ExportPart { without: &["host_id", "name_key", "search"], ..of_host("guests", "guests", "event_id, id") },
    ExportPart {
        without: &["host_id", "name_key", "deleted"],
        ..of_host("guest_status", "guest_status", "event_id, guest_id")
    },
    ExportPart {
        without: &["host_id", "token_hash", "token_sealed"],
        ..of_host("invitations", "invitations", "event_id, id")
    },
    of_host("manual_deliveries", "manual_deliveries", "event_id, invitation_id"),
    ExportPart { without: &["host_id", "network_hash"], ..of_host("accesses", "accesses", "event_id, id") },
    of_host("rsvps", "rsvps", "event_id, guest_id"),
    of_host("rsvp_history", "rsvp_history", "event_id, id"),
    ExportPart {
        without: &["host_id", "lease_owner", "lease_until", "send_began_at"],
        ..of_host("messages", "notifications", "event_id, id")
    },
    of_host("delivery_events", "delivery_events", "notification_id, id"),
    of_host("imports", "imports", "event_id, id"),
    of_host("import_rows", "import_rows", "import_id, line"),
    ExportPart { without: &["host_id", "address_hash"], ..of_host("suppressions", "suppressions", "at, reason") },
    of_host("customer", "billing_customers", "stripe_id"),
    ExportPart {
        without: &["host_id", "event_at", "event_rank", "stripe_event_id"],
        ..of_host("subscriptions", "subscriptions", "stripe_id")
    },
    ExportPart { without: &["host_id", "id"], ..of_host("exports", "data_exports", "requested_at") },
];

impl ExportPart {
    /// Exported columns, in the table's order.
    pub async fn columns(self, db: &mut PgConnection) -> Result<Vec<String>> {
        let columns: Vec<String> = sqlx::query_scalar(
            "select attname::text from pg_attribute
            where attrelid = format('public.%I', $1)::regclass and attnum > 0 and not attisdropped order by attnum",
        )
        .bind(self.table)
        .fetch_all(db)
        .await?;
        Ok(columns.into_iter().filter(|column| !self.without.contains(&column.as_str())).collect())
    }

    /// Number of the host's rows.
    pub async fn count(self, db: &mut PgConnection, host: UserId) -> Result<i64> {
        let sql = format!("select count(*) from public.{} where {} = $1", self.table, self.owner);
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(host.0).fetch_one(db).await?)
    }

    /// The statement that reads the host's rows, each as the text of a JSON object of `columns`.
    pub fn select(self, columns: &[String]) -> String {
        let columns: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let Self { table, owner, order, .. } = self;
        format!(
            "select row_to_json(x)::text from (select {} from public.{table} where {owner} = $1 order by {order}) x",
            columns.join(", ")
        )
    }
}
