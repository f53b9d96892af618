//! Builds the commands that are printed for the user to type.
//!
//! Only here does text from a file, the journal or a name become part of a command. It is always one word: no shell
//! acts on it, it does not move a terminal's cursor, and our own grammar does not take it for an option.

use std::path::Path;

use crate::dct::{DeviceId, Field};
use crate::journal::Request;
use crate::workflow::next::shell::Shell;

/// A word, quoted for the user's shell.
pub fn quoted(word: &str) -> String {
    Shell::here().word(word)
}

/// Two commands, the second only if the first succeeds.
pub fn then(first: &str, second: &str) -> String {
    Shell::here().then(first, second)
}

/// A file, as one argument. If its name begins like an option, `./` is put before it.
pub fn file(path: impl AsRef<Path>) -> String {
    let path = path.as_ref().to_string_lossy();
    if path.starts_with('-') { quoted(&format!("./{path}")) } else { quoted(&path) }
}

/// ` --name value`, if there is a value. A value that begins like an option is joined with `=`.
pub fn option(name: &str, value: Option<&str>) -> String {
    let Some(value) = value else { return String::new() };
    let tie = if value.starts_with('-') { '=' } else { ' ' };
    format!(" --{name}{tie}{}", quoted(value))
}

/// ` --fields a,b`: only those of the names that are names of fields.
pub fn fields_option<S: AsRef<str>>(fields: &[S]) -> String {
    let known = fields.iter().filter_map(|name| name.as_ref().parse::<Field>().ok());
    let names: Vec<String> = known.map(|field| field.kebab_name()).collect();
    format!(" --fields {}", quoted(&names.join(",")))
}

/// ` --name`, if it was typed.
pub fn flag(name: &str, typed: bool) -> String {
    if typed { format!(" --{name}") } else { String::new() }
}

/// The arguments that select a Duo. If the Duo does not tell its id, the id must be typed again.
pub fn choice(device: Option<DeviceId>, path: Option<&str>, usbip: Option<&str>) -> String {
    let id = device.map(|id| format!(" --device {id}")).unwrap_or_default();
    format!("{id}{}{}", option("path", path), option("usbip", usbip))
}

/// The command that restores fields from a backup.
pub fn fields_from<S: AsRef<str>>(backup: impl AsRef<Path>, fields: &[S]) -> String {
    format!("duo-provision dct restore {}{}", file(backup), fields_option(fields))
}

/// The command that restores the whole DCT from a backup.
pub fn whole_from(backup: impl AsRef<Path>) -> String {
    format!("duo-provision dct restore {} --whole", file(backup))
}

/// The command that writes the key in a file.
pub fn restore_from(key: impl AsRef<Path>) -> String {
    format!("duo-provision restore {}", file(key))
}

/// The command that shows what is in a file.
pub fn inspect(path: impl AsRef<Path>) -> String {
    format!("duo-provision inspect {}", file(path))
}

/// The arguments that select the cloud again, without the token.
pub fn cloud(request: &Request) -> String {
    let product = request.product_id.map(|number| number.to_string());
    format!(
        "{}{}{}{}",
        option("api-url", request.api_url.as_deref()),
        flag("allow-http", request.allow_http),
        flag("allow-other-cloud", request.allow_other_cloud),
        option("product-id", product.as_deref())
    )
}

#[cfg(test)]
mod tests {
    use super::{fields_option, file, option};
    use crate::workflow::next::shell::Shell;

    #[test]
    fn what_begins_like_an_option_is_taken_for_none() {
        assert_eq!((file("-x y"), file("/-x").as_str()), (Shell::here().word("./-x y"), "/-x"));
        assert_eq!(option("archive", Some("--yes")), " --archive=--yes");
        assert_eq!(option("archive", Some("a;b")), format!(" --archive {}", Shell::here().word("a;b")));
    }

    #[test]
    fn only_the_names_of_fields_are_fields() {
        let fields = ["server-public-key", "x; touch f #", "device_private_key"];
        let names = Shell::here().word("server-public-key,device-private-key");
        assert_eq!(fields_option(&fields), format!(" --fields {names}"));
    }
}
