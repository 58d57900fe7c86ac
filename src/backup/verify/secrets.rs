//! Secret checks: token hashes, passwords, no token in clear text, and the key that opens sealed links.

use anyhow::Context;
use pg_backup::checksums::table_names;
use sqlx::{Acquire, AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Check, VerifyReport, Violations, count};
use crate::secrets::{Secrets, token_hash};

/// How many of the newest links are opened with the key.
const SAMPLE: i64 = 200;

const CHECKS: &[Check] = &[
    Check {
        name: "token-hashes",
        says: "every token hash has 32 bytes",
        sql: "select (select count(*) from invitations where octet_length(token_hash) <> 32)
            + (select count(*) from account_tokens where octet_length(token_hash) <> 32)",
    },
    // OWASP's minimum for Argon2id, which we use: 19 MiB, two passes.
    Check {
        name: "passwords",
        says: "every password is an Argon2id hash of at least 19 MiB and two passes",
        sql: r"
            select count(*) from users u
            left join lateral regexp_match(u.password_hash,
                '^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43,}$') as p on true
            where u.deleted_at is null and (p is null or p[1]::int < 19456 or p[2]::int < 2)",
    },
];

pub async fn check(db: &mut PgConnection, report: &mut VerifyReport, secrets: &Secrets) -> anyhow::Result<()> {
    count(db, report, CHECKS).await?;
    report.add("clear-tokens", "no token is in the database in clear text", clear_tokens(db).await);
    report.add("key", "GG_SECRET_KEY opens the sealed links", sealed_links(db, secrets).await);
    Ok(())
}

/// Hashes everything that looks like a token, and searches the token hashes for it.
async fn clear_tokens(db: &mut PgConnection) -> anyhow::Result<Violations> {
    let mut names = Vec::new();
    let mut tx = db.begin().await?;
    for table in table_names(&mut tx).await? {
        let sql = format!(
            r"select count(*) from public.{table} t,
                lateral regexp_matches(t::text, '(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{43}}(?![A-Za-z0-9_-])', 'g') as token
            where exists (select from invitations i where i.token_hash = sha256(token[1]::bytea))
                or exists (select from account_tokens a where a.token_hash = sha256(token[1]::bytea))"
        );
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *tx).await?;
        if rows > 0 {
            names.push(format!("{rows} in {table}"));
        }
    }
    // Sealed values are bytes, whose text is hexadecimal.
    let bytes: i64 = sqlx::query_scalar(
        "select (select count(*) from invitations where sha256(token_sealed) = token_hash)
            + (select count(*) from account_tokens where sha256(token_sealed) = token_hash)",
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.rollback().await?;
    if bytes > 0 {
        names.push(format!("{bytes} instead of sealed tokens"));
    }
    Ok(Violations::named(names))
}

async fn sealed_links(db: &mut PgConnection, secrets: &Secrets) -> anyhow::Result<Violations> {
    let mut tx = db.begin().await?;
    let links = sqlx::query_as::<_, (Uuid, Vec<u8>, Vec<u8>)>(
        "select id, token_hash, token_sealed from invitations where token_sealed is not null order by issued_at desc limit $1",
    )
    .bind(SAMPLE)
    .fetch_all(&mut *tx)
    .await;
    tx.rollback().await?;
    let links = links.context("the links cannot be read")?;
    let unopened = links
        .iter()
        .filter(|(id, hash, sealed)| !secrets.open(sealed, *id).is_ok_and(|token| token_hash(&token) == *hash));
    Ok(Violations { count: unopened.count() as i64, detail: format!("of {} checked", links.len()) })
}
