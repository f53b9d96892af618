//! Sends a device's public key to a cloud, and asks a cloud what it knows of a device.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cloud::api_url::ApiUrl;
use crate::cloud::client::{Client, Options, Retry};
use crate::cloud::device_record::{DeviceRecord, RecordRequest};
use crate::cloud::failure::CloudError;
use crate::cloud::network::NetworkEnv;
use crate::cloud::provisioning::ProvisioningRequest;
use crate::cloud::reply::Question;
use crate::cloud::token::Token;
use crate::dct::DeviceId;
use crate::error::Error;
use crate::keys::PublicKey;
use crate::workflow::context::{Context, Event, Phase, Timeout};
use crate::workflow::input::token::{CloudOptions, resolve};
use crate::workflow::network::runtime::wait_for;

/// The time for a question about a device: if the Duo is offline, a particle-iot/spark-server asks it and waits for 30
/// seconds before it answers.
const SLOW_RECORD: Duration = Duration::from_secs(45);

/// A cloud and the token for it.
pub struct Cloud {
    client: Client,
    token: Token,
    timeout: Timeout,
}

/// The request that sends a public key.
pub struct Message {
    request: ProvisioningRequest,
    generic: bool,
}

impl Message {
    /// Only the public half of a key is sent. `generic`: it is the key of device-provisioning-helper.
    pub fn new(
        context: Context<'_>,
        device_id: DeviceId,
        public: &PublicKey,
        product_id: u32,
        generic: bool,
    ) -> Result<Self, Error> {
        Self::at(since_1970((context.wall)()), device_id, public, product_id, generic)
    }

    /// The same, with a given time of day: milliseconds since 1970.
    pub fn at(
        order: u64,
        device_id: DeviceId,
        public: &PublicKey,
        product_id: u32,
        generic: bool,
    ) -> Result<Self, Error> {
        let id = device_id.to_string();
        Ok(Self { request: ProvisioningRequest::new(&id, &public.to_pem(), product_id, order)?, generic })
    }
}

impl Cloud {
    /// Finds the cloud and the token; sends nothing.
    pub fn find(context: Context<'_>, options: &CloudOptions) -> Result<Self, Error> {
        let credentials = resolve(context, options)?;
        let network = NetworkEnv::from_lookup(context.env);
        let client = Client::new(credentials.api, options.allow_http, network)?;
        Ok(Self { client, token: credentials.token, timeout: context.timeout })
    }

    /// The API's URL.
    pub fn api_url(&self) -> String {
        self.client.api().to_string()
    }

    /// The API's host.
    pub fn host(&self) -> &str {
        self.client.api().host()
    }

    /// True for Particle's cloud.
    pub fn is_particle(&self) -> bool {
        self.client.api().same_origin(&ApiUrl::default())
    }

    /// Sends a key, and returns once the cloud has said that it took the key.
    pub fn send_public_key(&self, context: Context<'_>, message: &Message) -> Result<(), Error> {
        context.phase(Phase::Send);
        let device_id = message.request.device_id().to_string();
        context.control.event(Event::Sending { device_id, generic: message.generic });
        let sent = self.ask(context, &message.request, self.timeout.duration())?;
        sent.map(drop).map_err(|error| Error::from(error).during("sending the public key"))
    }

    /// Asks what the cloud knows of a device.
    pub fn ask_about(
        &self,
        context: Context<'_>,
        device_id: DeviceId,
    ) -> Result<Result<DeviceRecord, CloudError>, Error> {
        context.phase(Phase::Ask);
        let question = RecordRequest::new(&device_id.to_string())?;
        self.ask(context, &question, self.timeout.at_least(SLOW_RECORD))
    }

    /// Tries once to send a key, for callers that send many and have retry rules of their own.
    pub async fn try_to_send(&self, message: &Message) -> Result<(), CloudError> {
        self.try_once(&message.request).await.map(drop)
    }

    /// Tries once to ask about a device.
    pub async fn try_to_ask(&self, device_id: DeviceId) -> Result<DeviceRecord, CloudError> {
        let request = RecordRequest::new(&device_id.to_string());
        // Cannot fail: a [`DeviceId`] is always a valid device id.
        let Ok(request) = request else { return Err(CloudError::Cancelled { sent: false }) };
        self.try_once(&request).await
    }

    async fn try_once<Q: Question + Sync>(&self, question: &Q) -> Result<Q::Answer, CloudError> {
        let options = Options { deadline: self.timeout.duration(), of_many: true, ..Options::default() };
        self.client.ask(question, &self.token, options, &mut |_| {}, std::future::pending()).await
    }

    fn ask<Q: Question + Sync>(
        &self,
        context: Context<'_>,
        question: &Q,
        deadline: Duration,
    ) -> Result<Result<Q::Answer, CloudError>, Error> {
        let mut on_retry = |retry: Retry<'_>| {
            context.control.event(Event::Retry { reason: retry.because.to_string(), delay: retry.wait });
        };
        let cancelled = context.control.cancel().requested();
        let options = Options { deadline, ..Options::default() };
        wait_for(self.client.ask(question, &self.token, options, &mut on_retry, cancelled))
    }
}

/// Refuses 0, which is no product id.
pub fn check_product(id: Option<u32>) -> Result<(), Error> {
    if id == Some(0) {
        return Err(Error::invalid("a product id of 0 is no product")
            .hint("leave --product-id out for 88, the Duo's"));
    }
    Ok(())
}

/// A time of day in milliseconds since 1970.
pub fn since_1970(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}
