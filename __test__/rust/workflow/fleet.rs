//! Tests `fleet` against good and bad clouds: nothing is sent before the whole list is checked, nothing is called done
//! without the cloud's answer, and the same command continues an interrupted run.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use duo_provision::error::{Code, Error};
use duo_provision::fleet::ledger;
use duo_provision::fleet::report::Outcome;
use duo_provision::keys::{PARTICLE_SERVER_KEY_PEM, PrivateKey, PublicKey};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    BackupOptions, CloudOptions, Event, FleetAnswer, FleetCounts, FleetManifestOptions,
    FleetProvisionOptions, FleetProvisioned, FleetReportOptions, FleetTerms, FleetVerifyOptions,
    ProvisionOptions, ResetOptions, ServerOptions, StatusOptions, fleet_manifest, fleet_report, provision,
    provision_fleet, status, verify_fleet,
};

use crate::common::canary::Canaries;
use crate::common::sample;
use crate::dfuse::suffix::with_suffix;
use crate::virtual_duo::device_keys;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, cloud_at, id, key, writing_to};

const TOKEN: &str = "ghjkmnpqghjkmnpqghjkmnpqghjkmnpqghjkmnpq";

/// What a cloud does with the `nth` request for this device.
type Manner = dyn Fn(&str, usize) -> Does + Send + Sync;

enum Does {
    Takes,
    Says(u16, &'static str, &'static str),
    /// Takes the key, but the reply breaks off.
    Cuts,
    /// Takes the key after a while: this is just latency.
    Waits(Duration),
}

/// A cloud, and the requests that it got, in order.
struct Cloud {
    url: String,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Cloud {
    fn new(manner: impl Fn(&str, usize) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<(String, Instant)>>>::default();
        let (log, manner): (_, Arc<Manner>) = (Arc::clone(&asked), Arc::new(manner));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, manner) = (Arc::clone(&log), Arc::clone(&manner));
                std::thread::spawn(move || serve(stream, &log, &*manner));
            }
        });
        Self { url, asked }
    }

    fn kind() -> Self {
        Self::new(|_, _| Does::Takes)
    }

    /// How often each device was sent.
    fn times(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for (id, _) in &*self.asked.lock().unwrap() {
            *times.entry(id.clone()).or_default() += 1;
        }
        times
    }

    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<(String, Instant)>>, manner: &Manner) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        bytes.extend(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let head = text.split("\r\n\r\n").next().unwrap().len() + 4;
        let length = text
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
        if read == 0 || (text.contains("\r\n\r\n") && bytes.len() >= head + length) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let id = text.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned();
    let nth = {
        let mut log = log.lock().unwrap();
        log.push((id.clone(), Instant::now()));
        log.iter().filter(|(other, _)| *other == id).count()
    };
    let reply = |status: u16, fields: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\n{fields}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let yes = reply(200, "", &format!("{{\"id\":\"{id}\"}}"));
    let reply = match manner(&id, nth) {
        Does::Takes => yes,
        Does::Says(status, fields, body) => reply(status, fields, body),
        Does::Cuts => yes[..yes.len() - 5].to_owned(),
        Does::Waits(time) => {
            std::thread::sleep(time);
            yes
        }
    };
    let _ = stream.write_all(reply.as_bytes());
}

fn listed(number: usize) -> String {
    format!("30001a00{number:016x}")
}

/// A list of this many devices, each with its own public key, in the test's folder.
fn list(bench: &Bench, count: usize) -> PathBuf {
    let mut text = "device_id,key_file,serial\n".to_owned();
    for number in 0..count {
        let name = format!("k{number}.pem");
        bench.file(&name, public(number).to_pem().as_bytes());
        writeln!(text, "{},{name},S{number}", listed(number)).unwrap();
    }
    bench.file("devices.csv", text.as_bytes())
}

/// Any odd number of the right size is accepted as a modulus.
fn public(number: usize) -> PublicKey {
    let mut spki = device_keys()[0].spki.to_vec();
    let marked = (number as u64 + 1).to_be_bytes();
    spki[40..48].copy_from_slice(&marked);
    PublicKey::read(&spki).unwrap()
}

fn quick() -> FleetTerms {
    FleetTerms { rate: Some("none".to_owned()), timeout: Some(20), ..FleetTerms::default() }
}

fn usual(list: &Path, cloud: &Cloud) -> FleetProvisionOptions {
    FleetProvisionOptions {
        manifest: list.to_str().unwrap().to_owned(),
        terms: quick(),
        cloud: cloud_at(&cloud.url, TOKEN),
        ..FleetProvisionOptions::default()
    }
}

fn run(bench: &Bench, options: &FleetProvisionOptions) -> Result<FleetProvisioned, Error> {
    bench.run(&Asker::new(), |context| provision_fleet(context, options))
}

