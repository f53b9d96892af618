//! Serves one client's connection: sends a device list, or exports a Duo and carries out its URBs one after the other.
//!
//! URBs of endpoint 0 run in order: until the first is answered, the others wait, and any of them can be unlinked. A
//! URB to an endpoint that never sends anything stays until it is unlinked. When the Duo leaves the bus, the connection
//! is closed: this is how USB/IP reports it.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::wire::{self, Command, Malformed, Operation, Submit, errno, status};
use super::{Import, Shared};
use crate::simulator::duo::serial_port::{Pipe, pipe};
use crate::simulator::duo::transfer::{Outcome, Request};
use crate::simulator::faults::Access;
use crate::simulator::hub::Attached;

/// A client that sends nothing, or reads nothing, for this long is dropped.
const PATIENCE: Duration = Duration::from_secs(10);
/// URBs that may wait at once; a host queues one or two on a control endpoint.
const MAX_WAITING: usize = 64;

/// Serves a connection until either side ends it.
pub async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let Some(operation) = patient(read_operation(&mut stream)).await? else { return Ok(()) };
        match operation {
            Operation::DeviceList => {
                patient(stream.write_all(&wire::device_list(&shared.hub.attached()))).await?;
            }
            Operation::Import => {
                let mut busid = [0; wire::BUSID_SIZE];
                patient(stream.read_exact(&mut busid)).await?;
                return import(stream, shared, wire::parse_busid(&busid).map_err(refused)?).await;
            }
        }
    }
}

/// `None` if the client has closed the connection.
async fn read_operation(stream: &mut TcpStream) -> io::Result<Option<Operation>> {
    let mut bytes = [0; 8];
    match stream.read_exact(&mut bytes).await {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e),
        Ok(_) => wire::parse_operation(bytes).map(Some).map_err(refused),
    }
}

async fn import(mut stream: TcpStream, shared: &Shared, busid: &str) -> io::Result<()> {
    let found = shared.hub.find(busid).ok_or(status::NO_DEVICE).and_then(|attached| {
        let refusals = [(Access::Denied, status::NOT_AVAILABLE), (Access::Busy, status::BUSY)];
        match refusals.into_iter().find(|(refusal, _)| !shared.hub.admits(busid, *refusal)) {
            Some((_, code)) => Err(code),
            None => Ok(attached),
        }
    });
    let taken = found.and_then(|a| Import::take(shared, busid).map(|i| (a, i)).ok_or(status::BUSY));
    match taken {
        Err(code) => patient(stream.write_all(&wire::import_reply(Err(code)))).await,
        Ok((attached, _import)) => {
            patient(stream.write_all(&wire::import_reply(Ok(&attached)))).await?;
            Session::new(stream, shared, attached).run().await
        }
    }
}

async fn patient<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn refused(_: Malformed) -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// An imported Duo.
struct Session<'a> {
    shared: &'a Shared,
    attached: Attached,
    commands: mpsc::Receiver<Command>,
    out: OwnedWriteHalf,
    waiting: VecDeque<Submit>,
    running: Option<Running>,
    /// The numbers of URBs that are never answered.
    idle: Vec<u32>,
    reader: tokio::task::JoinHandle<()>,
}

/// The URB at the device: its number and, if there will be one, its answer with its time.
struct Running {
    sequence: u32,
    answer: Option<(Instant, Vec<u8>)>,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl<'a> Session<'a> {
    fn new(stream: TcpStream, shared: &'a Shared, attached: Attached) -> Self {
        let (mut input, out) = stream.into_split();
        let (to_session, commands) = mpsc::channel(MAX_WAITING);
        let reader = tokio::spawn(async move {
            // Ends with the connection, with the first malformed packet, or with the session.
            while let Ok(command) = read_command(&mut input).await {
                if to_session.send(command).await.is_err() {
                    return;
                }
            }
        });
        let (waiting, idle) = (VecDeque::new(), Vec::new());
        Self { shared, attached, commands, out, waiting, running: None, idle, reader }
    }

    async fn run(mut self) -> io::Result<()> {
        let mut changes = self.shared.hub.subscribe();
        loop {
            // The next URB goes to the device if the device is free.
            if self.running.is_none()
                && let Some(submit) = self.waiting.pop_front()
            {
                self.running = Some(self.carry_out(&submit));
            }
            let answer_at = self.running.as_ref().and_then(|r| r.answer.as_ref()).map(|(at, _)| *at);
            // The timer counts in milliseconds, so a ready answer does not wait for it.
            if answer_at.is_some_and(|at| at <= Instant::now()) {
                self.finish().await?;
                continue;
            }
            let answered = async {
                match answer_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = answered => self.finish().await?,
                command = self.commands.recv() => match command {
                    None => return Ok(()),
                    Some(command) => self.take(command).await?,
                },
                _ = changes.changed() => if !self.is_there() { return Ok(()) },
            }
        }
    }

    fn is_there(&self) -> bool {
        let found = self.shared.hub.find(self.attached.path.as_str());
        found.is_some_and(|a| a.enumeration == self.attached.enumeration)
    }

    async fn take(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Submit(_) if self.waiting.len() + self.idle.len() >= MAX_WAITING => {
                Err(io::ErrorKind::InvalidData.into())
            }
            Command::Submit(submit) if submit.endpoint != 0 => self.take_data(&submit).await,
            Command::Submit(submit) => {
                self.waiting.push_back(submit);
                Ok(())
            }
            Command::Unlink { sequence, victim } => {
                let result = if self.forget(victim) { errno::CONNRESET } else { errno::OK };
                patient(self.out.write_all(&wire::unlink_reply(sequence, result))).await
            }
        }
    }

