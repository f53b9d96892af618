//! Tells a cloud a device's public key, asks it what it knows of a device, and says what the cloud answered.
//!
//! Particle's API and the two open servers that imitate it are spoken to alike. The room knows nothing of
//! USB, of files that hold keys or of where a token comes from; it is handed a PEM, a token and a URL.
//!
//! | module | knows |
//! |---|---|
//! | [`reply`] | what an answer is, whatever was asked; pure |
//! | [`provisioning`] | the request that tells a key: its fields, and what is a yes; pure |
//! | [`device_record`] | the question about a device, and what the answer says of it; pure |
//! | [`excerpt`] | how text from a server is made fit to be shown; pure |
//! | [`api_url`] | which URLs a token may be sent to; pure |
//! | [`token`] | what a token looks like, and keeps it out of sight; pure |
//! | [`retry`] | when and for how long to wait before asking again; pure, but for the system's timer |
//! | [`profile`] | particle-cli's files |
//! | [`handshake`] | how a device and its cloud prove their keys to each other; pure |
//! | [`network`] | certificates and proxies |
//! | [`failure`] | what goes wrong on the way |
//! | [`client`] | a question over HTTP: deadline, tries, what was sent |
//! | `trust` | which certificates of servers are accepted |
//! | `connection` | name, TCP, proxy, TLS, and the bounds of HTTP |
//! | [`device_port`] | the handshake over TCP |

pub mod api_url;
pub mod client;
mod connection;
pub mod device_port;
pub mod device_record;
pub mod excerpt;
pub mod failure;
pub mod handshake;
pub mod network;
pub mod profile;
pub mod provisioning;
pub mod reply;
pub mod retry;
pub mod token;
mod trust;