fn counts(total: u32) -> FleetCounts {
    FleetCounts { total, ..FleetCounts::default() }
}

#[test]
fn every_key_is_sent_once_and_the_same_command_then_sends_nothing() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let list = list(&bench, 60);
    let options = usual(&list, &cloud);
    let first = run(&bench, &options).unwrap();
    assert_eq!(first.counts, FleetCounts { done: 60, ..counts(60) });
    assert!(first.stopped_by.is_none() && first.next.is_none());
    assert_eq!(first.ledger.as_deref(), Some(&*bench.folder.path().join("devices.provision.jsonl")));
    let again = run(&bench, &options).unwrap();
    assert_eq!(again.counts, FleetCounts { already_done: 60, ..counts(60) });
    assert!(cloud.times().values().all(|times| *times == 1));
    // Rows are matched by content, not by line: here they are reversed, with one more at the start.
    let text = fs::read_to_string(&list).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    bench.file("new.pem", public(900).to_pem().as_bytes());
    let new = format!("{},new.pem,S", listed(900));
    lines.insert(1, &new);
    fs::write(&list, lines.join("\n")).unwrap();
    let third = run(&bench, &options).unwrap();
    assert_eq!(third.counts, FleetCounts { done: 1, already_done: 60, ..counts(61) });
    // Another key, another product or another cloud is a new request.
    bench.file("k3.pem", public(901).to_pem().as_bytes());
    assert_eq!(run(&bench, &options).unwrap().counts.done, 1);
    let product = FleetProvisionOptions { product_id: Some(89), ..options.clone() };
    assert_eq!(run(&bench, &product).unwrap().counts.done, 61);
    let other = Cloud::kind();
    assert_eq!(run(&bench, &usual(&list, &other)).unwrap().counts.done, 61);
    let mode = fs::metadata(first.ledger.unwrap()).unwrap().permissions();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn going_back_to_an_earlier_key_sends_it_again() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let options = usual(&list(&bench, 1), &cloud);
    for number in [0, 7, 0] {
        bench.file("k0.pem", public(number).to_pem().as_bytes());
        assert_eq!(run(&bench, &options).unwrap().counts.done, 1, "the cloud has another key by now");
    }
}

#[test]
fn nothing_is_sent_before_all_of_the_list_was_looked_at() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 30);
    let good = fs::read_to_string(&path).unwrap();
    let row = |id: &str, file: &str| format!("{good}{id},{file},S\n");
    bench.file("private.der", &key(OLD)[..600]);
    for (text, words) in [
        (row("3.0001E+23", "k1.pem"), "spreadsheet"),
        (row(&listed(3), "k1.pem"), "is in line 5, too"),
        (row(&listed(99), "k1.pem"), "clone"),
        (row(&listed(99), "none.pem"), "does not exist"),
        (row(&listed(99), "private.der"), "line 32"),
        (row(&listed(99), "."), "is a folder"),
        (row(&listed(99), ""), "--allow-generic"),
        (row(&listed(99), "devices.csv"), "line 32"),
        (
            good.replace("serial", "fingerprint").replace("S7\n", &format!("{}\n", "a".repeat(64))),
            "fingerprint",
        ),
    ] {
        fs::write(&path, &text).unwrap();
        let error = run(&bench, &usual(&path, &cloud)).unwrap_err();
        assert_eq!(error.code(), Code::FleetManifestInvalid, "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_eq!(cloud.requests(), 0);
        assert!(!bench.folder.path().join("devices.provision.jsonl").exists(), "nothing is left behind");
    }
    // With `--skip-invalid`, wrong rows are left out, and both rows of a contradiction.
    fs::write(&path, row(&listed(3), "none.pem") + &format!("{},k8.pem,S\n", listed(98))).unwrap();
    let left =
        FleetProvisionOptions { terms: FleetTerms { skip_invalid: true, ..quick() }, ..usual(&path, &cloud) };
    let done = run(&bench, &left).unwrap();
    assert_eq!(done.counts, FleetCounts { done: 28, left_out: 4, ..counts(32) });
    let dry = FleetProvisionOptions { dry_run: true, ..left };
    assert_eq!(run(&bench, &dry).unwrap().counts.already_done, 28);
}

#[test]
fn a_dry_run_sends_nothing_and_writes_nothing() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 5);
    let done = run(&bench, &FleetProvisionOptions { dry_run: true, ..usual(&path, &cloud) }).unwrap();
    assert_eq!(
        (done.counts, done.run, done.ledger),
        (FleetCounts { not_reached: 5, ..counts(5) }, None, None)
    );
    assert_eq!(cloud.requests(), 0);
    assert!(!bench.folder.path().join("devices.provision.jsonl").exists());
}

