//! Reads particle-cli's login, as `particle login` leaves it.
//!
//! `~/.particle/profile.json` names the current profile (none: `particle`); `~/.particle/<name>.config.json`
//! holds its token, the API's URL and the token's expiry, all `null` after a logout (particle-cli `settings.js`).
//! Nothing is written, and another module decides whether the token is used.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::api_url::{ApiUrl, ApiUrlError};
use super::token::{Token, TokenError};
use crate::disk::{FileError, plain_path, read_bounded};

/// The profile that particle-cli uses if no other is named.
pub const DEFAULT_NAME: &str = "particle";

/// The largest file read, in bytes; real ones have a few hundred.
const MAX_FILE: u64 = 64 * 1024;

/// What particle-cli knows of a login.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The file that it was read from.
    pub path: PathBuf,
    /// The token; `None` if nobody is logged in.
    pub token: Option<Token>,
    /// The API that the token is for; `None` means Particle's own. The token goes to no other origin.
    pub api_url: Option<ApiUrl>,
    /// When the token expires, if the file says so in a readable form.
    pub expires_at: Option<OffsetDateTime>,
}

impl Profile {
    /// The API that the token is for.
    pub fn api(&self) -> ApiUrl {
        self.api_url.clone().unwrap_or_default()
    }

    /// True if the file says that the token has expired. The cloud has the last word.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Why a profile cannot be used. Files that do not exist are no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A file exists but cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// This file is not a JSON object.
    #[error("{}: not a JSON object", plain_path(.0))]
    NotJson(PathBuf),
    /// The profile's name would lead out of the folder, or is not a valid name. With the file that has it.
    #[error("{}: the profile's name is not one", plain_path(.0))]
    Name(PathBuf),
    /// The token in the file is not a valid token.
    #[error("{}: {error}", plain_path(.path))]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: TokenError,
    },
    /// A member that must be a string is not one.
    #[error("{}: {member} is not a text", plain_path(.path))]
    NotText {
        /// The file.
        path: PathBuf,
        /// The member.
        member: &'static str,
    },
    /// The API URL in the file is not a valid API URL.
    #[error("{}: {error}", plain_path(.path))]
    ApiUrl {
        /// The file.
        path: PathBuf,
        /// The profile.
        name: String,
        /// The likely URL, if only the scheme is missing.
        meant: Option<String>,
        /// What is wrong with it.
        error: ApiUrlError,
    },
}

/// particle-cli's home folder: the first that exists of `$home`, `$HOME`, `$HOMEPATH` and `$USERPROFILE`.
pub fn home(lookup: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    ["home", "HOME", "HOMEPATH", "USERPROFILE"]
        .into_iter()
        .filter_map(lookup)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .find(|path| path.is_dir())
}

/// Reads the current profile below `home`; `None` if particle-cli has never been logged in.
pub fn read(home: &Path) -> Result<Option<Profile>, ProfileError> {
    let folder = home.join(".particle");
    let name = current_name(&folder.join("profile.json"))?;
    let path = folder.join(format!("{name}.config.json"));
    let Some(bytes) = read_file(&path)? else { return Ok(None) };
    parse_config(name, path, &bytes).map(Some)
}

fn current_name(path: &Path) -> Result<String, ProfileError> {
    let Some(bytes) = read_file(path)? else { return Ok(DEFAULT_NAME.to_owned()) };
    match object(path, &bytes)?.get("name") {
        None | Some(Value::Null) => Ok(DEFAULT_NAME.to_owned()),
        Some(Value::String(name)) if is_name(name) => Ok(name.clone()),
        Some(_) => Err(ProfileError::Name(path.to_owned())),
    }
}

/// One path component on every system: no separators, no drive letters, no dots in front.
fn is_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= 100 && !name.starts_with('.');
    fits && !name
        .chars()
        .any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
}

/// Parses a `<name>.config.json`. `path` is only for the messages.
pub fn parse_config(name: String, path: PathBuf, bytes: &[u8]) -> Result<Profile, ProfileError> {
    let mut config = object(&path, bytes)?;
    // Not ignored: without its `apiUrl`, a login at another cloud would count as one at Particle's.
    let mut text = |member: &'static str| match config.remove(member) {
        Some(Value::String(text)) => Ok(Some(Zeroizing::new(text)).filter(|text| !text.is_empty())),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(ProfileError::NotText { path: path.clone(), member }),
    };
    let token = text("access_token")?.map(|t| Token::new(&t)).transpose();
    let token = token.map_err(|error| ProfileError::Token { path: path.clone(), error })?;
    let api_url = match text("apiUrl")? {
        Some(url) => Some(url.parse().map_err(|error| {
            let meant = ApiUrl::of_host(&url).map(|url| url.to_string());
            ProfileError::ApiUrl { path: path.clone(), name: name.clone(), meant, error }
        })?),
        None => None,
    };
    let expires_at = text("access_token_expires_at")?.and_then(|t| OffsetDateTime::parse(&t, &Rfc3339).ok());
    Ok(Profile { name, path, token, api_url, expires_at })
}

