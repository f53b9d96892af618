//! A reader that counts lines, and limits the number of bytes between the ends of two rows.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};

/// The bytes of a manifest on their way to a parser.
pub(super) struct Bounded<R> {
    inner: R,
    /// How many bytes a row may have.
    limit: usize,
    /// The number of bytes read since the last row.
    since: usize,
    /// Line feeds so far.
    feeds: u64,
}

/// A row is longer than allowed.
#[derive(Debug, thiserror::Error)]
#[error("this row is too long")]
pub(super) struct TooLong {
    /// The line at which the limit was reached.
    pub line: u64,
}

impl<R: BufRead> Bounded<R> {
    pub fn new(inner: R, limit: usize) -> Self {
        Self { inner, limit, since: 0, feeds: 0 }
    }

    /// The line that is being read, from 1.
    pub fn line(&self) -> u64 {
        self.feeds + 1
    }

    /// Marks the end of a row.
    pub fn row_ends(&mut self) {
        self.since = 0;
    }

    /// The first bytes, without consuming them. Returns as many as there are, if the reader has them at hand.
    pub fn peek(&mut self, wanted: usize) -> io::Result<Vec<u8>> {
        let there = self.inner.fill_buf()?;
        Ok(there.iter().take(wanted).copied().collect())
    }

    pub fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }

    /// Skips white space; returns the next byte.
    pub fn skip_white(&mut self) -> io::Result<Option<u8>> {
        loop {
            let Some(first) = self.inner.fill_buf()?.first().copied() else { return Ok(None) };
            if !first.is_ascii_whitespace() {
                return Ok(Some(first));
            }
            self.feeds += u64::from(first == b'\n');
            self.inner.consume(1);
        }
    }

    /// Reads the next line, without its ending; false at the end.
    pub fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let read = Read::by_ref(&mut self.inner).take(self.limit as u64 + 1).read_until(b'\n', line)?;
        if line.len() > self.limit {
            return Err(self.too_long());
        }
        self.feeds += u64::from(line.ends_with(b"\n"));
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        Ok(read > 0)
    }

    fn too_long(&self) -> io::Error {
        io::Error::other(TooLong { line: self.line() })
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since > self.limit {
            return Err(self.too_long());
        }
        let read = self.inner.read(buffer)?;
        self.since += read;
        self.feeds += buffer[..read].split(|byte| *byte == b'\n').skip(1).count() as u64;
        Ok(read)
    }
}

/// A reader that is shared with the code that marks the ends of rows.
pub(super) struct Shared<'a, R>(pub &'a RefCell<Bounded<R>>);

impl<R: BufRead> Read for Shared<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

/// The line, if the error is [`TooLong`].
pub(super) fn too_long_at(error: &io::Error) -> Option<u64> {
    Some(error.get_ref()?.downcast_ref::<TooLong>()?.line)
}
