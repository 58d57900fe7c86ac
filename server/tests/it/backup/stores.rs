//! Stores: S3 buckets with encryption, errors, interrupted uploads and corrupted reads.

use std::process::Stdio;

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode, header},
    response::IntoResponse,
};
use sqlx::PgPool;
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    process::{Child, Command},
};

use super::seeded;
use crate::support::{
    backups::Place,
    eventually,
    node::{free_address, url},
    probes::Database,
    python,
};

/// An independent S3 implementation (moto), with accounts and permissions.
struct Store {
    address: String,
    _process: Child,
}

impl Store {
    /// Starts a server with the bucket `backups`. It checks signatures and permissions after `free` requests.
    async fn start(free: usize) -> Self {
        let address = free_address().await;
        let (host, port) = address.split_once(':').unwrap();
        let mut command = Command::new(python());
        command
            .args(["-m", "moto.server", "-H", host, "-p", port])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", free.to_string());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let client = reqwest::Client::new();
        let ready = format!("http://{address}/moto-api/data.json");
        eventually(async || client.get(&ready).send().await.is_ok()).await;
        let made = client.put(format!("http://{address}/backups")).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
        Self { address, _process: process }
    }

    fn place(&self) -> Place {
        bucket(&format!("http://{}", self.address))
    }

    /// The response headers of an object.
    async fn head(&self, name: &str) -> header::HeaderMap {
        let response = reqwest::Client::new()
            .head(format!("http://{}/backups/guests/{name}", self.address))
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x",
            )
            .send()
            .await
            .unwrap();
        assert!(response.status().is_success(), "{name}: {}", response.status());
        response.headers().clone()
    }
}

fn bucket(endpoint: &str) -> Place {
    Place::bucket(&[
        ("GG_BACKUP_URL", "s3://backups/guests"),
        ("GG_BACKUP_S3_ENDPOINT", endpoint),
        ("GG_BACKUP_S3_ACCESS_KEY_ID", "id"),
        ("GG_BACKUP_S3_SECRET_ACCESS_KEY", "secret"),
    ])
}

#[apply(app_test)]
async fn a_bucket_stores_encrypted_backups_and_returns_them(db: PgPool) {
    let store = Store::start(1_000).await;
    let place = store.place();
    seeded(&db, &place).await;
    // Larger than one part of an upload.
    Database(&db).add_webhook_events(400, 800).await;
    let manifest = place.back_up(&db).await;
    let key = manifest["key"].as_str().unwrap();
    assert!(manifest["bytes"].as_u64().unwrap() > 9_000_000, "{}", manifest["bytes"]);
    for name in [key, &format!("{key}.json"), "database/LATEST.txt"] {
        assert_eq!(store.head(name).await["x-amz-server-side-encryption"], "AES256", "{name}");
    }
    let copy = super::restored(&db, &place, "latest").await;
    copy.remove().await.unwrap();
    assert_eq!(place.run(&url(&db), &["backup", "prune"]).await.code, 0);
    assert_eq!(place.run(&url(&db), &["backup", "status"]).await.code, 0);
    let kms = store.place().with("GG_BACKUP_S3_ENCRYPTION", "aws:kms:our-key");
    let other = kms.back_up(&db).await;
    let headers = store.head(other["key"].as_str().unwrap()).await;
    assert_eq!(headers["x-amz-server-side-encryption"], "aws:kms");
}

#[apply(app_test)]
async fn a_missing_or_foreign_bucket_is_one_clear_sentence(db: PgPool) {
    // One request created the bucket. After it the server checks accounts, and there is none.
    let store = Store::start(1).await;
    let ran = store.place().run(&url(&db), &["backup"]).await;
    ran.fails_with(1, "the store does not know these credentials");
    let open = Store::start(1_000).await;
    let ran = open.place().with("GG_BACKUP_URL", "s3://elsewhere").run(&url(&db), &["backup"]).await;
    ran.fails_with(1, "the bucket does not exist");
    let nobody = format!("http://{}", free_address().await);
    let ran = bucket(&nobody).run(&url(&db), &["backup", "list"]).await;
    ran.fails_with(1, "check that the store is up");
    bucket("http://store.example").run(&url(&db), &["backup"]).await.rejects_setting("GG_BACKUP_S3_ENDPOINT");
}

/// A store that gives the same response to every request.
async fn responding(status: StatusCode, code: &'static str) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    let respond = move || async move { (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response() };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(respond)).await });
    bucket(&format!("http://{address}"))
}

#[apply(app_test)]
async fn each_error_of_a_store_names_the_remedy(db: PgPool) {
    for (status, code, remedy) in [
        (StatusCode::FORBIDDEN, "AccessDenied", "permission denied"),
        (StatusCode::BAD_REQUEST, "ExpiredToken", "the credentials have expired"),
        (StatusCode::FORBIDDEN, "RequestTimeTooSkewed", "this machine's clock is wrong"),
        (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "the store does not know these credentials"),
        (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "check that the store is up"),
    ] {
        responding(status, code).await.run(&url(&db), &["backup"]).await.fails_with(1, remedy);
    }
}

#[apply(app_test)]
async fn an_interrupted_upload_moves_no_pointer_and_leaves_no_backup(db: PgPool) {
    let store = Store::start(1_000).await;
    seeded(&db, &store.place()).await;
    let first = store.place().back_up(&db).await;
    // A proxy that closes the connection of every upload of a dump.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let behind = store.address.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let behind = behind.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 64 * 1024];
                let read = client.read(&mut head).await.unwrap_or(0);
                if String::from_utf8_lossy(&head[..read])
                    .lines()
                    .next()
                    .is_some_and(|line| line.starts_with("PUT") && line.contains(".sql.gz") && !line.contains(".json"))
                {
                    return;
                }
                let mut server = tokio::net::TcpStream::connect(behind).await.unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut server, &head[..read]).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let cut = bucket(&format!("http://{address}"));
    cut.run(&url(&db), &["backup"]).await.fails_with(1, "failed: check that the store is up");
    let list = store.place().run(&url(&db), &["backup", "list"]).await;
    assert_eq!(list.stdout.lines().count(), 1, "{}", list.stdout);
    assert!(list.stdout.contains(first["key"].as_str().unwrap()));
    super::restored(&db, &store.place(), "latest").await.remove().await.unwrap();
}

/// A proxy that flips one bit of every dump it returns.
async fn corrupting(store: &Store) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), store.address.clone());
    let pass = move |request: Request| {
        let behind = behind.clone();
        async move {
            let (head, body) = request.into_parts();
            let dump = head.method == Method::GET && head.uri.path().ends_with(".sql.gz");
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let mut forwarded =
                reqwest::Client::new().request(head.method, format!("http://{behind}{}", head.uri)).body(body);
            for (name, value) in &head.headers {
                forwarded = forwarded.header(name, value);
            }
            let response = forwarded.send().await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let mut bytes = response.bytes().await.unwrap().to_vec();
            if dump {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            (status, headers, bytes).into_response()
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass)).await });
    bucket(&format!("http://{address}"))
}

#[apply(app_test)]
async fn a_store_that_returns_other_bytes_is_not_trusted(db: PgPool) {
    let store = Store::start(1_000).await;
    seeded(&db, &store.place()).await;
    let first = store.place().back_up(&db).await;
    corrupting(&store).await.run(&url(&db), &["backup"]).await.fails_with(1, "differs from what was written");
    let list = store.place().run(&url(&db), &["backup", "list"]).await;
    assert_eq!(list.stdout.lines().count(), 1, "{}", list.stdout);
    assert!(list.stdout.contains(first["key"].as_str().unwrap()));
}
