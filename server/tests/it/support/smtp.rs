use std::{
    collections::VecDeque,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

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

/// An SMTP server that answers each message as told, and then accepts the rest.
pub struct Scripted {
    pub smtp_url: String,
    pub accepted: Arc<Mutex<usize>>,
}

impl Scripted {
    /// `answers` are given to the first messages, after their recipient: `451 4.3.0 Try again`.
    pub async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp_url = format!("smtp://{}", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let accepted = Arc::new(Mutex::new(0));
        let counter = accepted.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(speak(stream, answers.clone(), counter.clone()));
            }
        });
        Self { smtp_url, accepted }
    }
}

async fn speak(stream: TcpStream, answers: Arc<Mutex<VecDeque<&'static str>>>, accepted: Arc<Mutex<usize>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut in_data = false;
    let _ = write.write_all(b"220 test\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        if in_data {
            if line == "." {
                in_data = false;
                *accepted.lock().unwrap() += 1;
                let _ = write.write_all(b"250 taken\r\n").await;
            }
            continue;
        }
        let answer = match line.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
            "RCPT" => answers.lock().unwrap().pop_front().unwrap_or("250 fine").to_owned(),
            "DATA" => {
                in_data = true;
                "354 go on".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 fine".to_owned(),
        };
        let _ = write.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn reachable(port: u16) {
    let begun = std::time::Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing listens on port {port}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
