//! Quotes words and joins commands for each shell.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use crate::disk::{hidden, plain, set};

/// How the shell reads a command that is typed into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, zsh, fish.
    Posix,
    /// Windows' cmd.exe.
    Cmd,
    /// PowerShell.
    PowerShell,
}

/// Determined once: a process does not move to another shell.
static HERE: LazyLock<Shell> = LazyLock::new(|| Shell::of(cfg!(windows), &|name| std::env::var_os(name)));

impl Shell {
    /// The shell that this process was most likely started from.
    pub fn here() -> Self {
        *HERE
    }

    /// Finds the shell from the system and the environment. Git Bash and MSYS2 set MSYSTEM (msys2.org, "Environments").
    /// PowerShell puts a folder of the user before those of the machine (Microsoft, "about_PSModulePath"); cmd leaves
    /// the variable alone.
    fn of(windows: bool, env: &dyn Fn(&str) -> Option<OsString>) -> Self {
        if !windows || set(env, "MSYSTEM").is_some() {
            return Self::Posix;
        }
        let modules = set(env, "PSModulePath").unwrap_or_default().to_string_lossy().to_lowercase();
        let profile = set(env, "USERPROFILE").unwrap_or_default().to_string_lossy().to_lowercase();
        let is_users = |folder: &str| !profile.is_empty() && Path::new(folder).starts_with(&profile);
        if modules.split(';').any(is_users) { Self::PowerShell } else { Self::Cmd }
    }

    /// A word, quoted as one argument.
    pub fn word(self, word: &str) -> String {
        let quoted = match self {
            _ if !word.is_empty() && word.chars().all(|c| self.is_plain(c)) => return word.to_owned(),
            Self::Posix => posix,
            Self::Cmd => cmd,
            Self::PowerShell => powershell,
        };
        quoted(word)
    }

    /// Whether the character has no meaning to the shell. A comma makes a list in PowerShell, `%` and `@` have a
    /// meaning on Windows.
    fn is_plain(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || "/._-+:".contains(c)
            || match self {
                Self::Posix => "@%,".contains(c),
                Self::Cmd => ",\\".contains(c),
                Self::PowerShell => c == '\\',
            }
    }

    /// Two commands, the second only if the first succeeds. Windows' own PowerShell has no `&&`.
    pub fn then(self, first: &str, second: &str) -> String {
        match self {
            Self::Posix | Self::Cmd => format!("{first} && {second}"),
            Self::PowerShell => format!("{first}; if ($?) {{ {second} }}"),
        }
    }
}

fn posix(word: &str) -> String {
    if !word.contains(hidden) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    // Characters that would move a terminal's cursor, or are invisible, are escaped in a form that bash and zsh read.
    let mut spelled = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => spelled.extend(['\\', c]),
            c if hidden(c) => {
                for byte in c.to_string().bytes() {
                    let _ = write!(spelled, "\\x{byte:02x}");
                }
            }
            c => spelled.push(c),
        }
    }
    spelled + "'"
}

/// Characters that cannot be typed in cmd are shown as U+FFFD.
fn cmd(word: &str) -> String {
    let word = for_a_program(&plain(word));
    if !word[1..word.len() - 1].contains(['"', '%']) {
        return word;
    }
    // Inside quotes, cmd cannot escape these two. So each quote is escaped, too, with every other character that cmd
    // acts on: then cmd sees no quotes at all.
    let mut spelled = String::with_capacity(word.len() * 2);
    for c in word.chars() {
        spelled.extend("()%!^\"<>&|".contains(c).then_some('^'));
        spelled.push(c);
    }
    spelled
}

