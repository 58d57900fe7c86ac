use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

/// A mail that the server has taken: from then on it counts as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The notification, from the Message-ID.
    pub id: Uuid,
    pub to: String,
    pub at: Instant,
}

/// How the server treats mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// Each command takes so long.
    Slow(Duration),
    /// Of four mails one meets a fault: 421, 450, 451, 552, a connection that ends after the mail was taken, or before.
    Capricious,
    /// Nobody is to be reached: the banner says 421.
    Closed,
}

/// A mail server on loopback that keeps a list of what it took.
#[derive(Clone, Debug)]
pub struct Mail {
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    mood: Arc<Mutex<Mood>>,
    faults: Arc<Mutex<usize>>,
    unclear: Arc<Mutex<usize>>,
}

impl Mail {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let server = Self {
            url,
            taken: Arc::default(),
            mood: Arc::new(Mutex::new(Mood::Takes)),
            faults: Arc::default(),
            unclear: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { _ = server.speak(stream).await });
            }
        });
        Ok(server)
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Faults that it made so far.
    pub fn faults(&self) -> usize {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mails that it took without saying so: whoever sent them sends them again.
    pub fn unclear(&self) -> usize {
        *self.unclear.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, mail: &str, to: &str) {
        let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.split('@').next()?.parse().ok());
        let taken = Taken { id: id.unwrap_or_default(), to: to.to_owned(), at: Instant::now() };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
    }

    async fn speak(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        if self.mood() == Mood::Closed {
            return write.write_all(b"421 closed for today\r\n").await;
        }
        write.write_all(b"220 ready\r\n").await?;
        let (mut to, mut fault) = (String::new(), None);
        while let Some(line) = lines.next_line().await? {
            if let Mood::Slow(by) = self.mood() {
                tokio::time::sleep(by).await;
            }
            let verb = line.get(..4).unwrap_or(&line).to_uppercase();
            let answer: &[u8] = match verb.as_str() {
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
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    match fault {
                        Some(3) => b"451 try later\r\n",
                        // Taken, and nobody is told.
                        Some(4) => {
                            *self.unclear.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                            self.take(&mail, &to);
                            return Ok(());
                        }
                        Some(5) => return Ok(()),
                        _ => {
                            self.take(&mail, &to);
                            b"250 taken\r\n"
                        }
                    }
                }
                "QUIT" => return write.write_all(b"221 bye\r\n").await,
                _ => b"250 fine\r\n",
            };
            write.write_all(answer).await?;
        }
        Ok(())
    }

    fn next_fault(&self) -> Option<u8> {
        (self.mood() == Mood::Capricious && fastrand::u8(..4) == 0).then(|| {
            *self.faults.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            fastrand::u8(..6)
        })
    }
}
