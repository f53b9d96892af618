//! A hub with Duos, a folder for one test's files, and a stand-in for the user.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use duo_provision::dct::DeviceId;
use duo_provision::error::Error;
use duo_provision::keys::PARTICLE_SERVER_KEY_PEM;
use duo_provision::simulator::duo::Logged;
use duo_provision::simulator::faults::Fault;
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::usb::PortPath;
use duo_provision::workflow::{
    BackupDone, BackupOptions, Cancel, CloudOptions, Context, Control, DuoEnded, Event, PassphraseRequest,
    Phase, Plan, ResetDone, ResetOptions, RestoreDone, RestoreOptions, SendPlan, Target, Timeout,
    WriteOptions, backup, reset, restore,
};
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::virtual_duo::{device_id, device_keys, key_maker, options};

/// 2026-01-31T12:00:00Z
pub const NOON: Duration = Duration::from_secs(1_769_860_800);
/// The key that the first Duo has, and one that it can get.
pub const OLD: usize = 0;
pub const NEW: usize = 60;

type Listener = Box<dyn Fn(&Event, &Cancel) + Send + Sync>;

/// A stand-in for the user: remembers what it is told, and gives the prepared answers.
pub struct Asker {
    cancel: Cancel,
    events: Mutex<Vec<Event>>,
    plans: Mutex<Vec<Plan>>,
    send_plans: Mutex<Vec<SendPlan>>,
    consents: bool,
    passphrases: Mutex<Vec<&'static str>>,
    requests: Mutex<Vec<PassphraseRequest>>,
    on_event: Listener,
}

impl Asker {
    pub fn new() -> Self {
        Self::listening(|_, _| {})
    }

    /// Calls `on_event` for every event.
    pub fn listening(on_event: impl Fn(&Event, &Cancel) + Send + Sync + 'static) -> Self {
        Self {
            cancel: Cancel::default(),
            events: Mutex::default(),
            plans: Mutex::default(),
            send_plans: Mutex::default(),
            consents: true,
            passphrases: Mutex::default(),
            requests: Mutex::default(),
            on_event: Box::new(on_event),
        }
    }

    /// Says no.
    pub fn refusing() -> Self {
        Self { consents: false, ..Self::new() }
    }

    /// Gives these passphrases, one after the other; then none.
    pub fn knowing(passphrases: &[&'static str]) -> Self {
        let passphrases = passphrases.iter().rev().copied().collect();
        Self { passphrases: Mutex::new(passphrases), ..Self::new() }
    }

    /// The passphrase requests that it got.
    pub fn requests(&self) -> Vec<PassphraseRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Asks to stop when `phase` begins.
    pub fn stopping_at(phase: Phase) -> Self {
        Self::listening(move |event, cancel| {
            if *event == Event::Phase(phase) {
                cancel.request();
            }
        })
    }

    pub fn phases(&self) -> Vec<Phase> {
        let events = self.events.lock().unwrap();
        events.iter().filter_map(|e| if let Event::Phase(phase) = e { Some(*phase) } else { None }).collect()
    }

    pub fn notes(&self) -> String {
        let events = self.events.lock().unwrap();
        let notes = events
            .iter()
            .filter_map(|e| if let Event::Note { message } = e { Some(message.as_str()) } else { None });
        notes.collect::<Vec<_>>().join("\n")
    }

    /// Everything that it was told and asked, as a log shows it.
    pub fn told(&self) -> String {
        format!("{:?}\n{:?}\n", self.events.lock().unwrap(), self.plans.lock().unwrap())
    }

    pub fn plan(&self) -> Plan {
        let plans = self.plans.lock().unwrap();
        assert_eq!(plans.len(), 1, "asked once");
        plans[0].clone()
    }

    /// The plan that was shown before all keys were sent; it was asked once.
    pub fn send_plan(&self) -> SendPlan {
        let plans = self.send_plans.lock().unwrap();
        assert_eq!(plans.len(), 1, "asked once");
        plans[0].clone()
    }

    /// The Duos that have ended, in that order.
    pub fn ended(&self) -> Vec<DuoEnded> {
        let events = self.events.lock().unwrap();
        let ended = |event: &Event| if let Event::DuoEnded(line) = event { Some(line.clone()) } else { None };
        events.iter().filter_map(ended).collect()
    }

    pub fn was_asked(&self) -> bool {
        !self.plans.lock().unwrap().is_empty() || !self.send_plans.lock().unwrap().is_empty()
    }
}

impl Control for Asker {
    fn event(&self, event: Event) {
        (self.on_event)(&event, &self.cancel);
        self.events.lock().unwrap().push(event);
    }

    fn confirm(&self, plan: &Plan) -> bool {
        self.plans.lock().unwrap().push(plan.clone());
        self.consents
    }

    fn confirm_all(&self, plan: &SendPlan) -> bool {
        self.send_plans.lock().unwrap().push(plan.clone());
        self.consents
    }

