//! Writes and reads the name of a fault: one word, which gives the same fault when it is read. The grammar is at the
//! [module](super#the-name-of-a-fault).

use std::fmt;
use std::str::FromStr;

use super::{Counting, Fault, Kind, Lie, Moment, Stuck};

/// The longest text in a name, in UTF-16 units: the size of a string descriptor.
const MAX_TEXT: usize = 126;
/// The most bytes of a made-up descriptor.
const MAX_BYTES: usize = 4096;

/// A text that is not the name of a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a fault: {problem}")]
pub struct FaultError {
    name: String,
    problem: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counting = if self.counting == Counting::Class { "dfu" } else { "" };
        write!(f, "{}@{counting}{}{}", self.kind, self.nth, if self.once { "" } else { "+" })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(name: &str) -> Result<Self, FaultError> {
        let wrong = |problem| FaultError { name: printable(name), problem };
        let (kind, at) = name
            .rsplit_once('@')
            .ok_or_else(|| wrong("it looks like stall-before@7 or timeout-after@dfu7+"))?;
        let (at, once) = at.strip_suffix('+').map_or((at, true), |at| (at, false));
        let (at, counting) = at.strip_prefix("dfu").map_or((at, Counting::All), |at| (at, Counting::Class));
        let nth = number(at).ok_or_else(|| wrong("behind the @ stands the number of a transfer"))?;
        Ok(Self { kind: kind.parse().map_err(wrong)?, nth, counting, once })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::In => "in",
            Self::After => "after",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(moment) = self.moment()
            && let Some((word, _)) = INTERRUPTED.iter().find(|(_, kind)| kind(moment) == *self)
        {
            return write!(f, "{word}-{moment}");
        }
        match self {
            Self::ShortRead(bytes) => write!(f, "short-read-{bytes}"),
            Self::ShortBy(bytes) => write!(f, "short-by-{bytes}"),
            Self::ReadFlipped(bit) => write!(f, "read-flipped-{bit}"),
            Self::WriteHalf(bytes) => write!(f, "write-half-{bytes}"),
            Self::PowerCut(bytes) => write!(f, "power-cut-{bytes}"),
            Self::AddressOnceWrong(bit) => write!(f, "address-once-wrong={bit}"),
            Self::AddressStuck(stuck) => write!(f, "address-stuck={stuck}"),
            Self::State(state) => write!(f, "state-{state}"),
            Self::PollTimeout(ms) => write!(f, "poll-timeout-{ms}"),
            Self::TransferSize(size) => write!(f, "transfer-size-{size}"),
            Self::Descriptor { kind, index, lie } => write!(f, "descriptor-{kind}.{index}-{lie}"),
            Self::AltName { alt, text } => write!(f, "alt-name-{alt}={}", encoded(text)),
            Self::Serial(text) => write!(f, "serial={}", encoded(text)),
            plain => f.write_str(PLAIN.iter().find(|(_, kind)| kind == plain).map_or("", |(name, _)| name)),
        }
    }
}

/// A word for a kind that interrupts a transfer at a moment.
type Interruption = (&'static str, fn(Moment) -> Kind);

const INTERRUPTED: [Interruption; 7] = [
    ("stall", Kind::Stall),
    ("timeout", Kind::Timeout),
    ("disconnect", |moment| Kind::Disconnect { moment, returns: true }),
    ("unplug", |moment| Kind::Disconnect { moment, returns: false }),
    ("reenumerate", Kind::Reenumerate),
    ("swap", Kind::Swap),
    ("protocol", Kind::Protocol),
];

/// The kinds that are one word.
const PLAIN: [(&str, Kind); 14] = [
    ("babble", Kind::Babble),
    ("read-zeros", Kind::ReadZeros),
    ("read-ones", Kind::ReadOnes),
    ("read-unstable", Kind::ReadUnstable),
    ("write-fails", Kind::WriteFails),
    ("write-silent", Kind::WriteSilent),
    ("address-silent", Kind::AddressSilent),
    ("busy", Kind::Busy),
    ("twin", Kind::Twin),
    ("denied", Kind::Denied),
    ("taken", Kind::Taken),
    ("leave-stalls", Kind::LeaveStalls),
    ("leave-hangs", Kind::LeaveHangs),
    ("leave-vanishes", Kind::LeaveVanishes),
];

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, &'static str> {
        if let Some((_, kind)) = PLAIN.iter().find(|(plain, _)| *plain == name) {
            return Ok(kind.clone());
        }
        if let Some((key, text)) = name.split_once('=') {
            return with_text(key, text);
        }
        if let Some(descriptor) = name.strip_prefix("descriptor-") {
            return descriptor_of(descriptor);
        }
        let (word, last) = name.rsplit_once('-').ok_or(UNKNOWN)?;
        with_moment(word, last).or_else(|| with_number(word, last)).ok_or(UNKNOWN)
    }
}

