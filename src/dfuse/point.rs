//! Setting the address pointer: from dfuIDLE to dfuDNLOAD-IDLE, the first part of a read and of a write.

use super::error::{DfuError, Failure, Stage};
use super::machine::{Operation, Reply, Step};
use super::request::{Command, set_address};
use super::settle::{Settle, sent};

#[derive(Debug)]
pub(super) struct Point {
    address: u32,
    payload: [u8; 5],
    settle: Option<Settle>,
}

impl Point {
    pub(super) fn new(address: u32) -> Self {
        Self { address, payload: set_address(address), settle: None }
    }
}

impl Operation for Point {
    type Output = ();

    fn stage(&self) -> Stage {
        Stage::SetAddress
    }

    fn command(&self) -> Command<'_> {
        match self.settle {
            None => Command::Dnload { block: 0, data: &self.payload },
            Some(_) => Command::GetStatus,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match &mut self.settle {
            None => sent(at, reply).then(|()| {
                self.settle = Some(Settle::default());
                Step::Next
            }),
            Some(_) if matches!(reply, Reply::Failed(Failure::Stall)) => {
                Step::fail(DfuError::AddressRefused { address: self.address })
            }
            Some(settle) => settle.reply(at, reply),
        }
    }
}
