//! A TCP server that reads one request per connection and then does what the test chose, and a timer that never waits.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use duo_provision::cloud::retry::{Sleep, Timer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What the server does once it has read a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Sends bytes and closes.
    Say(Vec<u8>),
    /// Sends bytes and keeps the connection open, saying nothing more.
    SayAndHang(Vec<u8>),
    /// Sends bytes and resets the connection.
    SayAndReset(Vec<u8>),
    /// Sends the first bytes, then the others again and again until the client closes.
    SayForever(Vec<u8>, Vec<u8>),
}

pub struct Hostile {
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Vec<u8>>>,
    received: Notify,
}

impl Hostile {
    /// Reacts to each connection in turn, and stops listening after the last.
    pub async fn start(script: Vec<Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let server = tokio::spawn(serve(listener, script, Arc::clone(&shared)));
        Self { url, shared, server }
    }

    /// Answers one request, with these bytes.
    pub async fn saying(bytes: impl AsRef<[u8]>) -> Self {
        Self::start(vec![Reaction::Say(bytes.as_ref().to_vec())]).await
    }

    /// The requests so far, byte for byte.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Returns once a request was received and everything in the reaction was sent.
    pub async fn reacted(&self) {
        self.shared.received.notified().await;
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, script: Vec<Reaction>, shared: Arc<Shared>) {
    let mut listener = Some(listener);
    let mut open = Vec::new();
    let count = script.len();
    for (index, reaction) in script.into_iter().enumerate() {
        let Some(Ok((mut stream, _))) = accept(listener.as_ref()).await else { return };
        if index + 1 == count {
            listener = None;
        }
        let request = read_request(&mut stream).await;
        shared.requests.lock().unwrap().push(request);
        react(&mut stream, &reaction).await;
        shared.received.notify_one();
        if matches!(reaction, Reaction::SayAndHang(_)) {
            open.push(stream);
        }
    }
    if !open.is_empty() {
        std::future::pending::<()>().await;
    }
}

async fn accept(
    listener: Option<&TcpListener>,
) -> Option<std::io::Result<(TcpStream, std::net::SocketAddr)>> {
    Some(listener?.accept().await)
}

/// Errors only mean that a client closed early, which some of these tests want.
async fn react(stream: &mut TcpStream, reaction: &Reaction) {
    match reaction {
        Reaction::Say(bytes) => {
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
        Reaction::SayAndHang(bytes) => {
            let _ = stream.write_all(bytes).await;
        }
        Reaction::SayAndReset(bytes) => {
            let _ = stream.write_all(bytes).await;
            let _ = stream.set_zero_linger();
        }
        Reaction::SayForever(first, again) => {
            let _ = stream.write_all(first).await;
            while stream.write_all(again).await.is_ok() {}
        }
    }
}

/// The head, and as much of a body as its `Content-Length` says; less if the client ends earlier.
pub async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    request
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
}

/// The time limit for the whole call in these tests: the timer recognises it by its length.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A timer whose waits between tries take no time, and whose deadline comes when the test says so.
#[derive(Debug, Default)]
pub struct TestTimer {
    now: Mutex<Duration>,
    waits: Mutex<Vec<Duration>>,
    deadline: Arc<Notify>,
}

impl TestTimer {
    /// The waits between tries so far.
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }

    /// Makes the deadline pass.
    pub fn expire(&self) {
        self.deadline.notify_one();
    }
}

impl Timer for TestTimer {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        // 1994-11-06 08:49:37 UTC.
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        if duration == DEADLINE {
            let deadline = Arc::clone(&self.deadline);
            return Box::pin(async move { deadline.notified().await });
        }
        self.waits.lock().unwrap().push(duration);
        *self.now.lock().unwrap() += duration;
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> u32 {
        u32::MAX
    }
}
