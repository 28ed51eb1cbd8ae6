//! Reads a test from the fuzzer's bytes. After their end it reads zeros.

use arbitrary::Unstructured;

pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn short(&mut self) -> u16 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn word(&mut self) -> u32 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// An index below `below`, which is not 0.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        usize::from(self.byte()) % below
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// This number of bytes, or the rest.
    pub(crate) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let length = length.min(self.0.len());
        self.0.bytes(length).unwrap_or_default()
    }

    /// The rest.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.bytes(usize::MAX)
    }
}
