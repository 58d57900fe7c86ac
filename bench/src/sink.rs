use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail server on loopback that takes everything and keeps nothing; its address.
pub async fn start() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("smtp://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { _ = take(stream).await });
        }
    });
    Ok(address)
}

async fn take(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await?;
    let mut in_data = false;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match (in_data, line.get(..4).unwrap_or(&line).to_uppercase().as_str()) {
            (true, _) if line == "." => {
                in_data = false;
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
