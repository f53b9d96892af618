//! What is to be done, and at which effect.

use std::path::PathBuf;
use std::str::FromStr;

use crate::effect::Class;

/// What is done to a call.
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

/// A deed and the call it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// `None` only watches.
    pub strike: Option<(Class, u32, Deed)>,
}

impl FromStr for Action {
    type Err = Box<dyn std::error::Error>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "watch" {
            return Ok(Self { strike: None });
        }
        let mut words = text.splitn(4, ':');
        let mut word = || words.next().ok_or("an action is DEED:CLASS:N or DEED:CLASS:N:HOW");
        let (deed, class, index) = (word()?, word()?.parse()?, word()?.parse()?);
        let deed = match deed {
            "kill" => Deed::Kill,
            "kill-after" => Deed::KillAfter,
            "fail" => Deed::Fail(word()?.parse()?),
            "hold" => Deed::Hold(word()?.into()),
            other => return Err(format!("no deed is called {other}").into()),
        };
        Ok(Self { strike: Some((class, index, deed)) })
    }
}

impl Action {
    /// What is done to this effect.
    pub fn at(&self, class: Class, index: u32) -> Option<&Deed> {
        let (aimed, number, deed) = self.strike.as_ref()?;
        (*aimed == class && *number == index).then_some(deed)
    }
}