#[test]
fn only_the_public_half_leaves_and_another_devices_backup_is_refused() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let backup = bench.backup(&BackupOptions::default()).unwrap();
    let file = backup.path.to_str().unwrap().to_owned();
    let encrypted = PrivateKey::read(key(NEW)).unwrap().key.to_pkcs8_pem().unwrap();
    bench.file("other.pem", encrypted.as_bytes());
    let path = bench
        .file("l.csv", format!("device_id,key_file\n{},\"{file}\"\n{},other.pem\n", id(1), id(2)).as_bytes());
    assert_eq!(run(&bench, &usual(&path, &cloud)).unwrap().counts.done, 2);
    fs::write(&path, format!("device_id,key_file\n{},\"{file}\"\n", id(9))).unwrap();
    let error = run(&bench, &usual(&path, &cloud)).unwrap_err();
    assert!(error.to_string().contains(&format!("the key of {}", id(1))), "{error}");
}

/// Private and public keys in the forms that people have.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let private = PrivateKey::read(key(OLD)).unwrap().key;
    let pem = private.to_pkcs8_pem().unwrap().as_bytes().to_vec();
    let public = private.public_key();
    let utf_16 = |text: &[u8]| text.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<u8>>();
    let escaped = String::from_utf8(pem.clone()).unwrap().replace('\n', "\\n").into_bytes();
    let mut forms = vec![
        ("slot.der", key(OLD).to_vec()),
        ("device.der", private.to_device_form().to_vec()),
        ("utf-16.pem", utf_16(&pem)),
        ("escaped.pem", escaped),
        ("key.pem", pem),
        ("public.der", public.spki_der().to_vec()),
        ("public-utf-16.pem", utf_16(public.to_pem().as_bytes())),
        ("public.pem", public.to_pem().into_bytes()),
    ];
    let suffixed: Vec<_> = forms.iter().map(|(name, bytes)| (*name, with_suffix(bytes))).collect();
    forms.extend(suffixed);
    forms
}

#[test]
fn a_key_file_that_provision_reads_is_read_in_a_list() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let server_key = Some(bench.file("server.pem", PARTICLE_SERVER_KEY_PEM.as_bytes()));
    for (nth, (name, bytes)) in forms().into_iter().enumerate() {
        let file = bench.file(&format!("{nth}-{name}"), &bytes);
        let row = format!("device_id,key_file\n{},{nth}-{name}\n", listed(nth));
        let path = bench.file("devices.csv", row.as_bytes());
        let typed = Some(file.to_str().unwrap().to_owned());
        let one = ProvisionOptions {
            device_id: listed(nth),
            key_file: typed,
            cloud: cloud_at(&cloud.url, TOKEN),
            ..ProvisionOptions::default()
        };
        bench.run(&Asker::new(), |context| provision(context, &one)).unwrap();
        let done = run(&bench, &usual(&path, &cloud)).unwrap_or_else(|error| panic!("{nth}-{name}: {error}"));
        assert_eq!(done.counts, FleetCounts { done: 1, ..counts(1) }, "{nth}-{name}");
        let handshake = FleetVerifyOptions {
            manifest: path.to_str().unwrap().to_owned(),
            handshake: true,
            server: ServerOptions {
                key_file: server_key.clone(),
                host: Some("127.0.0.1".to_owned()),
                port: Some(nobody()),
            },
            ..FleetVerifyOptions::default()
        };
        let asker = Asker::new();
        bench.run(&asker, |context| verify_fleet(context, &handshake)).unwrap();
        let expected = if name.contains("public") { "KeyIsPublic" } else { "CloudUnreachable" };
        assert!(asker.told().contains(expected), "{nth}-{name}: {}", asker.told());
    }
}

#[test]
fn a_suffix_behind_a_backup_does_not_separate_it_from_its_manifest() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let backup = bench.backup(&BackupOptions::default()).unwrap();
    let manifest = bench.file("copy.json", &fs::read(backup.manifest.unwrap()).unwrap());
    assert!(manifest.exists());
    bench.file("copy.der", &with_suffix(&fs::read(&backup.path).unwrap()));
    let path = bench.file("l.csv", format!("device_id,key_file\n{},copy.der\n", id(9)).as_bytes());
    let error = run(&bench, &usual(&path, &cloud)).unwrap_err();
    assert!(error.to_string().contains(&format!("the key of {}", id(1))), "{error}");
    // An error names what the file is instead of a key, as for a single file.
    let path = bench.file("l.csv", format!("device_id,key_file\n{},copy.json\n", id(1)).as_bytes());
    let error = run(&bench, &usual(&path, &cloud)).unwrap_err();
    assert!(error.to_string().contains("it is the manifest of the file"), "{error}");
}

