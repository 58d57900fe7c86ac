//! SMTP servers.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    process::{Child, Command},
};

use super::{eventually, pass};

/// The npm package `maildev`: an independent SMTP server that stores what it receives.
pub struct Catcher {
    pub smtp_url: String,
    web: String,
    _process: Child,
}

impl Catcher {
    pub async fn start() -> Self {
        let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/node_modules/.bin/maildev");
        let (smtp, web) = (free_port().await, free_port().await);
        let process = Command::new(&program)
            .args([
                "--smtp",
                &smtp.to_string(),
                "--web",
                &web.to_string(),
                "--ip",
                "127.0.0.1",
                "--web-ip",
                "127.0.0.1",
                "--silent",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|cause| panic!("{}: {cause}; `bin/tools e2e` installs it", program.display()));
        for port in [smtp, web] {
            reachable(port).await;
        }
        Self { smtp_url: format!("smtp://127.0.0.1:{smtp}"), web: format!("http://127.0.0.1:{web}"), _process: process }
    }

    /// The emails that arrived, in maildev's format.
    pub async fn emails(&self) -> Vec<serde_json::Value> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}/email", self.web)).send().await.unwrap().json().await.unwrap()
    }
}

/// How a scripted server treats one email.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Accept,
    /// Replies with this to the recipient.
    Reject(&'static str),
    /// Replies with this and closes the connection.
    Close(&'static str),
    /// Receives the whole email and closes the connection without a reply.
    Drop,
    /// Accepts it, but writes each reply byte by byte.
    Drip,
}

/// An SMTP server with a behaviour for each email.
pub struct Scripted {
    pub smtp_url: String,
    /// How often each Message-ID was accepted.
    pub accepted_ids: Arc<Mutex<HashMap<String, usize>>>,
}

impl Scripted {
    /// Rejects the first emails with `replies`, such as `451 4.3.0 Try again`, and accepts the rest.
    pub async fn start(replies: &'static [&'static str]) -> Self {
        Self::acting(|number| replies.get(number).map_or(Act::Accept, |reply| Act::Reject(reply))).await
    }

    /// Treats each email as `act` says for its number.
    pub async fn acting(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server =
            Self { smtp_url: format!("smtp://{}", listener.local_addr().unwrap()), accepted_ids: Arc::default() };
        let (act, accepted_ids, count) = (Arc::new(act), server.accepted_ids.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (act, count) = (act.clone(), count.clone());
                let next = move || act(count.fetch_add(1, Ordering::SeqCst));
                tokio::spawn(serve(stream, next, accepted_ids.clone()));
            }
        });
        server
    }

    /// Emails accepted, with repeats.
    pub fn accepted(&self) -> usize {
        self.accepted_ids.lock().unwrap().values().sum()
    }
}

async fn serve(stream: TcpStream, next: impl Fn() -> Act, accepted_ids: Arc<Mutex<HashMap<String, usize>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut in_data, mut act, mut id) = (false, Act::Accept, String::new());
    let _ = write.write_all(b"220 test\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        if in_data {
            if let Some(found) = line.strip_prefix("Message-ID: ") {
                id = found.to_owned();
            }
            if line == "." {
                in_data = false;
                if matches!(act, Act::Drop) {
                    return;
                }
                *accepted_ids.lock().unwrap().entry(std::mem::take(&mut id)).or_default() += 1;
                let _ = write_reply(&mut write, "250 taken", act).await;
            }
            continue;
        }
        let reply = match line.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
            "RCPT" => {
                act = next();
                match act {
                    Act::Reject(reply) => reply,
                    Act::Close(reply) => {
                        let _ = write_reply(&mut write, reply, act).await;
                        return;
                    }
                    _ => "250 fine",
                }
            }
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let _ = write_reply(&mut write, reply, act).await;
    }
}

async fn write_reply(write: &mut OwnedWriteHalf, reply: &str, act: Act) -> std::io::Result<()> {
    let reply = format!("{reply}\r\n");
    if !matches!(act, Act::Drip) {
        return write.write_all(reply.as_bytes()).await;
    }
    for byte in reply.bytes() {
        write.write_all(&[byte]).await?;
        pass(Duration::from_millis(30)).await;
    }
    Ok(())
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn reachable(port: u16) {
    eventually(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
}
