//! A TCP proxy with faults.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A TCP proxy between the application and a service, which a test can cut.
pub struct Wire {
    pub port: u16,
    to: SocketAddr,
    state: watch::Sender<State>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Through,
    /// Connections are closed, and new ones refused.
    Cut,
    /// Connections stay open and carry nothing.
    Silent,
}

impl Wire {
    /// A wire to `to` on a free port.
    pub async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (state, _) = watch::channel(State::Through);
        let mut wire = Self { port: listener.local_addr().unwrap().port(), to, state, listening: None };
        wire.listen(listener);
        wire
    }

    /// Looks like a service that crashed.
    pub async fn cut(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        let _ = listening.await;
        self.state.send_replace(State::Cut);
    }

    /// Looks like a machine that lost its network.
    pub fn silence(&mut self) {
        self.state.send_replace(State::Silent);
    }

    /// Carries everything again.
    pub async fn restore(&mut self) {
        self.state.send_replace(State::Through);
        if self.listening.is_none() {
            self.listen(TcpListener::bind(("127.0.0.1", self.port)).await.unwrap());
        }
    }

    fn listen(&mut self, listener: TcpListener) {
        let (to, state) = (self.to, self.state.clone());
        self.listening = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, to, state.subscribe()));
            }
        }));
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr, mut state: watch::Receiver<State>) {
    let _ = state.wait_for(|state| *state != State::Silent).await;
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    loop {
        let now = *state.borrow_and_update();
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far), if now == State::Through => return,
            changed = state.changed() => if changed.is_err() || *state.borrow() == State::Cut { return },
        }
    }
}
