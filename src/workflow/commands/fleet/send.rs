//! Sends the keys of a list. The ledger records each key before it is sent, and each outcome before it is reported.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use super::counts::FleetCounts;
use super::crowd::{Crowd, Work, the_same};
use crate::cloud::failure::CloudError;
use crate::cloud::reply::Refusal;
use crate::error::{Code, Error, exit};
use crate::fleet::check::Wish;
use crate::fleet::ledger::{LedgerError, Record, RowRecord, Trouble, Writer};
use crate::fleet::report::Outcome;
use crate::journal::may_be_taken;
use crate::keys::PublicKey;
use crate::workflow::context::{Event, FleetDevice};
use crate::workflow::input::listed_key::listed_key;
use crate::workflow::network::api::{Cloud, Message, since_1970};

/// The maximum length of a message in the ledger, in characters.
const MAX_MESSAGE: usize = 400;

/// Everything that is needed to send.
pub(super) struct Sending {
    pub crowd: Crowd,
    pub cloud: Cloud,
    pub writer: Writer,
    pub wishes: Vec<Wish>,
    /// The folder that key file names are relative to.
    pub folder: PathBuf,
    /// How many failures in a row stop the run.
    pub max_failures: u32,
    /// The outcomes so far.
    pub tally: Mutex<FleetCounts>,
    pub rounds: Rounds,
}

/// How far the two rounds are.
#[derive(Default)]
pub(super) struct Rounds {
    in_a_row: AtomicU32,
    /// The wishes of the second round; `None` in the first round, which sends all.
    second: Mutex<Option<Vec<u32>>>,
    again: Mutex<Vec<u32>>,
    sent: AtomicU32,
}

/// The outcome for one device.
enum End {
    Done,
    Failed(Error),
    Unknown(Error),
}

