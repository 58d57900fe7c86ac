//! The live overview: WebSockets and their tickets.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use crate::support::{Actor, App, PASSWORD, account_link};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn ticket(host: &Actor, event: &str) -> String {
    serde_json::from_str(&host.fetch("/api/rsvp/ticket", &[("event", event)]).await.ok()).unwrap()
}

async fn open(app: &App, event: &str, ticket: &str, origin: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/ws/events/{event}?ticket={ticket}", app.address).into_client_request().unwrap();
    request.headers_mut().insert("origin", origin.parse().unwrap());
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn next_text(socket: &mut Socket) -> Option<String> {
    let deadline = Duration::from_secs(5);
    loop {
        match tokio::time::timeout(deadline, socket.next()).await.expect("a message within five seconds") {
            Some(Ok(Message::Text(text))) => return Some(text.to_string()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

#[apply(app_test)]
async fn a_socket_receives_changes_from_any_node(app: App) {
    let other = app.another_node().await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let ticket = ticket(&ana, &event).await;
    // The socket is on the other node. The ticket and the change message go through Redis.
    let mut socket = open(&other, &event, &ticket, &format!("http://{}", other.address)).await.unwrap();
    assert!(next_text(&mut socket).await.unwrap().contains("\"guests\":0"), "the current state comes first");
    ana.paste(event.parse().unwrap(), "Ada").await;
    assert!(next_text(&mut socket).await.unwrap().contains("\"guests\":1"));
    socket.send(Message::Ping(Default::default())).await.unwrap();
    other.stop();
    assert_eq!(next_text(&mut socket).await, None, "a node that stops closes its sockets");
}

#[apply(app_test)]
async fn asvs_4_4_2_a_ticket_opens_one_socket_of_its_own_event_from_our_own_pages(app: App) {
    let ana = app.host("Ana").await;
    let (event, second) = (ana.plan(&[]).await.to_string(), ana.plan(&[]).await.to_string());
    let ours = format!("http://{}", app.address);
    assert_eq!(open(&app, &event, "", &ours).await.err(), Some(401));
    assert_eq!(open(&app, &second, &ticket(&ana, &event).await, &ours).await.err(), Some(401));
    let good = ticket(&ana, &event).await;
    for elsewhere in ["https://evil.example", "null", "", "http://127.0.0.1:1"] {
        assert_eq!(open(&app, &event, &good, elsewhere).await.err(), Some(403), "{elsewhere:?}");
    }
    assert!(open(&app, &event, &good, &ours).await.is_ok());
    assert_eq!(open(&app, &event, &good, &ours).await.err(), Some(401), "a ticket is valid once");
}

#[apply(app_test)]
async fn asvs_4_4_3_a_ticket_lasts_thirty_seconds(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let (first, second) = (ticket(&ana, &event).await, ticket(&ana, &event).await);
    let ours = format!("http://{}", app.address);
    for ticket in [&first, &second] {
        let left = app.ticket_life(ticket).await;
        assert!(left > Duration::from_secs(25) && left <= Duration::from_secs(30), "{left:?}");
    }
    assert!(open(&app, &event, &first, &ours).await.is_ok());
    app.expire_ticket(&second).await;
    assert_eq!(open(&app, &event, &second, &ours).await.err(), Some(401));
}

/// When a session ends, its sockets on all nodes close within two seconds.
#[apply(app_test)]
async fn asvs_7_4_1_a_socket_ends_with_its_session(app: App) {
    let other = app.another_node().await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let enter = async || {
        let browser = app.anonymous();
        browser.sign_in("ana@example.org", PASSWORD).await;
        let ticket = ticket(&browser, &event).await;
        let mut socket = open(&other, &event, &ticket, &format!("http://{}", other.address)).await.unwrap();
        next_text(&mut socket).await.unwrap();
        (browser, socket)
    };
    let ends = async |mut socket: Socket, cause: &str| {
        let ended =
            tokio::time::timeout(Duration::from_secs(2), async { while next_text(&mut socket).await.is_some() {} });
        ended.await.unwrap_or_else(|_| panic!("the socket outlived {cause}"));
    };
    let (browser, socket) = enter().await;
    let (_, another) = enter().await;
    browser.post("/api/auth/sign-out", "/dashboard", &[]).await.location();
    ends(socket, "a sign-out").await;
    ana.post("/api/auth/end-other-sessions", "/dashboard/account", &[]).await.location();
    ends(another, "the end of all other sessions").await;

    let (_, socket) = enter().await;
    let ticket = ticket(&ana, &event).await;
    let mut mine = open(&app, &event, &ticket, &format!("http://{}", app.address)).await.unwrap();
    next_text(&mut mine).await.unwrap();
    let fields = [("form[current_password]", PASSWORD), ("form[password]", "seven violet umbrellas")];
    ana.post("/api/auth/change-password", "/dashboard/account", &fields).await.location();
    ends(socket, "a change of the password").await;
    ana.paste(event.parse().unwrap(), "Ada").await;
    while !next_text(&mut mine).await.expect("one's own socket stays open").contains("\"guests\":1") {}

    ana.post("/api/auth/request-reset", "/forgot", &[("form[email]", "ana@example.org")]).await.location();
    app.work().await;
    let link = account_link(&app.emails("ana@example.org").await[0]);
    let fields = [("token", link.rsplit('/').next().unwrap()), ("form[password]", "nine yellow parasols")];
    app.anonymous().post("/api/auth/reset", &link, &fields).await.location();
    ends(mine, "a reset").await;
}

#[apply(app_test)]
async fn asvs_4_4_4_of_twenty_racers_with_one_ticket_one_gets_in(app: App) {
    let app = std::sync::Arc::new(app);
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let good = ticket(&ana, &event).await;
    let racers: Vec<_> = (0..20)
        .map(|_| {
            let (app, event, good) = (app.clone(), event.clone(), good.clone());
            tokio::spawn(async move { open(&app, &event, &good, &format!("http://{}", app.address)).await.is_ok() })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += usize::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}
