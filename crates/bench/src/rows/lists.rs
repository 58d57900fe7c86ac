//! Bulk measurements: import, invitations, sending.

use std::time::Instant;

use anyhow::{Context, ensure};
use bytes::Bytes;
use guestguard::{
    error::Error,
    ids::EventId,
    invitations::{self, Selection},
    notifications::worker,
};
use http_body_util::Full;
use hyper::Request;
use uuid::Uuid;

use super::{Measuring, Rounds};
use crate::{
    load::{self, post},
    report::{Goal, Report, median},
    seed::GUESTS,
};

impl Measuring {
    /// Imports 5,000 rows, issues 5,000 invitations, sends 5,000 emails.
    pub async fn lists(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let rounds = if self.quick { 1 } else { 5 };
        let [mut import, mut issue, mut drain] =
            [(); 3].map(|()| Rounds { ours: Vec::new(), control: Vec::new(), p99: 0.0 });
        // The confirmations of the replies above are not measured below.
        sqlx::raw_sql("update notifications set state = 'cancelled' where state = 'queued'")
            .execute(&self.seeded.backend.db)
            .await?;
        for _ in 0..rounds {
            let [event, copied] = [self.event().await?, self.event().await?];
            import.ours.push(self.import(event).await?);
            import.control.push(self.copy(copied).await?);
            let begun = Instant::now();
            let issued =
                invitations::actions::issue(&self.seeded.backend, &self.seeded.host, event, &Selection::All).await;
            ensure!(issued.map_err(Error::into_cause)?.messages == GUESTS, "not everybody was invited");
            issue.ours.push(begun.elapsed().as_secs_f64());
            issue.control.push(self.insert_alike(event).await?);
            let begun = Instant::now();
            let sent = worker::drain(&self.seeded.backend).await.map_err(Error::into_cause)?;
            ensure!(sent == GUESTS, "{sent} emails were sent");
            drain.ours.push(1.0 / begun.elapsed().as_secs_f64());
            drain.control.push(1.0 / bare_loop(&self.smtp).await?);
        }
        report.add("import of 5,000 rows", import.ratio(), " x", Goal::AtMost(8.0), import.summary("s", "`COPY`"));
        report.add("5,000 invitations", issue.ratio(), " x", Goal::AtMost(4.0), issue.summary("s", "`INSERT`"));
        let seconds = |rates: &[f64]| GUESTS as f64 * median(rates.to_vec());
        let measured = format!("{:.0} emails/s, bare loop {:.0}", seconds(&drain.ours), seconds(&drain.control));
        report.add("5,000 emails to a local server", drain.ratio(), "", Goal::AtLeast(0.5), measured);
        Ok(())
    }

    async fn event(&self) -> anyhow::Result<EventId> {
        let created = testkit::seed::event(&self.seeded.backend, &self.seeded.host).await;
        created.map_err(Error::into_cause)
    }

    /// Seconds from the upload of a file until its rows are on the list.
    async fn import(&self, event: EventId) -> anyhow::Result<f64> {
        let rows: String =
            (0..GUESTS).map(|n| format!("Guest {n},guest{n}@guests.example,+44791112{n:04},2,Family\n")).collect();
        let file = format!("Name,Email,Phone,Seats,Tags\n{rows}");
        let body = format!(
            "--part\r\ncontent-disposition: form-data; name=\"country\"\r\n\r\nGB\r\n--part\r\ncontent-disposition: form-data; \
             name=\"file\"; filename=\"guests.csv\"\r\n\r\n{file}\r\n--part--\r\n"
        );
        let upload = Request::post(format!("/dashboard/events/{event}/guests/import"))
            .header("host", "127.0.0.1")
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=part")
            .body(Full::new(Bytes::from(body)))?;
        let begun = Instant::now();
        let (response, body) = load::send(&self.serving.address, upload).await?;
        let page = response.headers.get("location").and_then(|page| page.to_str().ok());
        let import = page
            .and_then(|page| page.rsplit('/').next())
            .with_context(|| String::from_utf8_lossy(&body).into_owned())?;
        let form = format!("event={event}&import={import}");
        let (response, body) =
            load::send(&self.serving.address, post("/api/imports/commit", &self.cookie, form)).await?;
        ensure!(response.status == 200, "{}", String::from_utf8_lossy(&body));
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Seconds of a `COPY` of the same rows into the same table.
    async fn copy(&self, event: EventId) -> anyhow::Result<f64> {
        let host = self.seeded.host.id();
        let rows: String = (0..GUESTS)
            .map(|n| {
                let id = Uuid::now_v7();
                format!("{host}\t{event}\t{id}\tGuest {n}\tguest{n}@guests.example\t+44791112{n:04}\t2\t{{Family}}\t2027-01-01\t2027-01-01\n")
            })
            .collect();
        let begun = Instant::now();
        let mut db = self.seeded.backend.db.acquire().await?;
        let columns = "host_id, event_id, id, name, email, phone, party_size, tags, created_at, updated_at";
        let mut copy = db.copy_in_raw(&format!("copy guests ({columns}) from stdin")).await?;
        copy.send(rows.into_bytes()).await?;
        copy.finish().await?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Seconds of plain inserts of the rows that inviting wrote, one for each table, in one transaction.
    async fn insert_alike(&self, event: EventId) -> anyhow::Result<f64> {
        let db = &self.seeded.backend.db;
        for table in ["invitations", "notifications"] {
            let move_rows = format!(
                "create table copy_of_{table} as select * from {table} where event_id = '{event}';
                delete from {table} where event_id = '{event}'"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(move_rows)).execute(db).await?;
        }
        let begun = Instant::now();
        let mut tx = db.begin().await?;
        for table in ["invitations", "notifications"] {
            let rows = format!("insert into {table} select * from copy_of_{table}");
            sqlx::query(sqlx::AssertSqlSafe(rows)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        let took = begun.elapsed().as_secs_f64();
        sqlx::raw_sql("drop table copy_of_invitations, copy_of_notifications").execute(db).await?;
        Ok(took)
    }
}

/// Seconds that a bare lettre loop takes for as many emails.
async fn bare_loop(url: &str) -> anyhow::Result<f64> {
    use futures::{StreamExt, TryStreamExt, stream};
    use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::MultiPart};
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.build();
    let body = "<p>Invitation</p>".repeat(150);
    let begun = Instant::now();
    stream::iter(0..GUESTS)
        .map(Ok)
        .try_for_each_concurrent(16, async |n| {
            let email = Message::builder()
                .message_id(Some(format!("<{n}.{}@bare>", Uuid::now_v7())))
                .from("post@guests.example".parse()?)
                .to(format!("guest{n}@guests.example").parse()?)
                .subject("Invitation")
                .multipart(MultiPart::alternative_plain_html(body.clone(), body.clone()))?;
            transport.send(email).await?;
            anyhow::Ok(())
        })
        .await?;
    Ok(begun.elapsed().as_secs_f64())
}
