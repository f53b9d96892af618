//! Runs a USB/IP server on loopback that exports the Duos of a [`Hub`].
//!
//! Knows how the server runs: one thread with its own event loop, a listener, a task for each connection, a clean stop.
//! [`connection`] handles a connection, and [`wire`] encodes its packets. The hub needs a real-time clock.

mod connection;
pub mod wire;

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::hub::Hub;

/// Connections served at once; others are closed when they arrive.
const MAX_CONNECTIONS: usize = 64;

/// A running server. Dropping it stops it.
pub struct UsbIpServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections share.
struct Shared {
    hub: Arc<Hub>,
    /// Paths of the Duos that a client has imported.
    imported: Mutex<HashSet<String>>,
}

impl UsbIpServer {
    /// Listens on 127.0.0.1; port 0 chooses a free one. USB/IP's own port is 3240.
    pub fn start(hub: Arc<Hub>, port: u16) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared { hub, imported: Mutex::default() });
        let thread = std::thread::Builder::new()
            .name("usbip-server".to_owned())
            .spawn(move || runtime.block_on(serve(listener, shared, stopped)))?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and the listener, and returns when the port is free.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for UsbIpServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // If that thread panicked, the panic has already been reported, and nothing is left to stop.
            let _ = thread.join();
        }
    }
}

/// Accepts connections until it is stopped; dropping the runtime then drops every connection.
async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    tokio::spawn(keep_time(Arc::clone(&shared.hub)));
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        // No free file descriptors, or a client that left before it was accepted: wait, and continue.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                // An error here is a client that left or misbehaved; the connection is closed either way.
                let _ = connection::serve(stream, &shared).await;
                drop(permit);
            });
        }
    }
}

/// Carries out the hub's events when they are due.
async fn keep_time(hub: Arc<Hub>) {
    let mut changes = hub.subscribe();
    loop {
        let next = hub.next_event().map(|at| at.saturating_sub(hub.clock().now()));
        let due = async {
            match next {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            heard = changes.changed() => if heard.is_err() { return },
        }
    }
}

/// A Duo that one client has imported.
struct Import<'a> {
    shared: &'a Shared,
    path: String,
}

impl<'a> Import<'a> {
    /// `None` if another client has it.
    fn take(shared: &'a Shared, path: &str) -> Option<Self> {
        let mut imported = shared.imported.lock().unwrap_or_else(PoisonError::into_inner);
        imported.insert(path.to_owned()).then(|| Self { shared, path: path.to_owned() })
    }
}

impl Drop for Import<'_> {
    fn drop(&mut self) {
        self.shared.imported.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}
