//! Writes USB/IP as a client does, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The limit for events that must happen; no test waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

pub fn read(stream: &mut TcpStream, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// The server has closed the connection.
pub fn assert_closed(stream: &mut TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(0) => {}
        Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("still open: {other:?}"),
    }
}

/// OP_REQ_IMPORT; returns 8 bytes on refusal, 320 bytes otherwise.
pub fn import(stream: &mut TcpStream, busid: &str) -> Vec<u8> {
    let mut request = vec![1, 0x11, 0x80, 3, 0, 0, 0, 0];
    request.extend(busid.as_bytes());
    request.resize(40, 0);
    stream.write_all(&request).unwrap();
    let mut reply = read(stream, 8);
    if reply[7] == 0 {
        reply.extend(read(stream, 312));
    }
    reply
}

pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// USBIP_CMD_SUBMIT on endpoint 0.
pub fn submit(sequence: u32, setup: [u8; 8], data: &[u8]) -> Vec<u8> {
    let is_in = u32::from(setup[0] >> 7);
    let length = u32::from(u16::from_le_bytes([setup[6], setup[7]]));
    let mut packet = words(&[1, sequence, 0x0001_0001, is_in, 0, 0, length, 0, u32::MAX, 0]);
    packet.extend(setup);
    packet.extend(data);
    packet
}

pub fn unlink(sequence: u32, victim: u32) -> Vec<u8> {
    let mut packet = words(&[2, sequence, 0x0001_0001, 0, 0, victim]);
    packet.resize(48, 0);
    packet
}

/// A reply's command, sequence, status and actual length.
pub fn reply(stream: &mut TcpStream) -> (u32, u32, i32, usize) {
    let header = read(stream, 48);
    let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!(header[8..20], [0; 12], "devid, direction and endpoint are zero in replies");
    (word(0), word(4), i32::from_be_bytes(header[20..24].try_into().unwrap()), word(24) as usize)
}

pub const GETSTATUS: [u8; 8] = [0xa1, 3, 0, 0, 0, 0, 6, 0];
pub const CLRSTATUS: [u8; 8] = [0x21, 4, 0, 0, 0, 0, 0, 0];
