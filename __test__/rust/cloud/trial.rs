//! One call of a workflow that talks to a cloud, `provision` or `doctor`, as shipped, against hostile servers. These
//! things hold for every such call, whatever the servers do:
//!
//! - it ends within its deadline plus one second;
//! - its memory grows by no more than 8 MiB;
//! - the token reaches only the server that it is for, and only if no message says "nothing was sent";
//! - no piece of the token or of a proxy's password is in any output.

use std::any::Any;
use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use duo_provision::error::{Code, Error};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::workflow::{
    AskOptions, Cancel, CloudOptions, Context, Control, Diagnosis, DoctorOptions, Event, Plan,
    ProvisionOptions, SendPlan, Timeout, doctor, provision,
};

use super::adversary::Adversary;
use super::canary::Canaries;
use super::meter::{growth, kept_waiting};
use super::sample::Sample;
use super::virtual_duo::{key_maker, unhex};
use super::{DEVICE, TOKEN};

/// The deadline in seconds of a call that ends by itself, even on a slow machine.
const LONG: u32 = 30;
/// The shortest deadline that can be typed, for calls that nothing else ends.
const SHORT: u32 = 1;
/// How much later than its deadline a call may end.
const GRACE: Duration = Duration::from_secs(1);
/// How much memory a call may take.
const MOST_MEMORY: usize = 8 << 20;
/// How many calls run at a time, over all tests: far more than processors, because most of them wait, and few enough
/// for the usual limit of 1,024 open files.
const PLACES: usize = 64;
/// The password of every proxy that has one.
pub const PROXY_PASSWORD: &str = "hunter2-hunter2";

/// What only the origin may get.
static TOKENS: LazyLock<Canaries> = LazyLock::new(|| {
    let mut canaries = Canaries::default();
    canaries.add("the token", TOKEN.as_bytes());
    canaries
});
/// What no output may contain.
static SECRETS: LazyLock<Canaries> = LazyLock::new(|| {
    let mut canaries = Canaries::default();
    canaries.add("the token", TOKEN.as_bytes());
    canaries.add("the proxy's password", PROXY_PASSWORD.as_bytes());
    canaries
});

/// How a call may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Fails(Code),
    /// The first finding of `doctor` about the cloud.
    Finds(&'static str),
}

impl Outcome {
    /// The same outcome for `doctor`: a failing cloud is a finding, and a question has no unknown outcome.
    pub fn found(self) -> Self {
        match self {
            Self::Done => Self::Finds("CLOUD_DEVICE"),
            Self::Fails(Code::Interrupted) | Self::Finds(_) => self,
            Self::Fails(Code::CloudOutcomeUnknown) => Self::Finds(Code::CloudUnreachable.name()),
            Self::Fails(code) => Self::Finds(code.name()),
        }
    }
}

/// The workflow that makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Provision,
    Doctor,
}

impl From<Code> for Outcome {
    fn from(code: Code) -> Self {
        Self::Fails(code)
    }
}

impl From<Outcome> for Vec<Outcome> {
    fn from(outcome: Outcome) -> Self {
        vec![outcome]
    }
}

type Check = Box<dyn Fn(&Told) -> Result<(), String> + Send>;

/// A call to make.
pub struct Trial {
    about: String,
    call: Call,
    options: ProvisionOptions,
    env: Vec<(&'static str, String)>,
    /// The server that the token is for, if the call may get that far.
    origin: Option<Adversary>,
    /// Servers that the token is not for.
    others: Vec<Adversary>,
    /// The allowed outcomes.
    wanted: Vec<Outcome>,
    /// The user stops it as soon as the request is at the origin.
    cancelled: bool,
    /// What must exist until the call is over.
    held: Vec<Box<dyn Any + Send>>,
    check: Check,
}

/// What is there after a call.
pub struct Told {
    /// All output: events, and the result in each of its forms.
    pub said: String,
    /// The result in each of its forms. An earlier attempt may have sent nothing, and its message may say so.
    concluded: String,
    /// Requests, or pieces of them, that the origin decrypted.
    pub heard: Vec<Vec<u8>>,
    /// Connections of the other servers.
    pub others: usize,
    /// Bytes that the origin sent on the wire in its latest connection.
    pub sent: usize,
}

impl Trial {
    /// A call to a URL with these allowed outcomes.
    pub fn of(about: impl Into<String>, url: impl Into<String>, wanted: impl Into<Vec<Outcome>>) -> Self {
        Self {
            about: about.into(),
            call: Call::Provision,
            options: ProvisionOptions {
                device_id: DEVICE.to_owned(),
                cloud: CloudOptions {
                    api_url: Some(url.into()),
                    token: Some(TOKEN.to_owned()),
                    ..CloudOptions::default()
                },
                timeout: Some(LONG),
                ..ProvisionOptions::default()
            },
            env: Vec::new(),
            origin: None,
            others: Vec::new(),
            wanted: wanted.into(),
            cancelled: false,
            held: Vec::new(),
            check: Box::new(|_| Ok(())),
        }
    }