fn object(path: &Path, bytes: &[u8]) -> Result<serde_json::Map<String, Value>, ProfileError> {
    // Editors on Windows leave a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|_| ProfileError::NotJson(path.to_owned()))
}

fn read_file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, ProfileError> {
    match read_bounded(path, MAX_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileError::NotFound(_)) => Ok(None),
        Err(FileError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotADirectory => {
            Ok(None)
        }
        Err(error) => Err(ProfileError::Unreadable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".particle")).unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(".particle").join(name), text).unwrap();
        }
        home
    }

    #[test]
    fn the_named_profile_is_read() {
        let home = home_with(&[
            ("profile.json", r#"{"name":"lab"}"#),
            (
                "lab.config.json",
                r#"{"access_token":"0123abcd","access_token_expires_at":"2030-01-02T03:04:05.678Z",
                    "apiUrl":"http://10.0.0.1:8080","username":"me"}"#,
            ),
            ("particle.config.json", r#"{"access_token":"not this one"}"#),
        ]);
        let profile = read(home.path()).unwrap().unwrap();
        assert_eq!(profile.name, "lab");
        assert_eq!(profile.token.as_ref().unwrap().expose(), "0123abcd");
        assert_eq!(profile.api().to_string(), "http://10.0.0.1:8080");
        let end = profile.expires_at.unwrap();
        assert_eq!(end.unix_timestamp(), 1_893_553_445);
        assert!(!profile.is_expired(end - time::Duration::SECOND));
        assert!(profile.is_expired(end));
        assert!(!format!("{profile:?}").contains("0123abcd"));
    }

    #[test]
    fn without_a_profile_file_it_is_particle() {
        let home = home_with(&[("particle.config.json", "\u{feff}{\"access_token\":\"0123abcd\"}")]);
        let profile = read(home.path()).unwrap().unwrap();
        assert_eq!(profile.name, "particle");
        assert_eq!(profile.api().to_string(), "https://api.particle.io");
        assert!(profile.expires_at.is_none());
    }

    #[test]
    fn nothing_there_and_logged_out_are_no_errors() {
        assert!(read(tempfile::tempdir().unwrap().path()).unwrap().is_none());
        let out = home_with(&[("particle.config.json", r#"{"access_token":null,"apiUrl":null}"#)]);
        assert!(read(out.path()).unwrap().unwrap().token.is_none());
    }

    #[test]
    fn a_name_does_not_lead_out_of_the_folder() {
        for name in ["../../etc/x", "..", "", "a/b", "a\\b", "C:x", "a\u{0}b", ".hidden"] {
            let json = serde_json::json!({ "name": name }).to_string();
            let home = home_with(&[("profile.json", &json)]);
            assert!(matches!(read(home.path()), Err(ProfileError::Name(_))), "{name:?}");
        }
        let number = home_with(&[("profile.json", r#"{"name":7}"#)]);
        assert!(matches!(read(number.path()), Err(ProfileError::Name(_))));
    }

    #[test]
    fn broken_files_are_said_and_their_contents_are_not() {
        let large = "x".repeat(usize::try_from(MAX_FILE).unwrap() + 1);
        for (text, wanted) in [
            ("{\"access_token\":\"0123", "not a JSON object"),
            ("[]", "not a JSON object"),
            ("", "not a JSON object"),
            (r#"{"access_token":"0123abcd","apiUrl":7}"#, "apiUrl is not a text"),
            (r#"{"access_token":"0123abcd","apiUrl":{"url":"https://0123"}}"#, "apiUrl is not a text"),
            (r#"{"access_token":["0123abcd"]}"#, "access_token is not a text"),
            (r#"{"access_token":"0123abcd","access_token_expires_at":0}"#, "expires_at is not a text"),
            (r#"{"access_token":"0123\n4567"}"#, "line break"),
            (r#"{"apiUrl":"https://me:0123@host"}"#, "user name or password"),
            (large.as_str(), "larger than 65536 bytes"),
        ] {
            let home = home_with(&[("particle.config.json", text)]);
            let message = read(home.path()).unwrap_err().to_string();
            assert!(message.contains(wanted), "{message}");
            assert!(!message.contains("0123"), "{message}");
        }
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_unreadable() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".particle/particle.config.json")).unwrap();
        assert!(matches!(read(home.path()), Err(ProfileError::Unreadable(_))));
    }

    #[test]
    fn home_is_the_first_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let found = home(|name| match name {
            "home" => Some("/does/not/exist".into()),
            "HOME" => Some(OsString::new()),
            "HOMEPATH" => Some(dir.path().into()),
            _ => Some("/".into()),
        });
        assert_eq!(found.as_deref(), Some(dir.path()));
        assert_eq!(home(|_| None), None);
    }
}
