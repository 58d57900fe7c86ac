//! Fault-injecting TCP proxy.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// Network fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Connections are closed, also new ones.
    Down,
    /// Connections stay open and carry nothing.
    BlackHole,
    /// Latency, with a jitter of one half.
    Slow(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Route {
    to: SocketAddr,
    fault: Fault,
}

/// A proxy in front of a service, with programmable faults.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    route: watch::Sender<Route>,
}

impl Proxy {
    pub async fn before(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (route, changes) = watch::channel(Route { to, fault: Fault::None });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let changes = changes.clone();
                tokio::spawn(async move { _ = carry(stream, changes).await });
            }
        });
        Ok(Self { address, route })
    }

    pub fn set(&self, fault: Fault) {
        self.route.send_modify(|route| route.fault = fault);
    }

    /// Sends new connections to another address and closes the present ones.
    pub fn redirect_to(&self, to: SocketAddr) {
        self.route.send_modify(|route| *route = Route { to, fault: Fault::None });
    }
}

async fn carry(here: TcpStream, changes: watch::Receiver<Route>) -> std::io::Result<()> {
    let route = *changes.borrow();
    match route.fault {
        Fault::Down => return Ok(()),
        // Accepted, but without a response.
        Fault::BlackHole => {
            wait_while(changes, Fault::BlackHole).await;
            return Ok(());
        }
        Fault::None | Fault::Slow(_) => {}
    }
    let there = TcpStream::connect(route.to).await?;
    here.set_nodelay(true)?;
    there.set_nodelay(true)?;
    let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
    tokio::select! {
        done = one_way(from_here, to_there, changes.clone(), route.to) => done,
        done = one_way(from_there, to_here, changes, route.to) => done,
    }
}

async fn wait_while(mut changes: watch::Receiver<Route>, fault: Fault) {
    _ = changes.wait_for(|route| route.fault != fault).await;
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut changes: watch::Receiver<Route>,
    target: SocketAddr,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            _ = changes.changed() => {
                let route = *changes.borrow();
                if route.fault == Fault::Down || route.to != target {
                    return Ok(());
                }
                continue;
            }
        };
        if read == 0 {
            return Ok(());
        }
        if changes.borrow().fault == Fault::BlackHole {
            wait_while(changes.clone(), Fault::BlackHole).await;
        }
        let route = *changes.borrow();
        match route.fault {
            Fault::Slow(by) => tokio::time::sleep(by.mul_f64(0.5 + fastrand::f64())).await,
            Fault::Down => return Ok(()),
            Fault::None | Fault::BlackHole => {}
        }
        to.write_all(&buffer[..read]).await?;
    }
}
