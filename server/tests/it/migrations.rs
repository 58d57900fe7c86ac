use std::process::Command;

use guestguard::migrations::{MIGRATOR, migrate, pending};
use sqlx::{ConnectOptions, PgPool};

/// The schema as `pg_dump` tells it, without the lines that differ from run to run.
fn dump(db: &PgPool) -> String {
    let mut url = db.connect_options().to_url_lossy();
    url.set_query(None);
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--schema=public", "--no-owner", "--exclude-table=_sqlx_migrations", url.as_str()])
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[sqlx::test(migrations = false)]
async fn up_down_and_up_again_give_the_same_schema(db: PgPool) {
    let empty = dump(&db);
    MIGRATOR.run(&db).await.unwrap();
    let first = dump(&db);
    assert!(first.contains("CREATE TABLE public.rsvps"), "{first}");
    MIGRATOR.undo(&db, 0).await.unwrap();
    assert_eq!(dump(&db), empty, "nothing is left behind");
    MIGRATOR.run(&db).await.unwrap();
    assert_eq!(dump(&db), first);
}

#[sqlx::test(migrations = false)]
async fn any_number_of_nodes_may_migrate_at_once(db: PgPool) {
    assert_eq!(pending(&db).await.unwrap().len(), MIGRATOR.iter().count() / 2);
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let options = db.connect_options();
            tokio::spawn(async move { migrate(&PgPool::connect_with((*options).clone()).await?).await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    assert!(pending(&db).await.unwrap().is_empty());
}
