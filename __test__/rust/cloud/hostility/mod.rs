//! Puts a hostile server at each step of a call: finding it, connecting, TLS, a proxy, the head of the reply, its
//! status, its body, and the calls that follow. Each case is one call of the workflow as shipped;
//! [`trial`](super::trial) says what must hold for all of them.

mod answering;
mod asking;
mod bodies;
mod connecting;
mod encrypting;
mod proxying;
mod retrying;
mod statuses;

use duo_provision::error::Code;

use super::trial::Outcome;

/// No server got anything.
const UNREACHABLE: Outcome = Outcome::Fails(Code::CloudUnreachable);
/// A server that could not prove to be the cloud, and got nothing.
const NO_TRUST: Outcome = Outcome::Fails(Code::CloudTls);
/// The request may have arrived.
const UNKNOWN: Outcome = Outcome::Fails(Code::CloudOutcomeUnknown);
/// An answer came, but not one of this API.
const NONSENSE: Outcome = Outcome::Fails(Code::CloudUnexpectedReply);
/// The cloud has a problem of its own.
const UNAVAILABLE: Outcome = Outcome::Fails(Code::CloudUnavailable);

/// A reply with its length in the head.
fn reply(line: &str, fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {line}\r\n{fields}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
