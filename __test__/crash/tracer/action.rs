//! The actions of the tracer: what to do, and at which effect.

use std::path::PathBuf;
use std::str::FromStr;

use crate::effect::Class;

/// What the tracer does to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// SIGKILL before it.
    Kill,
    /// SIGKILL after it.
    KillAfter,
    /// It fails with this error number instead of happening.
    Fail(i32),
    /// Its thread waits until the file exists.
    Hold(PathBuf),
}

/// A deed and the call that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Strike {
    class: Class,
    index: u32,
    deed: Deed,
}

/// Everything that the tracer does; an empty list only watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action(Vec<Strike>);

type Error = Box<dyn std::error::Error>;

impl FromStr for Action {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "watch" {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Strike {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = text.splitn(4, ':');
        let mut word = || words.next().ok_or("a strike is DEED:CLASS:N or DEED:CLASS:N:HOW");
        let (deed, class, index) = (word()?, word()?.parse()?, word()?.parse()?);
        let deed = match deed {
            "kill" => Deed::Kill,
            "kill-after" => Deed::KillAfter,
            "fail" => Deed::Fail(word()?.parse()?),
            "hold" => Deed::Hold(word()?.into()),
            other => return Err(format!("no deed is called {other}").into()),
        };
        Ok(Self { class, index, deed })
    }
}

impl Action {
    /// The deed for this effect.
    pub fn at(&self, class: Class, index: u32) -> Option<&Deed> {
        let aimed = |strike: &&Strike| strike.class == class && strike.index == index;
        self.0.iter().find(aimed).map(|strike| &strike.deed)
    }
}
