//! Tests connections that serve many requests: no request is sent twice, and no answered one is lost, however the
//! server ends the connection.

use std::collections::HashMap;
use std::future::pending;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duo_provision::cloud::client::{Client, Options};
use duo_provision::cloud::failure::{CloudError, Interruption};
use duo_provision::cloud::network::NetworkEnv;
use duo_provision::cloud::provisioning::{Accepted, DUO_PRODUCT_ID, ProvisioningRequest};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::client::YES;
use super::hostile::read_request;
use super::{PUBLIC_KEY, token};

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// The client ends it.
    Never,
    /// Without notice, after this many answers.
    After(usize),
    /// After one answer and one request that is read and not answered.
    InAnswer,
    /// After one answer and then an unrequested one, as load balancers send.
    Unasked,
}

/// A server that answers more than one request on a connection.
struct Server {
    url: String,
    /// The requests of each connection.
    heard: Arc<Mutex<Vec<Vec<String>>>>,
    /// Gets a message when a connection has ended, or has sent an unrequested answer.
    ended: UnboundedReceiver<()>,
}

impl Server {
    async fn start(ends: Ends) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<Vec<String>>>>::default();
        let (tell, ended) = unbounded_channel();
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let nth = log.lock().unwrap().len();
                log.lock().unwrap().push(Vec::new());
                tokio::spawn(serve(stream, ends, nth, Arc::clone(&log), tell.clone()));
            }
        });
        Self { url, heard, ended }
    }

    fn connections(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// How often each device was in a request.
    fn times(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for id in self.heard.lock().unwrap().concat() {
            *times.entry(id).or_default() += 1;
        }
        times
    }
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    ends: Ends,
    nth: usize,
    log: Arc<Mutex<Vec<Vec<String>>>>,
    tell: UnboundedSender<()>,
) {
    for answered in 1.. {
        let request = read_request(&mut stream).await;
        if request.is_empty() {
            return;
        }
        log.lock().unwrap()[nth].push(device_of(&request));
        if matches!(ends, Ends::InAnswer) && answered == 2 {
            return;
        }
        stream.write_all(YES).await.unwrap();
        match ends {
            Ends::After(count) if count == answered => break,
            Ends::Unasked => {
                let late = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(late).await.unwrap();
                tell.send(()).unwrap();
            }
            _ => {}
        }
    }
    drop(stream);
    tell.send(()).unwrap();
}

fn device_of(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    text.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned()
}

fn client(url: &str) -> Client {
    Client::new(url.parse().unwrap(), false, NetworkEnv::default()).unwrap()
}

fn device(number: usize) -> String {
    format!("{number:024x}")
}

async fn ask(client: &Client, number: usize, of_many: bool) -> Result<Accepted, CloudError> {
    let request = ProvisioningRequest::new(&device(number), PUBLIC_KEY, DUO_PRODUCT_ID, 1).unwrap();
    let options = Options { of_many, ..Options::default() };
    client.ask(&request, &token(), options, &mut |_| {}, pending()).await
}

/// Lets all other tasks run first, including those of the sockets.
async fn others_first() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_questions_go_over_one_connection_and_single_ones_each_over_their_own() {
    for (of_many, connections) in [(true, 1), (false, 20)] {
        let server = Server::start(Ends::Never).await;
        let client = client(&server.url);
        for number in 0..20 {
            ask(&client, number, of_many).await.unwrap();
            others_first().await;
        }
        assert_eq!(server.connections(), connections);
        assert!(server.times().len() == 20 && server.times().values().all(|times| *times == 1));
    }
}

#[tokio::test]
async fn a_connection_that_ended_meanwhile_costs_no_request() {
    for ends in [Ends::After(1), Ends::After(3), Ends::Unasked] {
        let mut server = Server::start(ends).await;
        let client = client(&server.url);
        for number in 0..12 {
            ask(&client, number, true).await.unwrap_or_else(|error| panic!("{ends:?}, {number}: {error}"));
            let tells = match ends {
                Ends::After(count) => (number + 1) % count == 0,
                _ => true,
            };
            if tells {
                server.ended.recv().await.unwrap();
            }
            others_first().await;
        }
        let each = if let Ends::After(count) = ends { count } else { 1 };
        assert_eq!(server.connections(), 12 / each, "{ends:?}");
        assert!(server.times().len() == 12 && server.times().values().all(|times| *times == 1), "{ends:?}");
    }
}

#[tokio::test]
async fn a_request_that_got_lost_is_not_repeated_and_no_connection_is_used_again_after_it() {
    let server = Server::start(Ends::InAnswer).await;
    let client = client(&server.url);
    ask(&client, 0, true).await.unwrap();
    others_first().await;
    let lost = ask(&client, 1, true).await.unwrap_err();
    let CloudError::OutcomeUnknown { reason, .. } = lost else { panic!("{lost:?}") };
    assert_eq!(reason, Interruption::ConnectionLost);
    for number in 2..8 {
        ask(&client, number, true).await.unwrap();
        others_first().await;
    }
    let heard = server.heard.lock().unwrap().clone();
    assert_eq!(heard[0], [device(0), device(1)]);
    assert_eq!(heard[1..], (2..8).map(|number| vec![device(number)]).collect::<Vec<_>>());
}

/// The server ends each connection after its answer, in a thread of its own: by chance before, during or after the
/// sending of the next request.
#[tokio::test]
async fn whenever_a_server_ends_a_connection_nothing_is_sent_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&heard);
    std::thread::spawn(move || {
        for (nth, stream) in listener.incoming().flatten().enumerate() {
            end_after_one(stream, &log, u32::try_from(nth % 50).unwrap());
        }
    });
    for few in (0..400).collect::<Vec<_>>().chunks(4) {
        let client = client(&url);
        for number in few {
            let outcome = ask(&client, *number, true).await;
            let times = heard.lock().unwrap().iter().filter(|id| **id == device(*number)).count();
            match outcome {
                Ok(_) => assert_eq!(times, 1, "{number}"),
                Err(CloudError::OutcomeUnknown { .. }) => assert_eq!(times, 0, "{number}"),
                Err(error) => panic!("{number}: {error}"),
            }
        }
    }
}

fn end_after_one(mut stream: TcpStream, log: &Mutex<Vec<String>>, pause: u32) {
    use std::io::{Read, Write};
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !crate::adversary::is_whole(&request) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    if request.is_empty() {
        return;
    }
    log.lock().unwrap().push(device_of(&request));
    stream.write_all(YES).unwrap();
    std::thread::sleep(Duration::from_micros(10) * pause);
    let _ = stream.shutdown(Shutdown::Both);
}