/// A port that nobody listens on.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_cloud_that_means_no_good_is_not_believed() {
    let bench = Bench::new(Generation::R6);
    let number = |id: &str| usize::from_str_radix(&id[8..], 16).unwrap();
    let cloud = Cloud::new(move |id, nth| match (number(id) % 10, nth) {
        (1, _) => Does::Says(403, "", "{\"error\":\"Permission Denied\"}"),
        (2, _) => Does::Cuts,
        (3, 1) => Does::Says(500, "", ""),
        (4, _) => Does::Says(200, "content-type: text/html\r\n", "<html>log in</html>"),
        (5, 1) => Does::Says(429, "retry-after: 0\r\n", "{\"error\":\"slow down\"}"),
        (6, _) => Does::Waits(Duration::from_millis(30)),
        (7, _) => Does::Says(500, "", "{\"error\":\"down\"}"),
        _ => Does::Takes,
    });
    let path = list(&bench, 40);
    let options = FleetProvisionOptions {
        terms: FleetTerms { max_failures: Some(1000), concurrency: Some(32), ..quick() },
        ..usual(&path, &cloud)
    };
    let done = run(&bench, &options).unwrap();
    assert_eq!(done.counts, FleetCounts { done: 24, failed: 4, unknown: 12, ..counts(40) });
    assert!(done.stopped_by.is_none(), "refusals and single failures stop nothing");
    let known = ledger::read(&done.ledger.clone().unwrap()).unwrap();
    for nth in 0..40 {
        let last = known.last(listed(nth).parse().unwrap(), &done.api_url).unwrap();
        let expected = match nth % 10 {
            1 => Outcome::Failed,
            2 | 4 | 7 => Outcome::Unknown,
            _ => Outcome::Done,
        };
        assert_eq!(Outcome::of(last.state), expected, "{nth}");
    }
    let times = cloud.times();
    for nth in 0..40 {
        let expected = match nth % 10 {
            2 | 3 | 4 | 5 | 7 => 2,
            _ => 1,
        };
        assert_eq!(times[&listed(nth)], expected, "{nth}: what was the cloud's fault comes once more");
    }
    let text = fs::read_to_string(done.ledger.unwrap()).unwrap();
    assert!(!text.contains(TOKEN) && !format!("{text:?}").contains("PRIVATE"));
}

/// No message, ledger or report contains a piece of the token.
fn assert_silent(bench: &Bench, done: &FleetProvisioned, told: &str) {
    let mut canaries = Canaries::default();
    canaries.add("the token", TOKEN.as_bytes());
    let ledger = done.ledger.clone().unwrap();
    let mut texts = vec![told.to_owned(), format!("{done:?}"), fs::read_to_string(&ledger).unwrap()];
    for format in ["text", "csv", "jsonl", "manifest"] {
        let options = FleetReportOptions {
            ledgers: vec![ledger.clone()],
            format: Some(format.to_owned()),
            ..FleetReportOptions::default()
        };
        let report = bench.run(&Asker::new(), |context| fleet_report(context, &options)).unwrap();
        texts.push(report.report.unwrap());
    }
    for text in texts {
        assert_eq!(canaries.find(text.as_bytes()), None);
    }
}

/// Each of these is tested alone above; here all come together, with 32 requests waiting for answers.
#[test]
fn a_cloud_far_away_that_asks_for_patience_refuses_some_and_cuts_replies_is_told_each_key() {
    const LATENCY: Duration = Duration::from_millis(150);
    let bench = Bench::new(Generation::R6);
    let number = |id: &str| usize::from_str_radix(&id[8..], 16).unwrap();
    let rows = if sample::is_all() { 400 } else { 40 };
    // A cut reply also makes all requests wait, so it is held back until the cloud has asked for a pause.
    let patient = Arc::new((Mutex::new(false), Condvar::new()));
    let wish = Arc::clone(&patient);
    let cloud = Cloud::new(move |id, nth| {
        let does = match (number(id) % 20, nth) {
            (1, _) => Does::Says(403, "", "{\"error\":\"Permission Denied\"}"),
            (2, 1) | (3, _) => {
                let (told, news) = &*wish;
                drop(news.wait_while(told.lock().unwrap(), |told| !*told).unwrap());
                Does::Cuts
            }
            (4, 1) if number(id) < 40 => Does::Says(429, "retry-after: 1\r\n", "{}"),
            _ => return Does::Waits(LATENCY),
        };
        std::thread::sleep(LATENCY);
        does
    });
    let options = FleetProvisionOptions {
        terms: FleetTerms { concurrency: Some(32), max_failures: Some(1000), ..quick() },
        ..usual(&list(&bench, rows), &cloud)
    };
    let asker = Asker::listening(move |event, _| {
        if matches!(event, Event::FleetPaused { reason, .. } if reason.contains("the cloud asks for fewer requests (429)"))
        {
            *patient.0.lock().unwrap() = true;
            patient.1.notify_all();
        }
    });
    let done = bench.run(&asker, |context| provision_fleet(context, &options)).unwrap();
    let each = u32::try_from(rows / 20).unwrap();
    let total = each * 20;
    assert_eq!(done.counts, FleetCounts { done: each * 18, failed: each, unknown: each, ..counts(total) });
    assert!(done.stopped_by.is_none() && asker.told().contains("the cloud asks for fewer requests (429)"));
    let times = cloud.times();
    for (nth, times) in (0..rows).map(|nth| (nth, times[&listed(nth)])) {
        let expected = match nth % 20 {
            2 | 3 => 2,
            4 if nth < 40 => 2,
            _ => 1,
        };
        assert_eq!(times, expected, "{nth}: none is sent again but what got lost or was put off");
    }
    assert_silent(&bench, &done, &asker.told());
    // The same command sends again only what is unknown and what was refused.
    let before = cloud.requests();
    let again = run(&bench, &options).unwrap();
    assert_eq!(
        again.counts,
        FleetCounts { already_done: each * 18, failed: each, unknown: each, ..counts(total) }
    );
    assert_eq!(cloud.requests() - before, (each + 2 * each) as usize);
}