    /// A call to a server, over plain HTTP.
    pub fn against(about: impl Into<String>, origin: Adversary, wanted: impl Into<Vec<Outcome>>) -> Self {
        let url = origin.url();
        Self { origin: Some(origin), ..Self::of(about, url, wanted) }
    }

    /// The same for `doctor`, which asks what the cloud knows of a connected Duo.
    pub fn asking(self) -> Self {
        let wanted = self.wanted.into_iter().map(Outcome::found).collect();
        Self { call: Call::Doctor, wanted, ..self }
    }

    /// The server that the URL leads to.
    pub fn origin(self, origin: Adversary) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// A server that the token must not reach.
    pub fn other(mut self, other: Adversary) -> Self {
        self.others.push(other);
        self
    }

    /// Sets an environment variable; the last value given counts.
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.insert(0, (name, value.into()));
        self
    }

    /// Permits plain HTTP to other machines.
    pub fn allow_http(mut self) -> Self {
        self.options.cloud.allow_http = true;
        self
    }

    /// With a short deadline: for calls that nothing else ends, or that try again until then.
    pub fn briefly(self) -> Self {
        self.within(SHORT)
    }

    /// With a deadline of this many seconds.
    pub fn within(mut self, seconds: u32) -> Self {
        self.options.timeout = Some(seconds);
        self
    }

    /// The user stops it once the request is at the origin.
    pub fn cancelled(self) -> Self {
        Self { cancelled: true, ..self }
    }

    /// Keeps something until the call is over.
    pub fn holding(mut self, what: impl Any + Send) -> Self {
        self.held.push(Box::new(what));
        self
    }

    /// Also checks what is there afterwards.
    pub fn check(self, check: impl Fn(&Told) -> Result<(), String> + Send + 'static) -> Self {
        Self { check: Box::new(check), ..self }
    }

    fn run(&self) -> Result<Told, String> {
        let asker = Asker::new(self.call);
        if self.cancelled {
            asker.cancel_when(self.origin.as_ref().expect("somebody to wait for"));
        }
        let (begun, waited) = (Instant::now(), kept_waiting());
        let (result, grown) = growth(|| asker.call(self.call, &self.options, &self.env));
        let took = begun.elapsed();
        let late = kept_waiting().saturating_sub(waited);

        let outcome = match &result {
            Ok(None) => Outcome::Done,
            Ok(Some(diagnosis)) => Outcome::Finds(about_cloud(diagnosis)),
            Err(error) => Outcome::Fails(error.code()),
        };
        let concluded = concluded(&result);
        let said = format!("{:?}\n{concluded}", asker.events.lock().unwrap());
        let fail = |what: String| Err(format!("{}: {what}\n{said}", self.about));
        if !self.wanted.contains(&outcome) {
            return fail(format!("{outcome:?}, not {:?}", self.wanted));
        }
        let deadline = Duration::from_secs(self.options.timeout.unwrap_or(LONG).into());
        if took > deadline + GRACE + late {
            return fail(format!("it took {took:?}, of which it was kept waiting {late:?}"));
        }
        if grown > MOST_MEMORY {
            return fail(format!("it took {grown} bytes"));
        }
        let told = Told {
            heard: self.origin.as_ref().map(Adversary::heard).unwrap_or_default(),
            others: self.others.iter().map(Adversary::connections).sum(),
            sent: self.origin.as_ref().map_or(0, Adversary::sent),
            said,
            concluded,
        };
        match self.leaks(&told, outcome).or_else(|| (self.check)(&told).err()) {
            Some(what) => Err(format!("{}: {what}\n{}", self.about, told.said)),
            None => Ok(told),
        }
    }

    fn is_https(&self) -> bool {
        self.options.cloud.api_url.as_ref().is_some_and(|url| url.starts_with("https:"))
    }

    /// Where the token, or a piece of it, is in a wrong place.
    fn leaks(&self, told: &Told, outcome: Outcome) -> Option<String> {
        for other in &self.others {
            if let Some(found) = TOKENS.find(&other.wire()) {
                return Some(format!("another server got {found}"));
            }
        }
        let origin = self.origin.as_ref().filter(|_| self.is_https());
        if let Some(found) = origin.and_then(|origin| TOKENS.find(&origin.wire())) {
            return Some(format!("in the clear: {found}"));
        }
        let reached = told.heard.iter().any(|heard| TOKENS.find(heard).is_some());
        match outcome {
            Outcome::Done | Outcome::Finds("CLOUD_DEVICE")
                if !told.heard.iter().any(|heard| super::adversary::is_whole(heard)) =>
            {
                return Some("called done without a request".to_owned());
            }
            Outcome::Fails(Code::CloudUnreachable | Code::CloudTls | Code::CloudNoRoots) if reached => {
                return Some("something was sent, and it is said that nothing was".to_owned());
            }
            Outcome::Finds(_) if reached && told.concluded.contains("nothing was sent") => {
                return Some("something was sent, and it is said that nothing was".to_owned());
            }
            _ => {}
        }
        SECRETS.find(told.said.as_bytes()).map(|found| format!("it says {found}"))
    }
}

