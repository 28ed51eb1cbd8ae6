//! A name server that can be slow, silent or broken.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// The address at which the system's resolver asks.
const PLACE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 53);

const A: u16 = 1;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// How it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    #[default]
    Prompt,
    After(Duration),
    Failing,
    Silent,
}

/// The name server, in a thread of its own.
#[derive(Debug)]
pub(super) struct Resolver(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    manner: Manner,
    names: BTreeMap<String, Vec<Ipv4Addr>>,
    /// How many questions for the IPv4 addresses of a name have come.
    asked: BTreeMap<String, usize>,
}

impl Resolver {
    pub(super) fn start() -> Result<Self> {
        let socket = Arc::new(UdpSocket::bind(PLACE).context("cannot be a name server")?);
        let state = Arc::new(Mutex::new(State::default()));
        let resolver = Self(Arc::clone(&state));
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                answer(&socket, &state, &buffer[..length], from);
            }
        });
        Ok(resolver)
    }

    pub(super) fn set_manner(&self, manner: Manner) {
        locked(&self.0).manner = manner;
    }

    pub(super) fn set_name(&self, name: &str, addresses: Vec<Ipv4Addr>) {
        locked(&self.0).names.insert(name.to_owned(), addresses);
    }

    pub(super) fn asked(&self, name: &str) -> usize {
        locked(&self.0).asked.get(name).copied().unwrap_or(0)
    }

    /// Resets the counters.
    pub(super) fn count_anew(&self) {
        locked(&self.0).asked.clear();
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // No thread panics while it holds the lock.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(socket: &Arc<UdpSocket>, state: &Mutex<State>, question: &[u8], from: SocketAddr) {
    let Some((name, kind)) = asked(question) else { return };
    let mut state = locked(state);
    if kind == A {
        *state.asked.entry(name.clone()).or_default() += 1;
    }
    let reply = match (state.manner, state.names.get(&name)) {
        (Manner::Failing, _) => reply(question, SERVER_FAILURE, &[]),
        (_, None) => reply(question, NO_SUCH_NAME, &[]),
        (_, Some(addresses)) => reply(question, 0, if kind == A { addresses } else { &[] }),
    };
    let socket = Arc::clone(socket);
    // The asking process may have ended; then the answer is lost.
    let send = move || drop(socket.send_to(&reply, from));
    match state.manner {
        Manner::Prompt | Manner::Failing => send(),
        Manner::Silent => {}
        Manner::After(time) => drop(thread::spawn(move || {
            thread::sleep(time);
            send();
        })),
    }
}

/// The name of the only question, and the kind of record.
fn asked(message: &[u8]) -> Option<(String, u16)> {
    let mut labels = Vec::new();
    let mut rest = message.get(12..)?;
    loop {
        let (&length, after) = rest.split_first()?;
        if length == 0 {
            rest = after;
            break;
        }
        let (label, after) = after.split_at_checked(length.into())?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = after;
    }
    Some((labels.join("."), u16::from_be_bytes([*rest.first()?, *rest.get(1)?])))
}

fn reply(question: &[u8], code: u8, addresses: &[Ipv4Addr]) -> Vec<u8> {
    let mut end = 12;
    while let Some(&length) = question.get(end).filter(|length| **length > 0) {
        end += usize::from(length) + 1;
    }
    let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
    let mut reply = question[..2].to_vec();
    // A response to a recursive question, with one question and this number of answers.
    reply.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(question.get(12..end + 5).unwrap_or_default());
    for address in &addresses[..count.into()] {
        // The name of the question, type A, class IN, time to live 0.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend(address.octets());
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x04Pool\x04test\0\0\x01\0\x01";

    #[test]
    fn a_question_is_read() {
        assert_eq!(asked(QUESTION), Some(("pool.test".to_owned(), A)));
        for length in 0..QUESTION.len() - 3 {
            assert_eq!(asked(&QUESTION[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_reply_repeats_the_question() {
        let reply = reply(QUESTION, 0, &[Ipv4Addr::new(10, 9, 1, 2)]);
        assert_eq!(&reply[..12], b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0");
        assert_eq!(&reply[12..27], &QUESTION[12..]);
        assert_eq!(&reply[27..], b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x0a\x09\x01\x02");
    }
}