#[test]
fn a_refusal_after_an_answer_that_got_lost_is_no_proof_that_it_was_not_taken() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|_, nth| match nth {
        1 | 2 => Does::Cuts,
        _ => Does::Says(403, "", "{\"error\":\"Permission Denied\"}"),
    });
    let options = usual(&list(&bench, 1), &cloud);
    assert_eq!(run(&bench, &options).unwrap().counts.unknown, 1);
    let refused = run(&bench, &options).unwrap();
    assert_eq!(refused.counts, FleetCounts { unknown: 1, ..counts(1) });
}

#[test]
fn when_the_cloud_asks_for_fewer_all_wait() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|id, nth| {
        let first = id == listed(0) && nth == 1;
        if first {
            Does::Says(429, "retry-after: 1\r\n", "{}")
        } else {
            Does::Waits(Duration::from_millis(5))
        }
    });
    let options = FleetProvisionOptions {
        terms: FleetTerms { concurrency: Some(4), ..quick() },
        ..usual(&list(&bench, 24), &cloud)
    };
    let asker = Asker::new();
    let done = bench.run(&asker, |context| provision_fleet(context, &options)).unwrap();
    assert_eq!(done.counts.done, 24);
    assert!(asker.told().contains("FleetPaused"));
    // The pause is one second. Requests that were under way when the cloud asked for it come before.
    let times: Vec<Instant> = cloud.asked.lock().unwrap().iter().map(|(_, at)| *at).collect();
    let longest = times.windows(2).map(|pair| pair[1].duration_since(pair[0])).max().unwrap();
    assert!(
        longest >= Duration::from_millis(900),
        "all wait while the cloud has asked for a pause: {longest:?}"
    );
}

#[test]
fn a_token_that_is_refused_stops_at_once_and_so_do_many_failures_in_a_row() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|_, _| Does::Says(401, "", "{\"error\":\"invalid_token\"}"));
    let path = list(&bench, 100);
    let stopped = run(&bench, &usual(&path, &cloud)).unwrap();
    assert_eq!(stopped.stopped_by.unwrap().code(), Code::CloudTokenInvalid);
    assert!(cloud.requests() <= 8 && stopped.counts.not_reached >= 92, "{:?}", stopped.counts);
    let gone = Cloud { url: format!("http://127.0.0.1:{}", nobody()), asked: Arc::default() };
    let options = FleetProvisionOptions {
        terms: FleetTerms { max_failures: Some(5), concurrency: Some(4), ..quick() },
        ..usual(&path, &gone)
    };
    let stopped = run(&bench, &options).unwrap();
    let error = stopped.stopped_by.unwrap();
    assert_eq!((error.code(), error.code().exit_code()), (Code::CloudUnreachable, 8));
    assert!(error.to_string().contains("5 failures in a row"), "{error}");
    assert_eq!(
        stopped.counts.failed + stopped.counts.not_reached,
        100,
        "nothing was sent: {:?}",
        stopped.counts
    );
    let again = run(&bench, &usual(&path, &Cloud::kind())).unwrap();
    assert_eq!(again.counts.done, 100);
}