impl End {
    /// The outcome, and why it is not done.
    const fn parts(&self) -> (Outcome, Option<&Error>) {
        match self {
            Self::Done => (Outcome::Done, None),
            Self::Failed(error) => (Outcome::Failed, Some(error)),
            Self::Unknown(error) => (Outcome::Unknown, Some(error)),
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sending {
    /// Prepares the second round: the devices that failed because of the cloud. True if there are any to send.
    pub fn second_round(&self) -> bool {
        let again = std::mem::take(&mut *held(&self.rounds.again));
        let some = !again.is_empty() && !self.crowd.ends();
        *held(&self.rounds.second) = Some(again);
        self.rounds.in_a_row.store(0, Ordering::SeqCst);
        some
    }

    /// How many devices have which outcome.
    pub fn counts(&self) -> FleetCounts {
        *held(&self.tally)
    }

    /// Sends one key, and records it in the ledger. `None` if it was not begun.
    async fn send(
        self: &Arc<Self>,
        wish: &Wish,
        before: Option<Outcome>,
    ) -> Result<Option<End>, LedgerError> {
        let in_doubt = wish.in_doubt || before == Some(Outcome::Unknown);
        // A failure now does not show that the cloud did not take the key before.
        let judged = |end| match end {
            End::Failed(error) if in_doubt => End::Unknown(error),
            end => end,
        };
        let key = match self.key(wish).await {
            Ok(key) => key,
            Err(error) => {
                let end = judged(End::Failed(error));
                self.write(wish, &end).await?;
                return Ok(Some(end));
            }
        };
        if !self.crowd.turn().await {
            return Ok(None);
        }
        self.append(Record::Sending(record(wish, None))).await?;
        let end = judged(self.tried(wish, &key).await);
        if let Err(error) = self.write(wish, &end).await {
            // The ledger says only that it is being sent: report no more than that.
            self.crowd.stop(error.into());
            let lost = "what came of it cannot be written down";
            return Ok(Some(End::Unknown(Error::new(Code::LedgerUnwritable, lost))));
        }
        Ok(Some(end))
    }

    /// The key itself. It has to be the key that was checked.
    async fn key(&self, wish: &Wish) -> Result<PublicKey, Error> {
        let Some(name) = &wish.key_file else { return Ok(PublicKey::generic()) };
        let (path, device, wanted) = (self.folder.join(&**name), wish.device, wish.key);
        let read = tokio::task::spawn_blocking(move || {
            let changed =
                |why: String| Error::new(Code::FleetKeyChanged, format!("{why}; the key was not sent"));
            match listed_key(&path, device) {
                Ok((key, _)) if key.fingerprint() == wanted => Ok(key),
                Ok((key, _)) => Err(changed(format!(
                    "{} has changed since the list was checked: its key is {} now, and was {}",
                    crate::disk::plain_path(&path),
                    key.fingerprint().short(),
                    wanted.short()
                ))),
                Err(error) => Err(changed(format!("since the list was checked: {}", error.message()))),
            }
        });
        read.await.unwrap_or_else(|defect| Err(Error::internal(defect)))
    }

    /// Tries until the cloud replies something other than "fewer requests".
    async fn tried(&self, wish: &Wish, key: &PublicKey) -> End {
        let generic = wish.key_file.is_none();
        let now = since_1970(SystemTime::now());
        let message = match Message::at(now, wish.device, key, wish.product_id, generic) {
            Ok(message) => message,
            Err(error) => return End::Failed(error),
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let began = self.crowd.now();
            let error = match self.cloud.try_to_send(&message).await {
                Ok(()) => {
                    self.went_well();
                    return End::Done;
                }
                Err(error) => error,
            };
            if !self.crowd.tries_again(&error, began, attempt).await {
                return self.ended(error, began);
            }
        }
    }

    fn went_well(&self) {
        self.rounds.in_a_row.store(0, Ordering::SeqCst);
        self.crowd.pace().went_well();
    }

    /// What an error means for this device, and for the whole run.
    fn ended(&self, error: CloudError, began: Duration) -> End {
        let limited = matches!(error, CloudError::Refused(Refusal::RateLimited(_)));
        let error = Error::from(error);
        let code = error.code();
        if code.exit_code() == exit::REFUSED {
            self.went_well();
        } else {
            if !limited {
                let held = self.crowd.pace().in_trouble(self.crowd.now(), began);
                self.crowd.tell_of_pause(&error, held);
            }
            if self.rounds.in_a_row.fetch_add(1, Ordering::SeqCst) + 1 >= self.max_failures {
                let message = format!("{} failures in a row: {}", self.max_failures, error.message());
                self.crowd.stop(Error::new(code, message).hint(STOPPED_HINT));
            }
        }
        if matches!(code, Code::CloudTokenInvalid | Code::CloudTokenExpired) {
            self.crowd.stop(the_same(&error).during("sending the public key"));
        }
        if may_be_taken(code.name()) { End::Unknown(error) } else { End::Failed(error) }
    }

    async fn write(&self, wish: &Wish, end: &End) -> Result<(), LedgerError> {
        let trouble = end.parts().1.map(|error| Trouble {
            code: error.code().name().to_owned(),
            message: crate::disk::plain(error.message()).chars().take(MAX_MESSAGE).collect(),
        });
        let recorded = match end {
            End::Done => Record::Done,
            End::Failed(_) => Record::Failed,
            End::Unknown(_) => Record::Unknown,
        };
        self.append(recorded(record(wish, trouble))).await
    }

    /// Returns when the record is on the disk.
    async fn append(&self, record: Record) -> Result<(), LedgerError> {
        let (told, written) = oneshot::channel();
        self.writer.append(&record, Box::new(move |outcome| _ = told.send(outcome)));
        let written = written.await.unwrap_or_else(|_| Err("its writer has ended".to_owned()));
        written.map_err(|what| self.writer.error(&what))
    }

    /// Counts the outcome, and reports it.
    fn told(&self, at: u32, wish: &Wish, before: Option<Outcome>, end: &End) {
        let (outcome, error) = end.parts();
        let mut tally = held(&self.tally);
        *tally.of(before.unwrap_or(Outcome::NotReached)) -= 1;
        *tally.of(outcome) += 1;
        drop(tally);
        if before.is_none() && error.is_some_and(|error| error.code().exit_code() == exit::CLOUD) {
            held(&self.rounds.again).push(at << 1 | u32::from(outcome == Outcome::Unknown));
        }
        self.rounds.sent.fetch_add(1, Ordering::SeqCst);
        self.crowd.tell(Event::Device(FleetDevice {
            line: wish.line,
            device_id: wish.device,
            outcome,
            fingerprint: Some(wish.key),
            code: error.map(Error::code),
            message: error.map(|error| error.message().to_owned()),
        }));
    }
}

/// The hint after too many failures.
const STOPPED_HINT: &str =
    "wait until the cloud and the network are well, then run the same command again: it goes on";

fn record(wish: &Wish, trouble: Option<Trouble>) -> RowRecord {
    let at = time::OffsetDateTime::now_utc();
    let at = at.replace_nanosecond(0).unwrap_or(at);
    RowRecord {
        id: wish.device,
        key: wish.key,
        product: wish.product_id,
        at: at.format(&time::format_description::well_known::Rfc3339).ok(),
        file: wish.stamp,
        trouble,
    }
}

impl Work for Sending {
    fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    fn pieces(&self) -> usize {
        held(&self.rounds.second).as_ref().map_or(self.wishes.len(), Vec::len)
    }

    async fn work(self: Arc<Self>, piece: usize) {
        let (at, before) = match held(&self.rounds.second).as_ref() {
            None => (u32::try_from(piece).unwrap_or(u32::MAX), None),
            Some(round) => match round.get(piece) {
                Some(code) if code & 1 == 1 => (code >> 1, Some(Outcome::Unknown)),
                Some(code) => (code >> 1, Some(Outcome::Failed)),
                None => return,
            },
        };
        let Some(wish) = self.wishes.get(at as usize) else { return };
        match self.send(wish, before).await {
            Ok(None) => {}
            Ok(Some(end)) => self.told(at, wish, before, &end),
            // The ledger cannot be written and nothing was sent: report no outcome.
            Err(error) => self.crowd.stop(error.into()),
        }
    }

    fn progress(&self) -> Event {
        self.crowd.progress(self.counts(), self.rounds.sent.load(Ordering::SeqCst))
    }
}
