use std::time::Duration;

use futures::{SinkExt, StreamExt};
use sqlx::PgPool;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use crate::support::{Actor, App};

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

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_socket_hears_of_changes_on_any_node(db: PgPool) {
    let (one, other) = (App::start(db.clone()).await, App::start(db).await);
    let ana = one.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    let ticket = ticket(&ana, &event).await;
    // The ticket and the hint travel through Redis: the socket is on the other node.
    let mut socket = open(&other, &event, &ticket, &format!("http://{}", other.address)).await.unwrap();
    assert!(next_text(&mut socket).await.unwrap().contains("\"guests\":0"), "how things stand comes first");
    ana.paste(event.parse().unwrap(), "Ada").await;
    assert!(next_text(&mut socket).await.unwrap().contains("\"guests\":1"));
    socket.send(Message::Ping(Default::default())).await.unwrap();
    other.stop();
    assert_eq!(next_text(&mut socket).await, None, "a node that stops closes its sockets");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_ticket_opens_one_socket_of_its_own_event_from_our_own_pages(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let (event, second) = (ana.plan(&[]).await.to_string(), ana.plan(&[]).await.to_string());
    let ours = format!("http://{}", app.address);
    assert_eq!(open(&app, &event, "", &ours).await.err(), Some(401));
    assert_eq!(open(&app, &second, &ticket(&ana, &event).await, &ours).await.err(), Some(401));
    let good = ticket(&ana, &event).await;
    assert_eq!(open(&app, &event, &good, "https://evil.example").await.err(), Some(403));
    assert!(open(&app, &event, &good, &ours).await.is_ok());
    assert_eq!(open(&app, &event, &good, &ours).await.err(), Some(401), "a ticket is good once");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn of_twenty_racers_with_one_ticket_one_gets_in(db: PgPool) {
    let app = std::sync::Arc::new(App::start(db).await);
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
