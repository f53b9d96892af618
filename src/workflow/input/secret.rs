//! Reads secrets from files and standard input; they are wiped when dropped. Errors here never repeat the file name: a
//! user may type the secret itself instead of a file name.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::archive::read_bounded;
use crate::error::{Code, Error};

/// A kind of secret, in words.
pub struct Kind {
    /// The option that names the file, `--token-file`.
    pub option: &'static str,
    /// What the file holds, `token`.
    pub name: &'static str,
    /// The phase, `reading the token file`.
    pub phase: &'static str,
}

/// Reads the file, or standard input for `-`: at most `limit` bytes.
pub fn read(file: &str, kind: &Kind, limit: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    if file == "-" {
        return read_standard_input(limit);
    }
    read_bounded(Path::new(file), limit as u64).map_err(|error| {
        let code = Error::from(error).code();
        let Kind { option, name, phase } = kind;
        Error::new(code, format!("the file given with {option} does not exist or cannot be read"))
            .during(phase)
            .hint(format!(
                "it takes the name of a file that holds the {name}, not the {name}; - reads standard input"
            ))
    })
}

fn read_standard_input(limit: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    std::io::stdin().lock().take(limit as u64).read_to_end(&mut bytes).map_err(|error| {
        Error::new(Code::FileUnreadable, format!("standard input cannot be read: {error}"))
    })?;
    Ok(bytes)
}
