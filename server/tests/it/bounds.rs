//! Limits of work: what is too long, too slow or too much is rejected, and everybody else is served.

use std::time::{Duration, Instant};

use guestguard::problem::Problem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{App, PASSWORD, pass};

/// Reads a connection until the server closes it, which it must within `seconds`.
async fn rest_of(stream: &mut TcpStream, seconds: u64) -> String {
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(seconds), stream.read_to_end(&mut rest)).await;
    ended.expect("the connection is still open").unwrap();
    String::from_utf8_lossy(&rest).into_owned()
}

async fn send(app: &App, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[apply(app_test)]
async fn asvs_5_2_1_a_form_that_is_too_long_is_refused(app: App) {
    let long = "x".repeat(9 * 1024);
    let refused = app.anonymous().fetch("/api/auth/sign-in", &[("form[email]", &long), ("form[password]", "x")]).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.problem(), Problem::TooLong);
    let shown = app.anonymous().post("/api/auth/sign-in", "/sign-in", &[("form[email]", &long)]).await;
    assert_eq!(shown.status, 413);
    assert!(shown.body.contains("shorten the text") && shown.body.contains("<html"), "{}", shown.body);
    // Without a declared length, reading stops at the limit.
    let head = "POST /api/auth/sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let mut stream = send(&app, head).await;
    let piece = format!("{:x}\r\n{long}\r\n", long.len());
    for _ in 0..100 {
        if stream.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut response = [0; 12];
    stream.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 413");
}

#[apply(app_test)]
async fn a_failed_download_shows_a_page(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let export = format!("/dashboard/events/{event}/guests/export");
    let signed_out = app.anonymous().post(&export, "/", &[]).await.location();
    assert_eq!(signed_out, format!("/sign-in?next=%2Fdashboard%2Fevents%2F{event}%2Fguests"));
    let foreign = app.host("Eve").await.post(&export, "/", &[]).await;
    assert_eq!(foreign.status, 404);
    assert!(foreign.body.contains("<html") && foreign.body.contains("Page not found"), "{}", foreign.body);
    assert!(foreign.header("content-security-policy").contains("nonce"));
    assert_eq!(app.anonymous().fetch(&export, &[]).await.problem(), Problem::SignInRequired);
}

#[apply(app_test)]
async fn asvs_15_2_2_heads_that_never_end_are_cut_off_and_others_are_served(app: App) {
    let mut silent = Vec::new();
    for n in 0..200 {
        silent.push(send(&app, if n % 2 == 0 { "" } else { "GET / HTTP/1.1\r\nHost: x\r\n" }).await);
    }
    for _ in 0..20 {
        app.anonymous().get("/sign-in").await.ok();
    }
    let begun = Instant::now();
    for stream in &mut silent {
        rest_of(stream, 30).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[apply(app_test)]
async fn a_body_that_never_ends_is_cut_off(app: App) {
    let head = "POST /api/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\nform";
    let (mut stalled, mut dripping) = (send(&app, head).await, send(&app, head).await);
    let drip = tokio::spawn(async move {
        let begun = Instant::now();
        while dripping.write_all(b"x").await.is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(40), "a body of ten bytes a second is still read");
            pass(Duration::from_millis(100)).await;
        }
    });
    let response = rest_of(&mut stalled, 40).await;
    assert!(response.starts_with("HTTP/1.1 503") || response.starts_with("HTTP/1.1 408"), "{response}");
    drip.await.unwrap();
}

#[apply(app_test)]
async fn a_page_that_takes_too_long_times_out_and_the_next_one_works(app: App) {
    let ana = app.host("Ana").await;
    let lock = app.lock_all_events().await;
    let begun = Instant::now();
    assert_eq!(ana.get("/dashboard").await.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    lock.rollback().await.unwrap();
    ana.get("/dashboard").await.ok();
}

/// Ambiguous lengths let a request be smuggled inside another (RFC 9112, 6.3).
#[apply(app_test)]
async fn asvs_4_2_1_no_request_is_smuggled_inside_another(app: App) {
    let inner = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n",
    ] {
        let request = format!("POST /api/auth/sign-in HTTP/1.1\r\nHost: x\r\n{lengths}\r\n0\r\n\r\n{inner}");
        let response = rest_of(&mut send(&app, &request).await, 30).await;
        assert!(response.starts_with("HTTP/1.1 400"), "{lengths:?}: {response}");
        assert_eq!(response.matches("HTTP/1.1").count(), 1, "{lengths:?}: {response}");
    }
}

#[apply(app_test)]
async fn asvs_15_1_3_of_two_hundred_passwords_at_once_those_beyond_the_queue_are_rejected(app: App) {
    app.host("Ana").await;
    let attempts = futures::future::join_all((0..200).map(|n| {
        let actor = app.anonymous();
        async move {
            let email = format!("eve{n}@example.org");
            actor.fetch("/api/auth/sign-in", &[("form[email]", &email), ("form[password]", "wrong")]).await
        }
    }));
    let served = async {
        let mut served = 0;
        loop {
            assert_eq!(app.anonymous().get("/livez").await.ok(), "ok");
            served += 1;
            pass(Duration::from_millis(20)).await;
            if served == 10 {
                return;
            }
        }
    };
    let (attempts, ()) = tokio::join!(attempts, served);
    let busy = attempts.iter().filter(|response| response.status == 503).count();
    let compared = attempts.iter().filter(|response| response.status == 422).count();
    assert_eq!(busy + compared, 200, "there are no other responses");
    assert!(compared >= 32 && busy > 0, "{compared} compared, {busy} rejected");
    assert!(
        attempts.iter().filter(|response| response.status == 503).all(|response| response.header("retry-after") == "2")
    );
    assert_eq!(app.anonymous().sign_in("ana@example.org", PASSWORD).await.location(), "/dashboard");
}
