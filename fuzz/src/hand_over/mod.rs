//! The daemon's hand-over: any state must be refused or valid; any parcel must be refused or give its descriptors, and no descriptor may be lost.

// The daemon is a program, not a library. These files import no other file of it, so they are included, and nothing in the daemon becomes public.
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the daemon uses more of it")]
#[path = "../../../daemon/src/hand_over/parcel.rs"]
mod parcel;
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the daemon uses more of it")]
#[path = "../../../daemon/src/saved/mod.rs"]
mod saved;

use crate::input::Input;
use crate::life::{SEED, goes_on};
use poolcounter::table::write_section;
use rustix::fs::{Mode, OFlags, open};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg, socketpair,
};
use saved::{MAGIC, ResumedClient, SavedClient, State, UnfinishedLine, write};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The input: whether it is a parcel, or how the state is made; and then the parcel or the state.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() {
        form if form & 3 == 3 => check_parcel(&mut input),
        form => check_state(form, &mut input),
    }
}

fn check_state(form: u8, input: &mut Input<'_>) {
    let length = input.below(32);
    let steps = [&[31][..], input.bytes(length)].concat();
    let bytes = match form & 3 {
        0 => input.rest().to_vec(),
        1 => of_sections(input, form & 4 != 0),
        // Version 1 has no sections.
        _ => [MAGIC, &[1], input.rest()].concat(),
    };
    let Ok(read) = State::read(&bytes, SEED) else { return };
    let State { listeners, clients, table, admin, acts } = read;
    assert_eq!(clients.len(), table.clients().len());
    let saved = |client: ResumedClient| SavedClient {
        number: client.number,
        line: UnfinishedLine::of(&client.lines),
        unsent: client.unsent,
    };
    let clients: Vec<SavedClient> = clients.into_iter().map(saved).collect();
    assert!(clients.iter().all(|client| !matches!(&client.line, UnfinishedLine::Bytes(bytes) if bytes.len() >= 1024)));
    let written = write(&listeners, &clients, &table, admin.as_ref(), &acts).expect("what was read");
    let again = State::read(&written, SEED).expect("what was written");
    assert_eq!((again.listeners, again.admin, again.acts), (listeners, admin, acts));
    assert_eq!(again.clients.into_iter().map(saved).collect::<Vec<_>>(), clients);
    assert_eq!(again.table.snapshot(), table.snapshot());
    goes_on(table, &mut Input::new(&steps));
}

/// Version 2, with valid lengths of all sections, also those of the table and of the admin interface.
fn of_sections(input: &mut Input<'_>, with_admin: bool) -> Vec<u8> {
    let mut content = || {
        let length = usize::from(input.short());
        input.bytes(length)
    };
    let (listeners, clients, claims) = (content(), content(), content());
    let admin = if with_admin { vec![(4, content()), (5, content()), (6, content())] } else { Vec::new() };
    let join = |start: &[u8], sections: &[(u8, &[u8])]| {
        sections.iter().fold(start.to_vec(), |bytes, (tag, content)| {
            write_section(*tag, content, bytes).expect("there is room for it")
        })
    };
    let table = join(&[2], &[(1, claims), (2, input.rest())]);
    join(&[MAGIC, &[2]].concat(), &[&[(1, listeners), (2, clients), (3, &table)], &admin[..]].concat())
}

/// Each byte is a message of the outer socket, with this number of descriptors: of sockets with content, or without.
fn check_parcel(input: &mut Input<'_>) {
    let lowest = null().as_raw_fd();
    {
        let sealed = input.flag();
        let (inlet, outlet) = pair();
        let mut expected = Some(0);
        for _ in 0..input.below(6) {
            let crates: Vec<(OwnedFd, Option<usize>)> = (0..input.below(4)).map(|_| a_crate(input)).collect();
            send(&inlet, &crates.iter().map(|(outlet, _)| outlet).collect::<Vec<_>>());
            expected = crates.iter().fold(expected, |sum, (_, holds)| Some(sum? + (*holds)?));
        }
        if !sealed {
            // The stream has no end as long as a sender is open.
            assert!(parcel::unpack(&outlet).is_err());
        }
        drop(inlet);
        if sealed {
            assert_eq!(parcel::unpack(&outlet).ok().map(|descriptors| descriptors.len()), expected);
        }
    }
    assert_eq!(null().as_raw_fd(), lowest, "a descriptor was left open");
}

/// An item of a parcel, and how many descriptors it gives. An item that is not a socket, or whose stream has no end, gives none.
fn a_crate(input: &mut Input<'_>) -> (OwnedFd, Option<usize>) {
    let kind = input.byte();
    if kind & 7 == 7 {
        return (null(), None);
    }
    let (inlet, outlet) = pair();
    let mut holds = 0;
    for _ in 0..(kind >> 4) & 3 {
        let descriptors: Vec<OwnedFd> = (0..input.below(5)).map(|_| null()).collect();
        send(&inlet, &descriptors.iter().collect::<Vec<_>>());
        holds += descriptors.len();
    }
    (outlet, Some(holds))
}

fn null() -> OwnedFd {
    open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).expect("it is always there")
}

fn pair() -> (OwnedFd, OwnedFd) {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).expect("two descriptors")
}

fn send(inlet: &OwnedFd, descriptors: &[&OwnedFd]) {
    let descriptors: Vec<_> = descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
    }
    sendmsg(inlet, &[IoSlice::new(b"+")], &mut ancillary, SendFlags::empty()).expect("a message");
}