    fn passphrase(&self, request: &PassphraseRequest) -> Option<Zeroizing<String>> {
        self.requests.lock().unwrap().push(request.clone());
        self.passphrases.lock().unwrap().pop().map(|text| Zeroizing::new(text.to_owned()))
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

/// Duos on a virtual clock, and a folder.
pub struct Bench {
    pub clock: Arc<VirtualClock>,
    pub hub: Arc<Hub>,
    pub bus: VirtualBus,
    pub paths: Vec<PortPath>,
    pub folder: TempDir,
    /// The user's home, with the journal; never the home of the person who runs the tests.
    _home: TempDir,
    pub env: Vec<(&'static str, String)>,
}

impl Bench {
    pub fn new(generation: Generation) -> Self {
        Self::with([options(generation)])
    }

    /// One Duo for each of `duos`; their keys are the fixtures' from [`OLD`] on.
    pub fn with(duos: impl IntoIterator<Item = DuoOptions>) -> Self {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        let duos = duos.into_iter().enumerate();
        let paths = duos.map(|(nth, options)| hub.plug(Duo::new(options, key_maker(OLD + nth)))).collect();
        let folder = memory_folder().or_else(|_| tempfile::tempdir()).unwrap();
        let home = memory_folder().or_else(|_| tempfile::tempdir()).unwrap();
        let env = home_of(home.path());
        Self { bus: VirtualBus::new(hub.clone()), clock, hub, paths, folder, _home: home, env }
    }

    pub fn run<T>(&self, asker: &Asker, work: impl FnOnce(Context<'_>) -> T) -> T {
        let wall = || -> SystemTime { UNIX_EPOCH + NOON };
        let env = |name: &str| {
            self.env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        let cancelled = || asker.cancel.stops_now();
        let clock = &*self.clock;
        let timeout = Timeout::DEFAULT;
        let (bus, cancelled) = (&self.bus, &cancelled);
        work(Context { bus, clock, wall: &wall, env: &env, control: asker, cancelled, timeout })
    }

    pub fn backup(&self, options: &BackupOptions) -> Result<BackupDone, Error> {
        self.run(&Asker::new(), |context| backup(context, &self.backup_options(options)))
    }

    pub fn restore(&self, options: &RestoreOptions) -> Result<RestoreDone, Error> {
        self.restore_asking(&Asker::new(), options)
    }

    pub fn restore_asking(&self, asker: &Asker, options: &RestoreOptions) -> Result<RestoreDone, Error> {
        let write = self.write_options(&options.write);
        self.run(asker, |context| restore(context, &RestoreOptions { write, ..options.clone() }))
    }

    pub fn reset(&self, options: &ResetOptions) -> Result<ResetDone, Error> {
        self.reset_asking(&Asker::new(), options)
    }

    pub fn reset_asking(&self, asker: &Asker, options: &ResetOptions) -> Result<ResetDone, Error> {
        let write = self.write_options(&options.write);
        self.run(asker, |context| reset(context, &ResetOptions { write, ..options.clone() }))
    }

    /// These options, with the archive of this bench if they name none.
    pub fn write_options(&self, options: &WriteOptions) -> WriteOptions {
        let archive = options.archive.clone().or_else(|| Some(self.archive_name()));
        WriteOptions { archive, ..options.clone() }
    }

    fn backup_options(&self, options: &BackupOptions) -> BackupOptions {
        let archive = options.archive.clone().or_else(|| Some(self.archive_name()));
        BackupOptions { archive, ..options.clone() }
    }

    pub fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    fn archive_name(&self) -> String {
        self.archive().to_str().unwrap().to_owned()
    }

    /// Writes a file to the test's folder.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A file with the fixtures' `nth` key, in the device's form.
    pub fn key_file(&self, nth: usize) -> PathBuf {
        self.file("new.der", &key(nth)[..611])
    }

    /// Restores [`NEW`] from a file.
    pub fn new_key(&self) -> RestoreOptions {
        restore_of(&self.key_file(NEW))
    }

    pub fn duo<R>(&self, f: impl FnOnce(&mut Duo) -> R) -> R {
        self.duo_at(0, f)
    }

    pub fn duo_at<R>(&self, nth: usize, f: impl FnOnce(&mut Duo) -> R) -> R {
        self.hub.with_duo(&self.paths[nth], |duo, _| f(duo)).unwrap()
    }

    pub fn slot(&self) -> Vec<u8> {
        self.duo(|duo| duo.dct(34, 1216))
    }

    pub fn set_slot(&self, bytes: &[u8]) {
        let mut slot = vec![0xff; 1216];
        slot[..bytes.len()].copy_from_slice(bytes);
        self.duo(|duo| duo.set_dct(34, &slot));
    }

    /// Gives the Duo the key of Particle's cloud, without an address.
    pub fn name_particle(&self) {
        let key = rsa::PublicKey::from_public_key_pem(PARTICLE_SERVER_KEY_PEM.trim()).unwrap();
        let mut slot = vec![0xff; 768];
        slot[..294].copy_from_slice(key.to_public_key_der().unwrap().as_bytes());
        self.duo(|duo| duo.set_dct(2082, &slot));
    }

    pub fn arm(&self, fault: Fault) {
        self.duo(|duo| duo.faults().arm(fault));
    }

    /// DNLOADs of data, which are writes to the flash.
    pub fn writes(&self) -> usize {
        self.duo(|duo| duo.log().filter(|transfer| is_data(transfer)).count())
    }

    /// Clears the faults, with the Duo back in DFU mode.
    pub fn clear_faults(&self) {
        self.hub.with_duo(&self.paths[0], |duo, now| {
            duo.faults().clear();
            duo.enter_dfu(now);
        });
        self.clock.advance(Duration::from_secs(5));
    }

    /// The names in the archive.
    pub fn archived(&self) -> Vec<String> {
        names(&self.archive())
    }

    /// True if a file of the archive holds exactly these bytes.
    pub fn keeps(&self, bytes: &[u8]) -> bool {
        self.archived().iter().any(|name| fs::read(self.archive().join(name)).unwrap() == bytes)
    }
}

/// The variables that name the user's data directory on each system.
fn home_of(home: &Path) -> Vec<(&'static str, String)> {
    let home = home.to_str().unwrap();
    ["HOME", "XDG_DATA_HOME", "LOCALAPPDATA"].map(|name| (name, home.to_owned())).into()
}

/// A folder in memory if the system has one: thousands of backups are synced here.
pub fn memory_folder() -> std::io::Result<TempDir> {
    // Wine shows that folder under another path.
    if cfg!(windows) { tempfile::tempdir() } else { tempfile::tempdir_in("/dev/shm") }
}

/// A DNLOAD of a block; one without bytes asks the Duo to leave.
pub fn is_data(transfer: &Logged) -> bool {
    let setup = transfer.setup;
    (setup.request_type, setup.request) == (0x21, 1) && setup.value >= 2 && transfer.length > 0
}

/// The names in a folder; none if it is missing.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(listing) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = listing.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The class request that writes the flash, counted from the start of a write: set address, GETSTATUS, ABORT, the
/// proof, ABORT, the block, and then this GETSTATUS.
pub const PROGRAMS: u32 = 7;

/// The slot with the fixtures' `nth` key.
pub fn key(nth: usize) -> &'static [u8] {
    &device_keys()[nth].slot[..]
}

/// The reset image: four bytes 0xFF, then zeros.
pub fn reset_image() -> Vec<u8> {
    let mut image = vec![0; 1216];
    image[..4].fill(0xff);
    image
}

/// The options that write to this Duo.
pub fn writing_to(target: Target) -> WriteOptions {
    WriteOptions { target, ..WriteOptions::default() }
}

/// The options of a write without a backup.
pub fn without_backup() -> WriteOptions {
    WriteOptions { no_backup: true, ..WriteOptions::default() }
}

/// The options of a dry run.
pub fn dry_run() -> WriteOptions {
    WriteOptions { dry_run: true, ..WriteOptions::default() }
}

/// The options of a write with so many seconds for each step.
pub fn within(seconds: u32) -> WriteOptions {
    WriteOptions { timeout: Some(seconds), ..WriteOptions::default() }
}

/// The options for a cloud, and a token for it.
pub fn cloud_at(url: impl Into<String>, token: impl Into<String>) -> CloudOptions {
    CloudOptions { api_url: Some(url.into()), token: Some(token.into()), ..CloudOptions::default() }
}

pub fn restore_of(file: &Path) -> RestoreOptions {
    RestoreOptions { file: file.to_owned(), ..RestoreOptions::default() }
}

/// Two Duos with different ids.
pub fn two(generation: Generation) -> [DuoOptions; 2] {
    [1, 2].map(|last| DuoOptions::new(generation, device_id(last)))
}

/// The device id of the `nth` Duo, counted from 1.
pub fn id(nth: u8) -> String {
    DeviceId::from_bytes(device_id(nth)).unwrap().to_string()
}

/// The server key's slot for a cloud: its key, and at 384 an IPv4 address, at 450 a port (redbear/firmware `dct.h`).
pub fn server_slot(pem: &str, address: SocketAddr) -> Vec<u8> {
    let key = rsa::PublicKey::from_public_key_pem(pem).unwrap().to_public_key_der().unwrap();
    let IpAddr::V4(ip) = address.ip() else { panic!("an IPv4 address") };
    let mut slot = vec![0xff; 768];
    slot[..key.as_bytes().len()].copy_from_slice(key.as_bytes());
    slot[384..390].copy_from_slice(&[&[0, 4], &ip.octets()[..]].concat());
    slot[450..452].copy_from_slice(&address.port().to_be_bytes());
    slot
}