#[test]
fn a_token_that_is_refused_is_said_as_for_one_device_whatever_the_length_of_the_list() {
    for (body, code) in [
        ("{\"error\":\"invalid_token\"}", Code::CloudTokenInvalid),
        ("{\"error\":\"expired_token\"}", Code::CloudTokenExpired),
    ] {
        let bench = Bench::new(Generation::R6);
        let cloud = Cloud::new(move |_, _| Does::Says(401, "", body));
        let one = ProvisionOptions {
            device_id: listed(0),
            cloud: cloud_at(&cloud.url, TOKEN),
            ..ProvisionOptions::default()
        };
        let expected = bench.run(&Asker::new(), |context| provision(context, &one)).unwrap_err();
        for rows in [1, 40] {
            let path = list(&bench, rows);
            let sent = run(&bench, &usual(&path, &cloud)).unwrap();
            let asking = FleetVerifyOptions {
                manifest: path.to_str().unwrap().to_owned(),
                rate: Some("none".to_owned()),
                cloud: cloud_at(&cloud.url, TOKEN),
                ..FleetVerifyOptions::default()
            };
            let asked = bench.run(&Asker::new(), |context| verify_fleet(context, &asking)).unwrap();
            for (stopped, failed, not_reached) in [
                (sent.stopped_by, sent.counts.failed, sent.counts.not_reached),
                (asked.stopped_by, asked.counts.failed, asked.counts.not_reached),
            ] {
                let stopped = stopped.unwrap();
                assert_eq!((stopped.code(), stopped.message()), (code, expected.message()));
                assert_eq!(stopped.hint_text(), expected.hint_text());
                assert_eq!((failed + not_reached) as usize, rows);
                assert!((1..=8).contains(&failed), "{failed} were sent, the rest were not reached");
            }
        }
    }
}

#[test]
fn a_key_file_that_changes_before_its_turn_fails_its_row() {
    let bench = Bench::new(Generation::R6);
    let folder = bench.folder.path().to_owned();
    let cloud = Cloud::new(move |_, _| {
        fs::write(folder.join("k19.pem"), public(999).to_pem()).unwrap();
        Does::Takes
    });
    let options = FleetProvisionOptions {
        terms: FleetTerms { concurrency: Some(1), ..quick() },
        ..usual(&list(&bench, 20), &cloud)
    };
    let asker = Asker::new();
    let done = bench.run(&asker, |context| provision_fleet(context, &options)).unwrap();
    assert_eq!(done.counts, FleetCounts { done: 19, failed: 1, ..counts(20) });
    assert!(asker.told().contains("FleetKeyChanged"));
    assert_eq!(cloud.times().get(&listed(19)), None);
}

#[test]
fn asked_to_stop_it_finishes_what_is_in_flight_and_says_how_to_go_on() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|_, _| Does::Waits(Duration::from_millis(20)));
    let path = list(&bench, 200);
    let asker = Asker::listening(|event, cancel| {
        if matches!(event, Event::Device(_)) {
            cancel.request();
        }
    });
    let stopped = bench.run(&asker, |context| provision_fleet(context, &usual(&path, &cloud))).unwrap();
    assert_eq!(stopped.stopped_by.as_ref().unwrap().code(), Code::Interrupted);
    assert_eq!(stopped.counts.done as usize, cloud.requests(), "what was sent is known");
    assert!(stopped.counts.not_reached > 150);
    let next = stopped.next.unwrap();
    let again = format!("duo-provision fleet provision {}", path.display());
    assert!(next.starts_with(&again) && next.contains("--rate none"), "{next}");
    assert!(!next.contains(TOKEN));
    let rest = run(&bench, &usual(&path, &cloud)).unwrap();
    assert_eq!(rest.counts.done + rest.counts.already_done, 200);
    assert!(cloud.times().values().all(|times| *times == 1));
}

#[test]
fn two_at_once_on_one_ledger_are_refused_and_the_first_goes_on() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|_, _| Does::Waits(Duration::from_millis(20)));
    let path = list(&bench, 40);
    let second = Arc::new(Mutex::new(None));
    let (kept, options) = (Arc::clone(&second), usual(&path, &cloud));
    let other = Bench::new(Generation::R6);
    let asker = Asker::listening(move |event, _| {
        if matches!(event, Event::Device(_)) {
            let mut kept = kept.lock().unwrap();
            kept.get_or_insert_with(|| run(&other, &options).unwrap_err().code());
        }
    });
    let done = bench.run(&asker, |context| provision_fleet(context, &usual(&path, &cloud))).unwrap();
    assert_eq!((done.counts.done, *second.lock().unwrap()), (40, Some(Code::FleetRunning)));
    assert_eq!(cloud.requests(), 40);
}

#[test]
fn what_broke_off_is_unknown_is_sent_again_and_status_names_the_ledger() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 10);
    let options = usual(&path, &cloud);
    let ledger = run(&bench, &options).unwrap().ledger.unwrap();
    // As if the process had been killed after the request for its third device was sent.
    let text = fs::read_to_string(&ledger).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last =
        lines.iter().position(|line| line.contains("\"sending\"") && line.contains(&listed(3))).unwrap();
    let cut: Vec<&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| *at <= last && !(line.contains("done") && line.contains(&listed(3))))
        .map(|(_, line)| *line)
        .collect();
    fs::write(&ledger, cut.join("\n") + "\n{\"record\":\"do").unwrap();
    let report = bench
        .run(&Asker::new(), |context| {
            fleet_report(
                context,
                &FleetReportOptions { ledgers: vec![ledger.clone()], ..FleetReportOptions::default() },
            )
        })
        .unwrap();
    assert!(
        report.counts.unknown >= 1 && report.report.unwrap().contains("broke off"),
        "{:?}",
        report.counts
    );
    let rest = run(&bench, &options).unwrap();
    assert_eq!(rest.counts.done + rest.counts.already_done, 10);
    assert!(rest.counts.already_done < 10);
}