    /// A URB of an endpoint other than 0.
    async fn take_data(&mut self, submit: &Submit) -> io::Result<()> {
        let (status, taken) = match pipe(self.attached.presence, submit.endpoint, submit.is_in) {
            Pipe::Silent => {
                self.idle.push(submit.sequence);
                return Ok(());
            }
            Pipe::Sink => (errno::OK, submit.data.len()),
            Pipe::Missing => (errno::PIPE, 0),
        };
        patient(self.out.write_all(&wire::submit_reply(submit.sequence, status, taken, &[]))).await
    }

    /// Cancels a URB; false if it has been answered, or never came.
    fn forget(&mut self, victim: u32) -> bool {
        if self.running.as_ref().is_some_and(|r| r.sequence == victim) {
            self.running = None;
            return true;
        }
        let before = self.waiting.len() + self.idle.len();
        self.waiting.retain(|s| s.sequence != victim);
        self.idle.retain(|&sequence| sequence != victim);
        self.waiting.len() + self.idle.len() < before
    }

    async fn finish(&mut self) -> io::Result<()> {
        if let Some(Running { answer: Some((_, bytes)), .. }) = self.running.take() {
            patient(self.out.write_all(&bytes)).await?;
        }
        Ok(())
    }

    fn carry_out(&self, submit: &Submit) -> Running {
        let sequence = submit.sequence;
        let reply = |status, data: &[u8]| wire::submit_reply(sequence, status, data.len(), data);
        let (setup, length) = submit.setup;
        let setup_is_in = setup.request_type & 0x80 != 0;
        // A control transfer without a data stage may be flagged either way.
        if usize::from(length) != submit.length || (length > 0 && setup_is_in != submit.is_in) {
            return Running { sequence, answer: Some((Instant::now(), reply(errno::INVAL, &[]))) };
        }
        let request = Request { setup, length, data: &submit.data };
        let transfer = self.shared.hub.transfer(&self.attached.path, self.attached.enumeration, &request);
        let answer = match transfer.outcome {
            Outcome::NoAnswer => return Running { sequence, answer: None },
            Outcome::Done => wire::submit_reply(sequence, errno::OK, submit.data.len(), &[]),
            Outcome::Data(bytes) if bytes.len() > submit.length => reply(errno::OVERFLOW, &[]),
            Outcome::Data(bytes) => reply(errno::OK, &bytes),
            Outcome::DataThenStall(bytes) => reply(errno::PIPE, &bytes[..bytes.len().min(submit.length)]),
            Outcome::Stall => reply(errno::PIPE, &[]),
            Outcome::Disconnected => reply(errno::NODEV, &[]),
            Outcome::Protocol(_) => reply(errno::PROTO, &[]),
        };
        Running { sequence, answer: Some((Instant::now() + transfer.takes, answer)) }
    }
}

async fn read_command(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Command> {
    let mut header = [0; wire::HEADER_SIZE];
    input.read_exact(&mut header).await?;
    let mut command = wire::parse_command(&header).map_err(refused)?;
    if let Command::Submit(submit) = &mut command
        && !submit.is_in
    {
        submit.data = vec![0; submit.length];
        input.read_exact(&mut submit.data).await?;
    }
    Ok(command)
}