/// Quotes a word the way Windows' programs split a command line (Microsoft, "Parsing C command-line arguments"): a
/// quote has a backslash before it, and backslashes before a quote are doubled.
fn for_a_program(word: &str) -> String {
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for c in word.chars() {
        backslashes = match c {
            '\\' => backslashes + 1,
            '"' => {
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
                0
            }
            _ => 0,
        };
        quoted.push(c);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted + "\""
}

/// PowerShell also treats typographic quotes as quotes. Invisible characters are escaped.
fn powershell(word: &str) -> String {
    // Windows PowerShell does not double a last backslash before the quote that it puts around the word.
    let last = if word.ends_with('\\') { "\\" } else { "" };
    if word.contains(hidden) {
        let mut spelled = String::from("\"");
        for c in word.chars() {
            match c {
                c if hidden(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(spelled, "$([char]0x{unit:x})");
                    }
                }
                '$' | '`' | '"' | '\u{201c}'..='\u{201e}' => spelled.extend(['`', c]),
                c => spelled.push(c),
            }
        }
        return spelled + last + "\"";
    }
    let mut quoted = String::from("'");
    for c in word.chars() {
        quoted.extend(matches!(c, '\'' | '\u{2018}'..='\u{201b}').then_some(c));
        quoted.push(c);
    }
    quoted + last + "'"
}

#[cfg(test)]
mod tests {
    use super::Shell;

    const ALL: [Shell; 3] = [Shell::Posix, Shell::Cmd, Shell::PowerShell];

    #[test]
    fn a_word_is_one_word_in_each_shell_and_moves_no_cursor() {
        for (word, expected) in [
            ("/a/b-1.der", ["/a/b-1.der"; 3]),
            ("C:\\a\\b.der", ["'C:\\a\\b.der'", "C:\\a\\b.der", "C:\\a\\b.der"]),
            ("", ["''", "\"\"", "''"]),
            ("a b'c", [r"'a b'\''c'", "\"a b'c\"", "'a b''c'"]),
            ("a&b|c", ["'a&b|c'", "\"a&b|c\"", "'a&b|c'"]),
            ("$HOME`x", ["'$HOME`x'", "\"$HOME`x\"", "'$HOME`x'"]),
            ("%PATH%", ["%PATH%", "^\"^%PATH^%^\"", "'%PATH%'"]),
            ("a,b", ["a,b", "a,b", "'a,b'"]),
            ("@x", ["@x", "\"@x\"", "'@x'"]),
            ("käse.der", ["'käse.der'", "\"käse.der\"", "'käse.der'"]),
            ("C:\\a b\\", ["'C:\\a b\\'", "\"C:\\a b\\\\\"", "'C:\\a b\\\\'"]),
            ("a\"&b\\\"", ["'a\"&b\\\"'", "^\"a\\^\"^&b\\\\\\^\"^\"", "'a\"&b\\\"'"]),
            ("a\u{2019}b", ["'a\u{2019}b'", "\"a\u{2019}b\"", "'a\u{2019}\u{2019}b'"]),
            ("a\u{1b}[2J'\\b", [r"$'a\x1b[2J\'\\b'", "\"a\u{fffd}[2J'\\b\"", "\"a$([char]0x1b)[2J'\\b\""]),
            ("$\u{202e}b", [r"$'$\xe2\x80\xaeb'", "\"$\u{fffd}b\"", "\"`$$([char]0x202e)b\""]),
        ] {
            assert_eq!(ALL.map(|shell| shell.word(word)), expected, "{word:?}");
        }
    }

    #[test]
    fn one_command_follows_another_as_the_shell_has_it() {
        let both = ALL.map(|shell| shell.then("a", "b"));
        assert_eq!(both, ["a && b", "a && b", "a; if ($?) { b }"]);
    }

    #[test]
    fn the_shell_is_known_by_what_it_leaves_in_the_environment() {
        let of = |windows, set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            Shell::of(windows, &found)
        };
        let machines = ("PSModulePath", "C:/Windows/system32/Modules");
        let users = ("PSModulePath", "C:/Users/A/Documents/PowerShell/Modules;C:/Windows/system32/Modules");
        let profile = ("USERPROFILE", "C:/Users/a");
        assert_eq!(of(false, &[users, profile]), Shell::Posix);
        assert_eq!(of(true, &[]), Shell::Cmd);
        assert_eq!(of(true, &[machines, profile]), Shell::Cmd);
        assert_eq!(of(true, &[users, profile]), Shell::PowerShell);
        assert_eq!(of(true, &[users, profile, ("MSYSTEM", "MINGW64")]), Shell::Posix);
    }
}