#[test]
fn five_shards_send_all_of_the_list_and_their_report_is_whole() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 50);
    let mut ledgers = Vec::new();
    let mut total = 0;
    for index in 1..=5 {
        let options = FleetProvisionOptions {
            terms: FleetTerms { shard: Some(format!("{index}/5")), ..quick() },
            ..usual(&path, &cloud)
        };
        let done = run(&bench, &options).unwrap();
        assert_eq!(done.counts.done, done.counts.total);
        total += done.counts.total;
        ledgers.push(done.ledger.unwrap());
    }
    assert_eq!((total, cloud.requests()), (50, 50));
    let report = |ledgers: &[PathBuf], format: &str, only: Option<&str>| {
        let options = FleetReportOptions {
            ledgers: ledgers.to_vec(),
            format: Some(format.to_owned()),
            only: only.map(str::to_owned),
            ..FleetReportOptions::default()
        };
        bench.run(&Asker::new(), |context| fleet_report(context, &options)).unwrap()
    };
    let whole = report(&ledgers, "csv", None);
    assert!(whole.complete && whole.counts == FleetCounts { done: 50, ..counts(50) }, "{whole:?}");
    let text = whole.report.unwrap();
    assert_eq!(text.lines().count(), 51);
    assert!(
        text.starts_with("device_id,outcome,fingerprint,product_id,at,code,message,serial\n")
            && text.contains(",S49\n")
    );
    let missing = report(&[&ledgers[..3], &ledgers[4..]].concat(), "manifest", Some("not-reached"));
    assert!(!missing.complete && missing.problems[0].starts_with("shard 4 of 5 is missing: "), "{missing:?}");
    // The report is a list for the next round: with it, the missing devices are done.
    let next = bench.file("next.csv", missing.report.unwrap().as_bytes());
    let rest = run(&bench, &usual(&next, &cloud)).unwrap();
    assert_eq!(rest.counts.done, missing.counts.not_reached);
}

#[test]
fn what_fell_out_of_the_list_is_reported() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 5);
    let ledger = run(&bench, &usual(&path, &cloud)).unwrap().ledger.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.lines().take(4).collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(run(&bench, &usual(&path, &cloud)).unwrap().dropped, 2);
    let options = FleetReportOptions { ledgers: vec![ledger], ..FleetReportOptions::default() };
    let report = bench.run(&Asker::new(), |context| fleet_report(context, &options)).unwrap();
    assert_eq!(report.dropped, 2);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 1);
    let usual = || usual(&path, &cloud);
    for options in [
        FleetProvisionOptions { terms: FleetTerms { rate: Some("fast".to_owned()), ..quick() }, ..usual() },
        FleetProvisionOptions { terms: FleetTerms { concurrency: Some(0), ..quick() }, ..usual() },
        FleetProvisionOptions { terms: FleetTerms { concurrency: Some(65), ..quick() }, ..usual() },
        FleetProvisionOptions { terms: FleetTerms { shard: Some("6/5".to_owned()), ..quick() }, ..usual() },
        FleetProvisionOptions { terms: FleetTerms { max_failures: Some(0), ..quick() }, ..usual() },
        FleetProvisionOptions { product_id: Some(0), ..usual() },
        FleetProvisionOptions {
            cloud: CloudOptions { token_file: Some("-".to_owned()), ..usual().cloud },
            manifest: "-".to_owned(),
            ..usual()
        },
    ] {
        let error = run(&bench, &options).unwrap_err();
        assert_eq!((error.code(), error.hint_text().is_some()), (Code::InvalidArgument, true), "{error}");
    }
    let none = FleetProvisionOptions { manifest: "none.csv".to_owned(), ..usual() };
    assert_eq!(run(&bench, &none).unwrap_err().code(), Code::FileNotFound);
    let nowhere = FleetProvisionOptions { ledger: Some("/none/l.jsonl".into()), ..usual() };
    assert_eq!(run(&bench, &nowhere).unwrap_err().code(), Code::FileNotFound);
    let other = FleetProvisionOptions { ledger: Some(path.clone()), ..usual() };
    assert_eq!(run(&bench, &other).unwrap_err().code(), Code::LedgerInvalid);
    assert_eq!(cloud.requests(), 0);
}

