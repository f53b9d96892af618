//! A server that does one chosen thing at one chosen step, whatever the client sends, and records every byte that it
//! gets.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// All servers run here, on other threads than the callers.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

/// For tokio sockets that are made outside the runtime.
#[cfg(target_os = "linux")]
pub fn enter() -> tokio::runtime::EnterGuard<'static> {
    RUNTIME.enter()
}

/// What the server waits for before it sends anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing.
    Nothing,
    /// This many bytes of the request, or fewer if the client stops.
    Bytes(usize),
    /// The whole request.
    Request,
}

/// One thing that the server sends.
#[derive(Clone, Debug)]
pub enum Say {
    /// These bytes.
    Once(Vec<u8>),
    /// These bytes, until the client closes.
    Forever(Vec<u8>),
    /// These bytes, one at a time, a tenth of a second apart, over and over.
    Trickle(Vec<u8>),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a FIN (for TLS after a `close_notify`).
    Close,
    /// With a RST.
    Reset,
    /// Not at all, until the client ends it.
    Hang,
}

/// What the server does with one connection.
#[derive(Clone)]
pub struct Script {
    wait: Wait,
    says: Vec<Say>,
    end: End,
    tls: Option<Arc<ServerConfig>>,
    /// The answer of a proxy in front of the TLS server.
    tunnel: Option<Vec<u8>>,
    /// The connection is cut after this many bytes on the wire, whatever comes next.
    cut: Option<usize>,
}

impl Script {
    /// Reads a request, sends these bytes and closes.
    pub fn saying(bytes: impl AsRef<[u8]>) -> Self {
        Self {
            wait: Wait::Request,
            says: vec![Say::Once(bytes.as_ref().to_vec())],
            end: End::Close,
            tls: None,
            tunnel: None,
            cut: None,
        }
    }

    /// Reads a request and sends nothing.
    pub fn silent() -> Self {
        Self { says: Vec::new(), ..Self::saying("") }
    }

    pub fn then(mut self, say: Say) -> Self {
        self.says.push(say);
        self
    }

    pub fn end(self, end: End) -> Self {
        Self { end, ..self }
    }

    pub fn after(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// The same inside TLS.
    pub fn over(self, tls: &Arc<ServerConfig>) -> Self {
        Self { tls: Some(Arc::clone(tls)), ..self }
    }

    /// The same behind a proxy that answers CONNECT with `answer`.
    pub fn behind_proxy(self, answer: impl AsRef<[u8]>) -> Self {
        Self { tunnel: Some(answer.as_ref().to_vec()), ..self }
    }

    /// Cuts the connection once this many bytes were sent on the wire.
    pub fn cut_after(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }
}

/// What reached a server.
#[derive(Default)]
struct Log {
    /// On the wire, one entry per connection.
    wire: Mutex<Vec<Vec<u8>>>,
    /// Inside TLS, or as on the wire without it; one entry per connection that got this far.
    heard: Mutex<Vec<Vec<u8>>>,
    /// Bytes sent on the wire by the latest connection.
    sent: Mutex<usize>,
    /// Grows with every byte that comes.
    changed: watch::Sender<()>,
}

/// A server on 127.0.0.1; it stops when dropped.
pub struct Adversary {
    address: SocketAddr,
    log: Arc<Log>,
    server: JoinHandle<()>,
}

impl Adversary {
    /// Uses the first script for the first connection and so on; the last one for all that follow.
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().collect();
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log::default());
        let server = RUNTIME.spawn(serve(listener, scripts, Arc::clone(&log)));
        Self { address, log, server }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.log.wire.lock().unwrap().len()
    }

    /// Every byte that came on the wire.
    pub fn wire(&self) -> Vec<u8> {
        self.log.wire.lock().unwrap().concat()
    }

    /// The decrypted bytes of each connection.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.log.heard.lock().unwrap().clone()
    }

    /// Calls `then` once a whole request has come.
    pub fn when_heard(&self, then: impl FnOnce() + Send + 'static) {
        let (log, mut changed) = (Arc::clone(&self.log), self.log.changed.subscribe());
        RUNTIME.spawn(async move {
            let whole = |(): &()| log.heard.lock().unwrap().iter().any(|heard| is_whole(heard));
            if changed.wait_for(whole).await.is_ok() {
                then();
            }
        });
    }

    /// Bytes sent on the wire in the latest connection.
    pub fn sent(&self) -> usize {
        *self.log.sent.lock().unwrap()
    }
}