const UNKNOWN: &str = "there is no such kind, or its number is out of range";

fn with_moment(word: &str, last: &str) -> Option<Kind> {
    let (_, kind) = INTERRUPTED.iter().find(|(known, _)| *known == word)?;
    let moments = [Moment::Before, Moment::In, Moment::After];
    moments.into_iter().find(|moment| moment.to_string() == last).map(kind)
}

fn with_number(word: &str, last: &str) -> Option<Kind> {
    let bytes = || number::<u16>(last).map(usize::from);
    Some(match word {
        "short-read" => Kind::ShortRead(bytes()?),
        "short-by" => Kind::ShortBy(bytes()?),
        "read-flipped" => Kind::ReadFlipped(number::<u32>(last)?.try_into().ok()?),
        "write-half" => Kind::WriteHalf(bytes()?),
        "power-cut" => Kind::PowerCut(bytes()?),
        "state" => Kind::State(number(last)?),
        "poll-timeout" => Kind::PollTimeout(number(last).filter(|ms| *ms <= 0x00ff_ffff)?),
        "transfer-size" => Kind::TransferSize(number(last)?),
        _ => return None,
    })
}

fn with_text(key: &str, text: &str) -> Result<Kind, &'static str> {
    if key.starts_with("address-") {
        return address_of(key, text).ok_or(
            "an address has a bit from 0 to 31 or, where it is stuck, eight hexadecimal digits behind 0x",
        );
    }
    let text = decoded(text).ok_or("its text is not percent-encoded UTF-8 of at most 126 characters")?;
    match key.strip_prefix("alt-name-") {
        Some(alt) => Ok(Kind::AltName { alt: number(alt).ok_or(UNKNOWN)?, text }),
        None if key == "serial" => Ok(Kind::Serial(text)),
        None => Err(UNKNOWN),
    }
}

fn address_of(key: &str, text: &str) -> Option<Kind> {
    let bit = || number::<u8>(text).filter(|bit| *bit < 32);
    let at = || {
        let address = u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
        (format!("{address:#010x}") == text).then_some(Stuck::At(address))
    };
    match key {
        "address-once-wrong" => bit().map(Kind::AddressOnceWrong),
        "address-stuck" => bit().map(Stuck::Bit).or_else(at).map(Kind::AddressStuck),
        _ => None,
    }
}

fn descriptor_of(text: &str) -> Result<Kind, &'static str> {
    let problem = "a descriptor looks like descriptor-2.0-looping or descriptor-3.7-0203";
    let (which, lie) = text.split_once('-').ok_or(problem)?;
    let (kind, index) = which.split_once('.').ok_or(problem)?;
    let lie = match LIES.iter().find(|(name, _)| *name == lie) {
        Some((_, lie)) => lie.clone(),
        None => Lie::Bytes(unhex(lie).filter(|bytes| !bytes.is_empty()).ok_or(problem)?),
    };
    Ok(Kind::Descriptor { kind: number(kind).ok_or(problem)?, index: number(index).ok_or(problem)?, lie })
}

const LIES: [(&str, Lie); 5] = [
    ("missing", Lie::Missing),
    ("empty", Lie::Empty),
    ("looping", Lie::Looping),
    ("too-long", Lie::TooLong),
    ("too-short", Lie::TooShort),
];

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            named => f.write_str(LIES.iter().find(|(_, lie)| lie == named).map_or("", |(name, _)| name)),
        }
    }
}

/// Reads a number that has only digits and is in its normal form.
fn number<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|value: &T| value.to_string() == text)
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * MAX_BYTES {
        return None;
    }
    digits.chunks(2).map(byte).collect()
}

fn byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// Writes everything except letters, digits and `._/` as `%XX`, so that the name is also one word for a shell.
fn encoded(text: &str) -> String {
    use fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"._/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'%' {
            bytes.push(byte(behind.get(..2)?)?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| text.encode_utf16().count() <= MAX_TEXT)
}

/// The part of a mistyped name that may be shown.
fn printable(name: &str) -> String {
    name.chars().take(80).collect()
}