#[test]
fn of_an_archive_the_newest_key_of_each_device_is_listed_and_nothing_is_guessed() {
    let bench = Bench::with(crate::workflow::bench::two(Generation::R6));
    let archive = || Some(bench.archive());
    let made = |bench: &Bench| {
        let options = FleetManifestOptions { archive: archive(), ids: None };
        bench.run(&Asker::new(), |context| fleet_manifest(context, &options)).unwrap()
    };
    for nth in [1, 2] {
        let target = duo_provision::workflow::Target::parse(Some(&id(nth)), None).unwrap();
        bench.backup(&BackupOptions { target, ..BackupOptions::default() }).unwrap();
    }
    let list = made(&bench);
    assert_eq!((list.devices, list.problems), (2, 0), "{}", list.manifest);
    let cloud = Cloud::kind();
    let path = bench.file("list.csv", list.manifest.as_bytes());
    assert_eq!(run(&bench, &usual(&path, &cloud)).unwrap().counts.done, 2);
    // After a reset, nobody has read the Duo's key yet.
    let target = duo_provision::workflow::Target::parse(Some(&id(1)), None).unwrap();
    bench.reset(&ResetOptions { write: writing_to(target), ..ResetOptions::default() }).unwrap();
    let list = made(&bench);
    assert_eq!((list.devices, list.problems), (2, 1), "{}", list.manifest);
    assert!(list.manifest.contains("reset after its last backup"));
    fs::write(&path, &list.manifest).unwrap();
    let rest = run(&bench, &usual(&path, &cloud)).unwrap();
    assert_eq!(rest.counts, FleetCounts { already_done: 1, left_out: 1, ..counts(2) });
}

#[test]
fn ids_make_a_list_without_keys() {
    let bench = Bench::new(Generation::R6);
    let of = |text: &str| {
        let ids = Some(bench.file("ids.txt", text.as_bytes()));
        let options = FleetManifestOptions { ids, archive: None };
        bench.run(&Asker::new(), |context| fleet_manifest(context, &options))
    };
    let list = of(&format!("\u{feff}{}\r\n\n{}\n", id(2).to_uppercase(), id(1))).unwrap();
    assert_eq!(
        list.manifest,
        format!("device_id,key_file,fingerprint,note,problem\n{},,,,\n{},,,,\n", id(1), id(2))
    );
    for text in [format!("{}\n{}\n", id(1), id(1)), "3.0001E+23\n".to_owned()] {
        assert_eq!(of(&text).unwrap_err().code(), Code::FleetManifestInvalid);
    }
}

#[test]
fn what_a_cloud_does_not_tell_is_no_failure_of_the_device() {
    let bench = Bench::new(Generation::R6);
    let cloud = Cloud::new(|id, _| match &id[23..] {
        "0" => Does::Says(404, "", "{\"error\":\"Not Found\"}"),
        "1" => Does::Says(500, "", "{\"error\":\"down\"}"),
        _ => Does::Takes,
    });
    let path = list(&bench, 5);
    let options = FleetVerifyOptions {
        manifest: path.to_str().unwrap().to_owned(),
        rate: Some("none".to_owned()),
        cloud: cloud_at(&cloud.url, TOKEN),
        ..FleetVerifyOptions::default()
    };
    let asker = Asker::new();
    let verified = bench.run(&asker, |context| verify_fleet(context, &options)).unwrap();
    let counts = verified.counts;
    assert_eq!((counts.total, counts.known, counts.not_told, counts.failed), (5, 3, 1, 1));
    assert!(asker.told().contains(&format!("{:?}", FleetAnswer::NotTold)));
    assert!(!bench.folder.path().join("devices.provision.jsonl").exists());
}

/// `status` lists an unfinished run after its process was killed.
#[test]
fn a_run_that_was_cut_short_is_in_the_journal_until_its_ledger_is_taken_up() {
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let path = list(&bench, 3);
    let options = usual(&path, &cloud);
    let asker = Asker::listening(|event, _| {
        assert!(!matches!(event, Event::Device(_)), "as if it had been killed");
    });
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bench.run(&asker, |context| provision_fleet(context, &options))
    }));
    assert!(killed.is_err());
    let open =
        || bench.run(&Asker::new(), |context| status(context, &StatusOptions::default())).unwrap().in_flight;
    let in_flight = open();
    assert_eq!(in_flight.len(), 1);
    assert!(in_flight[0].ledger.as_deref().unwrap().ends_with("devices.provision.jsonl"));
    assert!(
        in_flight[0].next[0].command.starts_with("duo-provision fleet provision "),
        "{:?}",
        in_flight[0].next
    );
    run(&bench, &options).unwrap();
    assert!(open().is_empty());
}

#[test]
fn a_list_of_thousands_is_done_whole() {
    let rows = if sample::is_all() { 2000 } else { 300 };
    let (bench, cloud) = (Bench::new(Generation::R6), Cloud::kind());
    let done = run(&bench, &usual(&list(&bench, rows), &cloud)).unwrap();
    assert_eq!(done.counts.done as usize, rows);
}
