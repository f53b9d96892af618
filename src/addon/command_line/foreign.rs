//! Answers words of particle-cli with the command to type here.

/// The answer to the words of a `particle keys` command, and of other commands of particle-cli: the command's name, and
/// what to type here.
pub(super) fn answer(words: &[String]) -> Option<(String, String)> {
    let (group, rest) = match words.split_first()? {
        (first, rest) if first == "keys" => ("keys ", rest),
        _ => ("", words),
    };
    let Some((word, given)) = rest.split_first() else {
        return Some((
            "keys".to_owned(),
            "`particle keys` is here, for one: duo-provision backup; see all with: duo-provision -h"
                .to_owned(),
        ));
    };
    Some((format!("{group}{word}"), of(word, given)?))
}

fn of(word: &str, given: &[String]) -> Option<String> {
    let file = || plain(given, "FILE");
    Some(match word {
        "save" => format!("that is: duo-provision backup {}", file()),
        "load" => format!("that is: duo-provision restore {}", file()),
        "new" => format!("that is: duo-provision key new {}", file()),
        "send" => format!(
            "that is: duo-provision {} {}; or, with the Duo attached, for the key that is in it: duo-provision \
             DEVICE_ID --from-device",
            plain(given, "DEVICE_ID"),
            plain(given.get(1..).unwrap_or_default(), "KEY_FILE"),
        ),
        "doctor" => "a new key for the Duo and its cloud is: duo-provision rotate; what is wrong with the one it has says: \
                     duo-provision doctor"
            .to_owned(),
        "server" if given.is_empty() => "back to Particle's cloud: duo-provision server-key restore".to_owned(),
        "server" => format!("that is: duo-provision server-key set {} --host NAME", file()),
        "address" | "protocol" => "that is: duo-provision server-key show".to_owned(),
        "login" | "logout" | "token" => {
            "this program has no login of its own; it takes that of particle-cli (`particle login`), or a token with \
             --token-file FILE"
                .to_owned()
        }
        "version" => "that is: duo-provision --version".to_owned(),
        "update" | "flash" => {
            "this program writes keys and never firmware; for a newer version of itself: npx duo-provision@latest \
             --version"
                .to_owned()
        }
        "identify" => "a Duo's id is shown by: duo-provision list".to_owned(),
        _ => return None,
    })
}

/// The first of these words if it is a plain one, which needs no quotes.
fn plain<'w>(words: &'w [String], otherwise: &'w str) -> &'w str {
    let is_plain = |word: &&String| {
        !word.starts_with('-') && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    };
    words.first().filter(is_plain).map_or(otherwise, String::as_str)
}