/// The same cloud, token and deadline, for `doctor`.
fn looking(options: &ProvisionOptions) -> DoctorOptions {
    let ProvisionOptions { cloud, timeout, .. } = options.clone();
    let cloud = AskOptions { cloud, ..AskOptions::default() };
    DoctorOptions { cloud, timeout, ..DoctorOptions::default() }
}

fn about_cloud(diagnosis: &Diagnosis) -> &'static str {
    let found = diagnosis.duos.iter().flat_map(|duo| &duo.findings).chain(&diagnosis.general);
    found.map(|finding| finding.code).find(|code| code.starts_with("CLOUD")).unwrap_or("nothing")
}

/// Everything about the end of a call that could be shown to a person.
fn concluded(result: &Result<Option<Diagnosis>, Error>) -> String {
    let mut said = String::new();
    if let Ok(Some(diagnosis)) = result {
        let _ = writeln!(said, "{diagnosis:?}");
    }
    if let Err(error) = result {
        let _ = writeln!(said, "{error}\n{error:?}\n{:?}\n{:?}", error.hint_text(), error.device());
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = writeln!(said, "{error}\n{error:?}");
            cause = error.source();
        }
    }
    said
}

/// Tries a sample of a table with many similar cases: the first case of each way to end, and some of the rest.
pub fn sampled(step: &str, trials: impl Iterator<Item = Trial> + Send) {
    let mut sample = Sample::new();
    all(step, trials.filter(|trial| sample.takes(format!("{:?}", trial.wanted), &trial.about)));
    sample.say("the hostile cloud");
}

/// Tries all of them, many at a time, and reports every one that failed. Each trial is made when it is needed, so that
/// no more servers run than calls.
pub fn all(step: &str, trials: impl Iterator<Item = Trial> + Send) {
    let trials = Mutex::new(trials);
    let (count, failures) = (Mutex::new(0), Mutex::new(Vec::new()));
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..PLACES {
            scope.spawn(|| {
                loop {
                    let _place = Place::take();
                    let next = trials.lock().unwrap().next();
                    let Some(trial) = next else { break };
                    *count.lock().unwrap() += 1;
                    if let Err(failure) = trial.run() {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let (count, failures) = (count.into_inner().unwrap(), failures.into_inner().unwrap());
    println!("{step}: {count} cases in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(count > 0, "{step}: nothing was tried");
    assert!(failures.is_empty(), "{step}: {} of {count}\n{}", failures.len(), failures.join("\n"));
}

/// A place among the calls that run at a time.
struct Place;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(PLACES), Condvar::new());

impl Place {
    fn take() -> Self {
        let (free, changed) = &FREE;
        *changed.wait_while(free.lock().unwrap(), |free| *free == 0).unwrap() -= 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap() += 1;
        FREE.1.notify_one();
    }
}

/// A stand-in for the user: remembers what it is told.
struct Asker {
    cancel: Cancel,
    events: Arc<Mutex<Vec<Event>>>,
    clock: Arc<VirtualClock>,
    hub: Arc<Hub>,
}

impl Asker {
    /// With the Duo that `doctor` examines.
    fn new(call: Call) -> Self {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        if call == Call::Doctor {
            let id = unhex(DEVICE).try_into().unwrap();
            hub.plug(Duo::new(DuoOptions::new(Generation::R6, id), key_maker(0)));
        }
        Self { cancel: Cancel::default(), events: Arc::default(), clock, hub }
    }

    /// The findings of `doctor`, if it was called.
    fn call(
        &self,
        call: Call,
        options: &ProvisionOptions,
        env: &[(&'static str, String)],
    ) -> Result<Option<Diagnosis>, Error> {
        let bus = VirtualBus::new(self.hub.clone());
        let env =
            |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        let context = Context {
            bus: &bus,
            clock: &*self.clock,
            wall: &SystemTime::now,
            env: &env,
            control: self,
            cancelled: &|| self.cancel.stops_now(),
            timeout: Timeout::DEFAULT,
        };
        match call {
            Call::Provision => provision(context, options).map(|_| None),
            Call::Doctor => doctor(context, &looking(options)).map(Some),
        }
    }

    fn cancel_when(&self, origin: &Adversary) {
        let cancel = self.cancel.clone();
        origin.when_heard(move || cancel.request());
    }
}

impl Control for Asker {
    fn event(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn confirm(&self, _: &Plan) -> bool {
        unreachable!("nothing is written to a device")
    }

    fn confirm_all(&self, _: &SendPlan) -> bool {
        unreachable!("one device is told of at a time")
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}
