//! Fake SMTP server with a programmable behaviour.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

/// An email that the server accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedEmail {
    /// The notification, from the Message-ID.
    pub id: Uuid,
    pub to: String,
    pub at: Instant,
}

/// How the server treats emails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    /// Each command takes this long.
    Slow(Duration),
    /// One email in four gets a fault: 421, 450, 451, 552, or the connection closes before or after acceptance.
    Unreliable,
    /// The banner is a 421.
    Closed,
}

/// An SMTP server on loopback that lists the emails it accepted.
#[derive(Clone, Debug)]
pub struct FakeSmtp {
    pub url: String,
    accepted: Arc<Mutex<Vec<AcceptedEmail>>>,
    behaviour: Arc<Mutex<Behaviour>>,
    faults: Arc<Mutex<usize>>,
    unconfirmed: Arc<Mutex<usize>>,
}

impl FakeSmtp {
    /// Starts a server that accepts everything.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let server = Self {
            url,
            accepted: Arc::default(),
            behaviour: Arc::new(Mutex::new(Behaviour::Accept)),
            faults: Arc::default(),
            unconfirmed: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { _ = server.serve(stream).await });
            }
        });
        Ok(server)
    }

    /// Changes how the server treats emails from now on.
    pub fn set(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// The emails accepted so far, in order.
    pub fn accepted(&self) -> Vec<AcceptedEmail> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Faults injected so far.
    pub fn faults(&self) -> usize {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Emails that it accepted without a reply, so that their sender tries again.
    pub fn unconfirmed(&self) -> usize {
        *self.unconfirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn behaviour(&self) -> Behaviour {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, id: Uuid, to: &str) {
        let email = AcceptedEmail { id, to: to.to_owned(), at: Instant::now() };
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).push(email);
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        if self.behaviour() == Behaviour::Closed {
            return write.write_all(b"421 closed for today\r\n").await;
        }
        write.write_all(b"220 ready\r\n").await?;
        let (mut to, mut fault) = (String::new(), None);
        while let Some(line) = lines.next_line().await? {
            if let Behaviour::Slow(by) = self.behaviour() {
                tokio::time::sleep(by).await;
            }
            let verb = line.get(..4).unwrap_or(&line).to_uppercase();
            let reply: &[u8] = match verb.as_str() {
                "MAIL" => {
                    fault = self.next_fault();
                    if fault == Some(0) {
                        return write.write_all(b"421 too many connections\r\n").await;
                    }
                    b"250 fine\r\n"
                }
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    match fault {
                        Some(1) => b"450 greylisted, come again\r\n",
                        Some(2) => b"552 mailbox full\r\n",
                        _ => b"250 fine\r\n",
                    }
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut id = Uuid::nil();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        if let Some(message_id) = line.strip_prefix("Message-ID: <") {
                            id = message_id.split('@').next().and_then(|id| id.parse().ok()).unwrap_or_default();
                        }
                    }
                    match fault {
                        Some(3) => b"451 try later\r\n",
                        // Accepted without a reply.
                        Some(4) => {
                            *self.unconfirmed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                            self.accept(id, &to);
                            return Ok(());
                        }
                        Some(5) => return Ok(()),
                        _ => {
                            self.accept(id, &to);
                            b"250 taken\r\n"
                        }
                    }
                }
                "QUIT" => return write.write_all(b"221 bye\r\n").await,
                _ => b"250 fine\r\n",
            };
            write.write_all(reply).await?;
        }
        Ok(())
    }

    fn next_fault(&self) -> Option<u8> {
        (self.behaviour() == Behaviour::Unreliable && fastrand::u8(..4) == 0).then(|| {
            *self.faults.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            fastrand::u8(..6)
        })
    }
}
