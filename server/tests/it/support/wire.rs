use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A wire between the application and one of its parts, which a test can cut.
pub struct Wire {
    pub port: u16,
    to: SocketAddr,
    state: watch::Sender<State>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Through,
    /// Connections end, and new ones are refused.
    Cut,
    /// Connections stay, and nothing comes through.
    Silent,
}

impl Wire {
    /// A wire to `to` on a port of its own.
    pub async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (state, _) = watch::channel(State::Through);
        let mut wire = Self { port: listener.local_addr().unwrap().port(), to, state, listening: None };
        wire.listen(listener);
        wire
    }

    /// What a program that crashed looks like.
    pub async fn cut(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        let _ = listening.await;
        self.state.send_replace(State::Cut);
    }

    /// What a machine that lost its network looks like.
    pub fn silence(&mut self) {
        self.state.send_replace(State::Silent);
    }

    /// All is well again.
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
