//! Finds the access token, and the cloud that it may be sent to.
//!
//! In this order: the token given to the API, a token file or standard input, `PARTICLE_ACCESS_TOKEN`, the login of
//! particle-cli. A token from particle-cli's profile is only sent to that profile's own cloud.

use zeroize::Zeroizing;

use crate::archive::Owner;
use crate::cloud::api_url::ApiUrl;
use crate::cloud::profile::{self, ProfileError};
use crate::cloud::token::{MAX_LEN, Token};
use crate::error::{Code, Error};
use crate::keys::to_utf8;
use crate::workflow::context::Context;
use crate::workflow::input::secret::{self, Kind};
use crate::workflow::next::command_line::quoted;
use crate::workflow::next::particle_cli::profile_command;

/// The environment variable that holds a token; the same as particle-cli's.
const TOKEN_VARIABLE: &str = "PARTICLE_ACCESS_TOKEN";

const FILE: Kind = Kind { option: "--token-file", name: "token", phase: "reading the token file" };

/// The longest token, a line end and a byte order mark, in UTF-16.
const MAX_INPUT: usize = 2 * (MAX_LEN + 3);

const TOKEN_HINT: &str = "log in with particle-cli, or set PARTICLE_ACCESS_TOKEN, or put the token into a file \
    and add --token-file FILE (- reads it from standard input)";

/// The options for the cloud and the token. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct CloudOptions {
    /// The cloud's API.
    pub api_url: Option<String>,
    /// Permit plain HTTP to another machine.
    pub allow_http: bool,
    /// Use a cloud that the Duo does not name. A list of devices has no Duo to compare with, and ignores it.
    pub allow_other_cloud: bool,
    /// A file with the token, or `-`.
    pub token_file: Option<String>,
    /// The token.
    pub token: Option<String>,
}

/// A token and the only cloud that it is sent to.
#[derive(Debug)]
pub struct Credentials {
    pub token: Token,
    pub api: ApiUrl,
}

/// Finds the token and the cloud, and refuses a connection that would show the token to others.
pub fn resolve(context: Context<'_>, options: &CloudOptions) -> Result<Credentials, Error> {
    let api = options.api_url.as_deref().map(str::parse::<ApiUrl>).transpose()?;
    if let Some(api) = &api {
        api.check_transport(options.allow_http)?;
    }
    let credentials = match given(context, options)? {
        Some(token) => Credentials { token, api: api.unwrap_or_default() },
        None => from_profile(context, api)?,
    };
    credentials.api.check_transport(options.allow_http)?;
    if !credentials.api.is_https() && !credentials.api.is_loopback() {
        context.note(format!(
            "the access token goes to {} over plain HTTP (--allow-http): anyone on that network can read it",
            credentials.api.host()
        ));
    }
    Ok(credentials)
}

/// True if the environment holds a token.
pub fn is_in_environment(context: Context<'_>) -> bool {
    (context.env)(TOKEN_VARIABLE).is_some_and(|value| !value.is_empty())
}

fn given(context: Context<'_>, options: &CloudOptions) -> Result<Option<Token>, Error> {
    let invalid = |where_from: &str| {
        let where_from = where_from.to_owned();
        move |error| {
            Error::new(Code::TokenInvalid, format!("{where_from}: {error}"))
                .hint("copy the token again; it is one word")
        }
    };
    if let Some(token) = &options.token {
        return Token::new(token).map(Some).map_err(invalid("the token option"));
    }
    if let Some(file) = &options.token_file {
        let bytes = secret::read(file, &FILE, MAX_INPUT)?;
        let text = to_utf8(&bytes);
        let name = if file == "-" { "standard input" } else { file };
        return Token::from_input(text.as_ref().unwrap_or(&bytes)).map(Some).map_err(invalid(name));
    }
    match (context.env)(TOKEN_VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) => Token::new(&Zeroizing::new(value.to_string_lossy().into_owned()))
            .map(Some)
            .map_err(invalid(TOKEN_VARIABLE)),
        None => Ok(None),
    }
}

/// The error for a login that cannot be used. If its URL is invalid, the hint is a particle-cli command that corrects
/// it.
fn unusable_login(context: Context<'_>, error: ProfileError) -> Error {
    let command = match &error {
        ProfileError::ApiUrl { name, meant, .. } => {
            let url = meant.clone().unwrap_or_else(|| "http://HOST:8080".to_owned());
            Some(profile_command(context.env, &format!("{} apiUrl {}", quoted(name), quoted(&url))))
        }
        _ => None,
    };
    let error = Error::from(error);
    match command {
        Some(command) => error.hint(format!("give the login a whole URL: {command}")),
        None => error,
    }
}

fn from_profile(context: Context<'_>, api: Option<ApiUrl>) -> Result<Credentials, Error> {
    let missing = || Error::new(Code::TokenMissing, "no access token was found").hint(TOKEN_HINT);
    // Under sudo, use the login of the user who called it.
    let home = Owner::detect(&context.env).home().or_else(|| profile::home(context.env));
    let home = home.ok_or_else(missing)?;
    let found = profile::read(&home).map_err(|error| unusable_login(context, error))?.ok_or_else(missing)?;
    let own = found.api();
    let logged_out = || {
        let message = format!("particle-cli is not logged in (profile {}, {})", found.name, own);
        Error::new(Code::TokenMissing, message).hint(TOKEN_HINT)
    };
    let token = found.token.clone().ok_or_else(logged_out)?;
    if let Some(asked) = api.filter(|asked| !asked.same_origin(&own)) {
        return Err(Error::new(
            Code::TokenMissing,
            format!(
                "the login of particle-cli (profile {}) is for {own}, and its token does not go to {asked}",
                found.name
            ),
        )
        .hint("give the token for that cloud with --token-file FILE or PARTICLE_ACCESS_TOKEN"));
    }
    if found.is_expired(time::OffsetDateTime::from((context.wall)())) {
        context
            .note("particle-cli's login has expired, by its own file; log in again if the cloud refuses it");
    }
    context.note(format!("using particle-cli's login (profile {}) at {}", found.name, own));
    Ok(Credentials { token, api: own })
}
