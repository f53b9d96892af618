//! Tests the cloud room: how replies are judged, what the client does with good and hostile servers, and that the local
//! cloud behaves like the servers that it imitates. Loopback only; no test waits for time to pass.

mod adversary;
mod authority;
#[path = "../common/canary.rs"]
mod canary;
mod client;
mod device_record;
mod hostile;
mod hostility;
mod judge;
mod lasting;
mod local_cloud;
mod meter;
mod pairing;
mod retries;
#[path = "../common/sample.rs"]
mod sample;
mod tls;
mod trial;
#[path = "../virtual_duo/mod.rs"]
mod virtual_duo;

use duo_provision::cloud::provisioning::{DUO_PRODUCT_ID, ProvisioningRequest};
use duo_provision::cloud::token::Token;

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// A device id as people copy it, in upper case.
pub const DEVICE: &str = "2A0048001951343334363138";

/// An RSA-1024 public key, made for these tests.
pub const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCc6nAlouO2W+AQR/NQZmXB5Dar\n\
xS8IKuYLFxD8ssWptc366fpAPyututKZUHOUqBIbDfL+1fdKL01stg9EiRRA+6XQ\n\
6M0pm5Ztyih7qQrNh5KRBtrgfciVpc51pzznMbAV0ybcMG7bxVRy/7/Dl7OWTqV1\n\
liZqiNPEg+UMNs0k3wIDAQAB\n\
-----END PUBLIC KEY-----\n\
";

/// The token for all servers except the local cloud. No other text in these tests contains it.
pub const TOKEN: &str = "5ec4e7a1b2c3d4e5f60718293a4b5c6d7e8f9012";

/// The request of all calls.
pub fn request() -> ProvisioningRequest {
    ProvisioningRequest::new(DEVICE, PUBLIC_KEY, DUO_PRODUCT_ID, 1_700_000_000_123).unwrap()
}

/// [`TOKEN`], as a token.
pub fn token() -> Token {
    Token::new(TOKEN).unwrap()
}

/// Fails if an error contains the token in any of its forms.
pub fn assert_silent(error: &impl std::error::Error, token: &str) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.to_ascii_lowercase().contains(&token.to_ascii_lowercase()), "{text}");
    }
}
