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

/// The npm package `maildev`: a real SMTP server that keeps what it gets.
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

    /// What arrived, as maildev tells it.
    pub async fn mails(&self) -> Vec<serde_json::Value> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}/email", self.web)).send().await.unwrap().json().await.unwrap()
    }
}

/// What a scripted server does with one message.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Take,
    /// Answers the recipient so.
    Refuse(&'static str),
    /// Answers so and ends the connection.
    Leave(&'static str),
    /// Hears the whole message and ends the connection without a word.
    Drop,
    /// Takes it, byte by byte.
    Drip,
}

/// An SMTP server that acts on each message as told.
pub struct Scripted {
    pub smtp_url: String,
    /// How often each Message-ID was taken.
    pub taken: Arc<Mutex<HashMap<String, usize>>>,
}

impl Scripted {
    /// Gives `answers` to the first messages, after their recipient, and takes the rest: `451 4.3.0 Try again`.
    pub async fn start(answers: &'static [&'static str]) -> Self {
        Self::acting(|number| answers.get(number).map_or(Act::Take, |answer| Act::Refuse(answer))).await
    }

    /// Does with the message of each number what `act` says.
    pub async fn acting(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { smtp_url: format!("smtp://{}", listener.local_addr().unwrap()), taken: Arc::default() };
        let (act, taken, count) = (Arc::new(act), server.taken.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (act, count) = (act.clone(), count.clone());
                let next = move || act(count.fetch_add(1, Ordering::SeqCst));
                tokio::spawn(speak(stream, next, taken.clone()));
            }
        });
        server
    }

    /// Messages taken, repeats included.
    pub fn accepted(&self) -> usize {
        self.taken.lock().unwrap().values().sum()
    }
}

async fn speak(stream: TcpStream, next: impl Fn() -> Act, taken: Arc<Mutex<HashMap<String, usize>>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut in_data, mut act, mut id) = (false, Act::Take, String::new());
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
                *taken.lock().unwrap().entry(std::mem::take(&mut id)).or_default() += 1;
                let _ = say(&mut write, "250 taken", act).await;
            }
            continue;
        }
        let answer = match line.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
            "RCPT" => {
                act = next();
                match act {
                    Act::Refuse(answer) => answer,
                    Act::Leave(answer) => {
                        let _ = say(&mut write, answer, act).await;
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
        let _ = say(&mut write, answer, act).await;
    }
}

async fn say(write: &mut OwnedWriteHalf, answer: &str, act: Act) -> std::io::Result<()> {
    let answer = format!("{answer}\r\n");
    if !matches!(act, Act::Drip) {
        return write.write_all(answer.as_bytes()).await;
    }
    for byte in answer.bytes() {
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
