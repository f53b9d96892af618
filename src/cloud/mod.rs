//! Sends a device's public key to a cloud, asks what the cloud knows of a device, and reads the answers.
//!
//! Particle's API and the two open servers that imitate it are spoken to in the same way. The room knows nothing of
//! USB, of key files or of where a token comes from: its input is a PEM, a token and a URL.
//!
//! | module | knows |
//! |---|---|
//! | [`reply`] | what an answer is, for any question; pure |
//! | [`provisioning`] | the request that sends a key: its fields, and which answer means yes; pure |
//! | [`device_record`] | the question about a device, and what the answer says; pure |
//! | [`excerpt`] | how text from a server is made fit to be shown; pure |
//! | [`api_url`] | to which URLs a token may be sent; pure |
//! | [`token`] | what a token looks like; keeps it out of sight; pure |
//! | [`retry`] | when to ask again, and how long to wait before; pure, except for the system's timer |
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
