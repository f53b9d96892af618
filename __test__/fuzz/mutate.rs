//! A small mutator: changes known inputs in a few places. The same seed makes the same inputs.

/// Bytes that parsers treat specially: the ends of ranges, the tags of DER, digits and brackets.
const TELLING: &[u8] = b"\x00\x01\x02\x03\x04\x7F\x80\x81\x82\xFF\x30\x21\x0A\x1B\"\\{}[]:,*/@019aKMg-";
/// No input in a corpus has to be longer.
const LONGEST: usize = 1 << 16;

/// Makes new inputs from known ones.
pub struct Mutator {
    random: Random,
    known: Vec<Vec<u8>>,
    input: Vec<u8>,
}

impl Mutator {
    /// `known`: at least one input.
    pub fn new(seed: u64, known: Vec<Vec<u8>>) -> Self {
        Self { random: Random::new(seed), known, input: Vec::new() }
    }

    /// A known input with one to eight changes.
    pub fn next_input(&mut self) -> &[u8] {
        let chosen = self.random.below(self.known.len());
        self.input.clone_from(&self.known[chosen]);
        for _ in 0..=self.random.below(8) {
            self.change();
        }
        self.input.truncate(LONGEST);
        &self.input
    }

    fn change(&mut self) {
        let length = self.input.len();
        let (from, to) = self.range();
        match self.random.below(8) {
            0 if length > 0 => self.input[from.min(length - 1)] ^= 1 << self.random.below(8),
            1 if length > 0 => self.input[from.min(length - 1)] = self.telling(),
            2 => {
                let byte = self.random.byte();
                self.input.insert(from, byte);
            }
            3 => {
                let byte = self.telling();
                self.input.insert(from, byte);
            }
            4 => drop(self.input.drain(from..to)),
            5 => self.input.truncate(to),
            6 => {
                let copy = self.input[from..to].to_vec();
                let at = self.random.below(length + 1);
                self.input.splice(at..at, copy);
            }
            _ => {
                let other = self.random.below(self.known.len());
                let tail = self.known[other].get(from..).unwrap_or_default();
                self.input.truncate(to);
                self.input.extend_from_slice(tail);
            }
        }
    }

    /// A part of the input, more often short than long.
    fn range(&mut self) -> (usize, usize) {
        let from = self.random.below(self.input.len() + 1);
        let longest = 1 << self.random.below(9);
        let to = from + self.random.below(longest);
        (from, to.min(self.input.len()))
    }

    fn telling(&mut self) -> u8 {
        TELLING[self.random.below(TELLING.len())]
    }
}

/// xorshift64* (Marsaglia 2003, Vigna 2016).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Zero is the only state that the generator never leaves.
        Self(seed ^ 0x9E37_79B9_7F4A_7C15 | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number less than `limit`, which is not zero; uniform enough for a test.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % limit
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}