impl Drop for Adversary {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: StdListener, scripts: Vec<Script>, log: Arc<Log>) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut open = tokio::task::JoinSet::new();
    for nth in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let script = scripts[nth.min(scripts.len() - 1)].clone();
        if script.end == End::Reset {
            let _ = stream.set_zero_linger();
        }
        log.wire.lock().unwrap().push(Vec::new());
        let tap = Tap { stream, nth, log: Arc::clone(&log), left: script.cut.unwrap_or(usize::MAX), sent: 0 };
        open.spawn(treat(tap, script, Arc::clone(&log)));
    }
}

/// Errors only mean that the client has closed, as it should sooner or later.
async fn treat(mut tap: Tap, script: Script, log: Arc<Log>) {
    if let Some(answer) = &script.tunnel {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let Ok(byte) = tap.read_u8().await else { return };
            request.push(byte);
        }
        if tap.write_all(answer).await.is_err() {
            return;
        }
    }
    let Some(tls) = &script.tls else { return converse(tap, &script, &log).await };
    if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(tap).await {
        converse(stream, &script, &log).await;
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, script: &Script, log: &Log) {
    let nth = {
        let mut heard = log.heard.lock().unwrap();
        heard.push(Vec::new());
        heard.len() - 1
    };
    let (progress, heard) = watch::channel(Vec::new());
    let (mut reader, mut writer) = tokio::io::split(stream);
    let listen = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            log.heard.lock().unwrap()[nth].extend_from_slice(&buffer[..count]);
            progress.send_modify(|all| all.extend_from_slice(&buffer[..count]));
            log.changed.send_replace(());
        }
    };
    // If the client ends the connection, it ends here too.
    tokio::select! {
        () = listen => {}
        () = perform(&mut writer, script, heard) => {}
    }
}

async fn perform(
    writer: &mut (impl AsyncWrite + Unpin),
    script: &Script,
    mut heard: watch::Receiver<Vec<u8>>,
) {
    let enough = |all: &Vec<u8>| match script.wait {
        Wait::Nothing => true,
        Wait::Bytes(count) => all.len() >= count,
        Wait::Request => is_whole(all),
    };
    let _ = heard.wait_for(enough).await;
    for say in &script.says {
        let _ = match say {
            Say::Once(bytes) => writer.write_all(bytes).await,
            Say::Forever(bytes) => loop {
                if let Err(error) = writer.write_all(bytes).await {
                    break Err(error);
                }
            },
            Say::Trickle(bytes) => trickle(writer, bytes).await,
        };
        let _ = writer.flush().await;
    }
    match script.end {
        End::Close => _ = writer.shutdown().await,
        End::Reset => {}
        End::Hang => std::future::pending().await,
    }
}

async fn trickle(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    for byte in bytes.iter().cycle() {
        writer.write_all(&[*byte]).await?;
        writer.flush().await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// True if the head and as much of a body as its `Content-Length` says are there.
pub fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap_or(0))
}

/// A connection that records what comes in, and can be cut in the middle of what goes out.
struct Tap {
    stream: TcpStream,
    nth: usize,
    log: Arc<Log>,
    left: usize,
    sent: usize,
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.log.wire.lock().unwrap()[this.nth].extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let allowed = &bytes[..bytes.len().min(this.left)];
        let count = ready!(Pin::new(&mut this.stream).poll_write(cx, allowed))?;
        this.left -= count;
        this.sent += count;
        *this.log.sent.lock().unwrap() = this.sent;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
