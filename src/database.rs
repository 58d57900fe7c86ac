//! Database settings: statistics after bulk loads, and generic plans.

use sqlx::{PgConnection, PgPool};

/// Makes `connection` use generic plans. By default PostgreSQL plans a statement again at each call while that looks cheaper
/// than its plan for a smaller table, and planning takes ten times as long as the statement (`plan_cache_mode`).
pub async fn force_generic_plans(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("set plan_cache_mode = force_generic_plan").execute(connection).await?;
    Ok(())
}

/// Below this number of rows every plan is fast.
const FEW: usize = 200;

/// A table that receives bulk loads. Guests come with their status.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Guests,
    Invitations,
    Notifications,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Guests => "guests",
            Self::Invitations => "invitations",
            Self::Notifications => "notifications",
        }
    }

    const fn analyze(self) -> &'static str {
        match self {
            Self::Guests => "analyze (skip_locked) guests, guest_status",
            Self::Invitations => "analyze (skip_locked) invitations",
            Self::Notifications => "analyze (skip_locked) notifications",
        }
    }
}

/// Analyses `table` after a bulk load of more than a tenth of its rows. Autovacuum would do so within a minute
/// (autovacuum_naptime), by the same measure; until then a plan for a nearly empty table compares every guest with every other,
/// and a page over 5,000 of them takes seconds. A failure is logged only: the rows are committed already.
pub(crate) async fn analyze_after_bulk_load(db: &PgPool, table: Table, rows: usize) {
    if rows < FEW {
        return;
    }
    let analyzed = async {
        let known =
            sqlx::query_scalar!("select reltuples from pg_class where oid = ($1::text)::regclass", table.name())
                .fetch_one(db)
                .await?;
        if rows as f32 * 10.0 > known {
            sqlx::raw_sql(table.analyze()).execute(db).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(cause) = analyzed.await {
        tracing::warn!(%cause, table = table.name(), "a table was not analyzed after a bulk load");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        guests,
        imports::{self, Upload},
        invitations::{self, Selection},
        testing,
    };

    /// So that nobody else tells the planner meanwhile.
    async fn without_autovacuum(db: &PgPool) {
        for table in ["guests", "guest_status", "invitations", "notifications"] {
            let off = format!("alter table {table} set (autovacuum_enabled = off)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(off)).execute(db).await.unwrap();
        }
    }

    async fn estimated_rows(db: &PgPool, table: Table) -> f32 {
        let sql = "select reltuples from pg_class where oid = ($1::text)::regclass";
        sqlx::query_scalar(sql).bind(table.name()).fetch_one(db).await.unwrap()
    }

    #[sqlx::test]
    async fn a_list_is_analysed_when_it_is_pasted_and_when_it_is_invited(db: PgPool) {
        let (backend, host, event) = testing::planned(db, testing::event_form()).await;
        without_autovacuum(&backend.db).await;
        let paste =
            |from: usize, to: usize| -> String { (from..to).map(|n| format!("G <g{n}@a.example>\n")).collect() };
        guests::actions::add_pasted(&backend, &host, event, &paste(0, FEW - 1)).await.unwrap();
        assert_eq!(estimated_rows(&backend.db, Table::Guests).await, -1.0, "a short list is not analysed");
        guests::actions::add_pasted(&backend, &host, event, &paste(FEW, FEW * 2)).await.unwrap();
        assert_eq!(estimated_rows(&backend.db, Table::Guests).await, (FEW * 2 - 1) as f32);
        invitations::actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
        for table in [Table::Invitations, Table::Notifications] {
            assert_eq!(estimated_rows(&backend.db, table).await, (FEW * 2 - 1) as f32, "{table:?}");
        }
    }

    #[sqlx::test]
    async fn a_list_is_analysed_when_it_is_imported(db: PgPool) {
        let (backend, host, event) = testing::planned(db, testing::event_form()).await;
        without_autovacuum(&backend.db).await;
        let rows: String = (0..FEW).map(|n| format!("G{n},g{n}@a.example\n")).collect();
        let file = format!("Name,Email\n{rows}").into_bytes();
        let upload = Upload { name: "guests.csv".into(), country: "GB".into(), columns: Vec::new() };
        let import = imports::actions::parse(&backend, &host, event, file, &upload).await.unwrap();
        imports::actions::commit(&backend, &host, event, import, false).await.unwrap();
        assert_eq!(estimated_rows(&backend.db, Table::Guests).await, FEW as f32);
    }
}
