//! Reads DER's tag-length-value triplets, tolerantly.
//!
//! The keys that a Duo makes are not canonical DER: every number has its full width and a leading zero, even if it
//! needs none. `der` and the crates based on it refuse them, so this reader accepts leading zeros in numbers and
//! lengths that could be shorter. It accepts nothing else: no negative numbers, no indefinite lengths, nothing that
//! reaches outside the given bytes.

use super::error::KeyError;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
/// `SEQUENCE`, constructed.
pub(super) const SEQUENCE: u8 = 0x30;

/// The bytes that are left to read.
#[derive(Clone)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag of the next element, if there is one.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The bytes not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The contents of the next element, which must have this tag.
    pub(super) fn value(&mut self, tag: u8) -> Result<&'a [u8], KeyError> {
        match self.peek() {
            None => return Err(KeyError::Malformed("an element is missing")),
            Some(found) if found != tag => return Err(KeyError::Malformed("an element has the wrong type")),
            Some(_) => {}
        }
        let (len, header) = length(&self.0[1..])?;
        let contents = self.0.get(1 + header..).ok_or(KeyError::Truncated)?;
        let (value, rest) = contents.split_at_checked(len).ok_or(KeyError::Truncated)?;
        self.0 = rest;
        Ok(value)
    }

    /// The magnitude of the next `INTEGER`, big-endian, without leading zeros; empty for zero.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8], KeyError> {
        let value = self.value(INTEGER)?;
        match value.first() {
            None => Err(KeyError::Malformed("a number is empty")),
            Some(first) if first & 0x80 != 0 => Err(KeyError::Malformed("a number is negative")),
            Some(_) => Ok(trim_zeros(value)),
        }
    }

    /// Succeeds if everything was read.
    pub(super) const fn end(&self) -> Result<(), KeyError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(KeyError::Malformed("something stands behind the last number"))
        }
    }
}

/// Reads a definite length (X.690 §8.1.3) of at most three octets, more than any key needs. Returns it and the number
/// of octets that it took.
fn length(bytes: &[u8]) -> Result<(usize, usize), KeyError> {
    let first = *bytes.first().ok_or(KeyError::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), 1));
    }
    let octets = usize::from(first & 0x7F);
    if !(1..=3).contains(&octets) {
        return Err(KeyError::Malformed("an element has no usable length"));
    }
    let value = bytes.get(1..=octets).ok_or(KeyError::Truncated)?;
    Ok((value.iter().fold(0, |len, &octet| 256 * len + usize::from(octet)), 1 + octets))
}

fn trim_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}

/// Bits of a magnitude without leading zeros.
pub(super) fn bits(magnitude: &[u8]) -> usize {
    magnitude.first().map_or(0, |first| magnitude.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_could_be_shorter_are_accepted() {
        for encoded in [&[0x02, 0x01, 0x05][..], &[0x02, 0x81, 0x01, 0x05], &[0x02, 0x83, 0, 0, 1, 5]] {
            assert_eq!(Reader::new(encoded).unsigned(), Ok(&[5][..]));
        }
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(Reader::new(&[0x02, 0x03, 0, 0, 9]).unsigned(), Ok(&[9][..]));
        assert_eq!(Reader::new(&[0x02, 0x02, 0, 0]).unsigned(), Ok(&[][..]));
    }

    #[test]
    fn nothing_reaches_outside() {
        for encoded in
            [&[0x02][..], &[0x02, 0x02, 1], &[0x02, 0x82, 0xFF], &[0x02, 0x83, 0xFF, 0xFF, 0xFF, 0x01]]
        {
            assert_eq!(Reader::new(encoded).unsigned(), Err(KeyError::Truncated));
        }
    }

    #[test]
    fn negative_empty_and_indefinite_are_refused() {
        for encoded in
            [&[0x02, 0x01, 0x80][..], &[0x02, 0x00], &[0x02, 0x80, 0, 0], &[0x02, 0x84, 0, 0, 0, 1]]
        {
            assert!(matches!(Reader::new(encoded).unsigned(), Err(KeyError::Malformed(_))));
        }
    }

    #[test]
    fn bits_of_a_magnitude() {
        assert_eq!((bits(&[]), bits(&[1]), bits(&[0x80]), bits(&[1, 0])), (0, 1, 8, 9));
    }
}
