//! The fields of a TCP packet.

use super::{Kind, PORT};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;

/// A TCP packet of IPv4 that goes to the port of the servers, or comes from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    /// Whether it goes to the server.
    pub(super) to_server: bool,
    /// The client's port.
    pub(super) client: u16,
    pub(super) sequence: u32,
    flags: u8,
    pub(super) payload: &'a [u8],
}

impl<'a> Segment<'a> {
    pub(super) fn read(packet: &'a [u8]) -> Option<Self> {
        let header = usize::from(packet.first()? & 0x0f) * 4;
        let whole = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
        let segment = packet.get(header..whole).filter(|_| packet.get(9) == Some(&6))?;
        let port = |at: usize| Some(u16::from_be_bytes([*segment.get(at)?, *segment.get(at + 1)?]));
        let to_server = port(2)? == PORT;
        if !to_server && port(0)? != PORT {
            return None;
        }
        let sequence = u32::from_be_bytes(segment.get(4..8)?.try_into().ok()?);
        let start = usize::from(segment.get(12)? >> 4) * 4;
        let client = port(if to_server { 0 } else { 2 })?;
        Some(Self { to_server, client, sequence, flags: *segment.get(13)?, payload: segment.get(start..)? })
    }

    /// The sequence number of the next packet.
    pub(super) fn next(&self) -> u32 {
        let bits = u32::from(self.flags & SYN != 0) + u32::from(self.flags & FIN != 0);
        self.sequence.wrapping_add(bits).wrapping_add(u32::try_from(self.payload.len()).unwrap_or(0))
    }

    pub(super) fn begins_connection(&self) -> bool {
        self.flags & (SYN | RST) == SYN && self.to_server
    }

    /// Whether it is of this kind, on a connection whose side has sent everything before `next`.
    pub(super) fn is(&self, kind: Kind, next: Option<u32>) -> bool {
        match kind {
            Kind::Packet => true,
            Kind::Syn => self.begins_connection(),
            Kind::Data => !self.payload.is_empty(),
            // Linux's keepalive probe has the sequence number of a byte that was already acknowledged, and no data.
            Kind::Probe => {
                self.payload.is_empty()
                    && self.flags & (FIN | SYN | RST) == 0
                    && next.is_some_and(|next| self.sequence == next.wrapping_sub(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(from: u16, to: u16, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, u8::try_from(40 + payload.len()).unwrap()];
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 9, 1, 1, 10, 9, 1, 2]);
        packet.extend(from.to_be_bytes());
        packet.extend(to.to_be_bytes());
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn a_segment_is_read() {
        let bytes = packet(40000, PORT, 7, 0x18, b"RELEASE\n");
        let segment = Segment::read(&bytes).unwrap();
        assert_eq!((segment.to_server, segment.client, segment.payload), (true, 40000, &b"RELEASE\n"[..]));
        assert_eq!(segment.next(), 15);
        assert!(segment.is(Kind::Data, None) && segment.is(Kind::Packet, None) && !segment.is(Kind::Syn, None));
        let bytes = packet(PORT, 40000, u32::MAX, SYN | 0x10, b"");
        let segment = Segment::read(&bytes).unwrap();
        assert_eq!((segment.to_server, segment.client, segment.next()), (false, 40000, 0));
        assert!(!segment.begins_connection());
    }

    #[test]
    fn a_probe_has_the_number_of_a_byte_that_was_sent() {
        let is_probe = |sequence, flags, payload: &[u8]| {
            Segment::read(&packet(40000, PORT, sequence, flags, payload)).unwrap().is(Kind::Probe, Some(15))
        };
        assert!(is_probe(14, 0x10, b""));
        assert!(!is_probe(15, 0x10, b""));
        assert!(!is_probe(14, 0x11, b""));
        assert!(!is_probe(14, 0x18, b"x"));
    }

    #[test]
    fn what_is_no_segment_of_ours_is_none() {
        let whole = packet(40000, PORT, 7, SYN, b"");
        for length in 0..whole.len() {
            assert_eq!(Segment::read(&whole[..length]), None);
        }
        assert_eq!(Segment::read(&packet(40000, 80, 7, SYN, b"")), None);
    }
}
