//! A protobuf message, written field by field.

use prost::encoding::{WireType, encode_key, encode_varint};

/// A message, as far as it is written.
#[derive(Debug)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// An empty one, with room.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What is written.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A number. Zero is what is not written.
    pub(super) fn number(&mut self, tag: u32, number: u32) {
        if number != 0 {
            encode_key(tag, WireType::Varint, &mut self.0);
            encode_varint(u64::from(number), &mut self.0);
        }
    }

    /// Bytes, or a text.
    pub(super) fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        encode_varint(bytes.len() as u64, &mut self.0);
        self.0.extend_from_slice(bytes);
    }

    /// A message within this one. How long it is stands before it, and is known after it.
    pub(super) fn message(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        let begin = self.0.len();
        write(self);
        let end = self.0.len();
        encode_varint((end - begin) as u64, &mut self.0);
        let length = self.0.len() - end;
        self.0[begin..].rotate_right(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_the_specification_writes_it() {
        // The examples of protobuf's own description of its encoding.
        let mut message = Message::with_capacity(0);
        message.number(1, 150);
        message.bytes(2, b"testing");
        message.message(3, |inner| inner.number(1, 150));
        message.number(4, 0);
        let expected = b"\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01";
        assert_eq!(message.as_bytes(), expected);
    }

    #[test]
    fn the_length_of_a_long_message_takes_more_bytes() {
        let mut message = Message::with_capacity(0);
        message.message(1, |inner| inner.bytes(1, &[b'x'; 300]));
        let head = b"\x0a\xaf\x02\x0a\xac\x02xxx";
        assert_eq!(&message.as_bytes()[..head.len()], head);
        assert_eq!(message.as_bytes().len(), 306);
    }
}
