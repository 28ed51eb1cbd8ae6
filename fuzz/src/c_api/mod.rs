//! Calls the functions of the C library in any order with any arguments that C may pass. Each call must return an error of the header, write its outputs only if it
//! succeeds, and read and free only valid memory. The address sanitiser checks the last condition.

mod server;

use crate::input::Input;
use poolcounter_c_linked::call::{pc_call, pc_call_free, pc_call_progress, pc_call_result, pc_call_text, pc_wait};
use poolcounter_c_linked::client::{
    pc_client, pc_client_abandon, pc_client_acquire, pc_client_acquire_until_signal, pc_client_close,
    pc_client_error_cause, pc_client_error_message, pc_client_error_server, pc_client_free, pc_client_last_error,
    pc_client_new, pc_client_release, pc_client_resume, pc_client_server_count, pc_client_server_name, pc_client_stats,
    pc_string_free,
};
use poolcounter_c_linked::config::{
    pc_config, pc_config_add_ring_server, pc_config_add_server, pc_config_error_cause, pc_config_free, pc_config_new,
    pc_config_set_avoid_for_ms, pc_config_set_await_release, pc_config_set_connect_timeout_ms,
    pc_config_set_connect_twice, pc_config_set_first_answer_timeout_ms, pc_config_set_look_ups_by_caller,
    pc_config_set_max_idle_connections, pc_config_set_max_idle_time_ms, pc_config_set_min_answer_timeout_ms,
};
use poolcounter_c_linked::error::{pc_error, pc_error_message};
use poolcounter_c_linked::event_loop::{
    pc_async, pc_async_abandon, pc_async_acquire, pc_async_close, pc_async_error_cause, pc_async_error_message,
    pc_async_error_server, pc_async_free, pc_async_last_error, pc_async_new, pc_async_release, pc_async_server_count,
    pc_async_server_host, pc_async_server_name, pc_async_stats, pc_looked_up,
};
use poolcounter_c_linked::locks::pc_lock;
use poolcounter_c_linked::request::{pc_release_line, pc_request, pc_request_line};
use poolcounter_c_linked::ring::{pc_ring, pc_ring_add, pc_ring_free, pc_ring_new, pc_ring_node};
use poolcounter_c_linked::values::{pc_outcome, pc_outcome_name, pc_version};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use server::FakeServer;
use std::ffi::{CStr, CString, c_char};
use std::os::fd::BorrowedFd;
use std::ptr::{null, null_mut};

/// The most steps: a silent server costs milliseconds of real time.
const MOST_STEPS: usize = 64;

/// The value of an output before a call.
const UNTOUCHED_LOCK: pc_lock = 0x5a5a_5a5a_5a5a_5a5a;

/// Texts for every text argument.
const TEXTS: [&CStr; 8] = [c"FULL", c"UPTIME", c"x y", c"", c"bad\nname", c"127.0.0.1,::1", c"localhost", c"\xff\xfe"];

/// Valid and invalid servers. None has a name that a resolver would be asked for.
const SERVERS: [&CStr; 6] = [c"127.0.0.1:1", c"localhost:1", c"x y", c"", c"bad\nname", c"\xff\xfe"];

/// Each byte, or a few bytes, is a call.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let server = FakeServer::start();
    let mut program = Program::new(&server);
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        program.step(&mut input);
    }
    // The clients are freed before the server, which waits for them.
    drop(program);
}

/// The variables of the C program.
struct Program {
    server: CString,
    configs: [*mut pc_config; 2],
    clients: [*mut pc_client; 2],
    loops: [*mut pc_async; 2],
    calls: [*mut pc_call; 4],
    locks: Vec<pc_lock>,
}

impl Program {
    fn new(server: &FakeServer) -> Self {
        let server = CString::new(server.name()).expect("no NUL in it");
        let mut new = Self {
            server,
            configs: [null_mut(); 2],
            clients: [null_mut(); 2],
            loops: [null_mut(); 2],
            calls: [null_mut(); 4],
            locks: Vec::new(),
        };
        // The first objects.
        new.configure(0);
        // SAFETY: a configuration, and pointers that are NULL.
        unsafe {
            judge(pc_config_add_server(new.configs[0], new.server.as_ptr()));
            judge(pc_client_new(new.configs[0], &raw mut new.clients[0]));
            judge(pc_async_new(new.configs[0], &raw mut new.loops[0]));
        }
        new
    }

    /// A configuration whose clients wait for milliseconds.
    fn configure(&mut self, place: usize) {
        // SAFETY: the pointer is NULL or a configuration.
        unsafe {
            pc_config_free(&raw mut self.configs[place]);
            assert!(self.configs[place].is_null());
            assert_eq!(judge(pc_config_new(&raw mut self.configs[place])), pc_error::PC_OK);
            let config = self.configs[place];
            judge(pc_config_set_connect_timeout_ms(config, 20));
            judge(pc_config_set_min_answer_timeout_ms(config, 2));
            judge(pc_config_set_first_answer_timeout_ms(config, 2));
            judge(pc_config_set_avoid_for_ms(config, 0));
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.below(13) {
            0 | 1 => self.config(input),
            2..=4 => self.client(input),
            5..=7 => self.event_loop(input),
            8 | 9 => self.call(input),
            10 => {
                // Makes or frees a handle.
                let place = input.below(2);
                // SAFETY: each pointer is NULL or of the type that its `free` takes; a pointer that is overwritten was freed before.
                unsafe {
                    match input.below(6) {
                        0 => self.configure(place),
                        1 => pc_config_free(&raw mut self.configs[place]),
                        2 => pc_client_free(&raw mut self.clients[place]),
                        3 => pc_async_free(&raw mut self.loops[place]),
                        4 => {
                            pc_client_free(&raw mut self.clients[place]);
                            judge(pc_client_new(self.configs[input.below(2)], &raw mut self.clients[place]));
                        }
                        _ => {
                            pc_async_free(&raw mut self.loops[place]);
                            judge(pc_async_new(self.configs[input.below(2)], &raw mut self.loops[place]));
                        }
                    }
                }
            }
            11 => Self::ring(input),
            _ => Self::without_handle(input),
        }
    }

    fn config(&mut self, input: &mut Input<'_>) {
        let config = self.configs[input.below(2)];
        let text = self.server(input);
        let soon = input.one_of(&[1, 2, 0, -1, i64::MAX]);
        let number = input.one_of(&[0, 1, 2, -1, 1_000, i64::MAX, i64::MIN]);
        let switch = input.one_of(&[0, 1, 2, i32::MIN]);
        // SAFETY: NULL or a configuration, and texts that end.
        unsafe {
            let error = match input.below(12) {
                0 | 1 => pc_config_add_server(config, text),
                2 => pc_config_add_ring_server(config, Self::text(input), text, number),
                3 => pc_config_set_connect_timeout_ms(config, soon),
                4 => pc_config_set_min_answer_timeout_ms(config, soon),
                5 => pc_config_set_first_answer_timeout_ms(config, soon),
                6 => pc_config_set_avoid_for_ms(config, soon),
                7 => pc_config_set_max_idle_time_ms(config, number),
                8 => pc_config_set_max_idle_connections(config, number),
                9 => pc_config_set_await_release(config, switch),
                10 => pc_config_set_look_ups_by_caller(config, switch),
                _ => pc_config_set_connect_twice(config, switch),
            };
            judge(error);
            let cause = read(pc_config_error_cause(config));
            assert!(error != pc_error::PC_ERROR_BAD_SERVER || !cause.is_empty());
        }
    }

    fn client(&mut self, input: &mut Input<'_>) {
        let client = self.clients[input.below(2)];
        let what = input.below(10);
        let lock = self.lock(input);
        let (mut granted, mut outcome) = (UNTOUCHED_LOCK, pc_outcome::PC_OUTCOME_STATISTICS);
        // SAFETY: NULL or a client; outputs that live as long as the call; texts that end.
        unsafe {
            match what {
                0..=3 => {
                    let key = key(input);
                    let request = request(input, &key);
                    let error = match what {
                        0 => pc_client_acquire_until_signal(
                            client,
                            &raw const request,
                            &raw mut granted,
                            &raw mut outcome,
                        ),
                        1 if input.flag() => pc_client_resume(client, &raw mut granted, &raw mut outcome),
                        1 => pc_client_acquire(client, &raw const request, null_mut(), &raw mut outcome),
                        _ => pc_client_acquire(client, &raw const request, &raw mut granted, &raw mut outcome),
                    };
                    self.granted(judge(error), granted, outcome);
                }
                4 => {
                    let error = judge(pc_client_release(
                        client,
                        lock,
                        if input.flag() { &raw mut outcome } else { null_mut() },
                    ));
                    if error == pc_error::PC_OK {
                        self.ended(lock);
                    }
                }
                5 => {
                    if judge(pc_client_abandon(client, lock)) == pc_error::PC_OK {
                        self.ended(lock);
                    }
                }
                6 => {
                    let mut stats = null_mut();
                    let error = judge(pc_client_stats(client, input.below(3), Self::text(input), &raw mut stats));
                    assert_eq!(stats.is_null(), error != pc_error::PC_OK);
                    if error == pc_error::PC_OK {
                        read(stats);
                    }
                    pc_string_free(&raw mut stats);
                    assert!(stats.is_null());
                    pc_string_free(&raw mut stats);
                }
                7 => {
                    judge(pc_client_close(client));
                }
                8 => {
                    let place = input.below(3);
                    let name = pc_client_server_name(client, place);
                    assert_eq!(name.is_null(), place >= pc_client_server_count(client));
                    read(name);
                }
                _ => {
                    judge(pc_client_last_error(client));
                }
            }
            read(pc_client_error_message(client));
            read(pc_client_error_server(client));
            read(pc_client_error_cause(client));
        }
    }

    fn event_loop(&mut self, input: &mut Input<'_>) {
        let client = self.loops[input.below(2)];
        let place = input.below(4);
        let what = input.below(8);
        let lock = self.lock(input);
        // SAFETY: NULL or a client; the place was freed; texts that end.
        unsafe {
            if what <= 4 {
                pc_call_free(&raw mut self.calls[place]);
                assert!(self.calls[place].is_null());
            }
            let call = &raw mut self.calls[place];
            match what {
                0..=2 => {
                    let key = key(input);
                    let request = request(input, &key);
                    let error = judge(pc_async_acquire(client, &raw const request, call));
                    assert_eq!(self.calls[place].is_null(), error != pc_error::PC_OK);
                }
                3 => {
                    if judge(pc_async_release(client, lock, call)) == pc_error::PC_OK {
                        self.ended(lock);
                    }
                }
                4 => {
                    judge(pc_async_stats(client, input.below(3), Self::text(input), call));
                }
                5 => {
                    if judge(pc_async_abandon(client, lock)) == pc_error::PC_OK {
                        self.ended(lock);
                    }
                }
                6 => {
                    judge(pc_async_close(client));
                }
                _ => {
                    let place = input.below(3);
                    let name = pc_async_server_name(client, place);
                    assert_eq!(name.is_null(), place >= pc_async_server_count(client));
                    read(name);
                    read(pc_async_server_host(client, place));
                    judge(pc_async_last_error(client));
                }
            }
            read(pc_async_error_message(client));
            read(pc_async_error_server(client));
            read(pc_async_error_cause(client));
        }
    }

    fn call(&mut self, input: &mut Input<'_>) {
        let place = input.below(4);
        let call = self.calls[place];
        let what = input.below(8);
        // SAFETY: NULL or a call, and outputs that live as long.
        unsafe {
            match what {
                0..=2 => progress(call, what == 0),
                3..=5 => {
                    let (mut granted, mut outcome) = (UNTOUCHED_LOCK, pc_outcome::PC_OUTCOME_STATISTICS);
                    let known = self.locks.len();
                    let lock = if what == 3 { null_mut() } else { &raw mut granted };
                    let error = judge(pc_call_result(call, lock, &raw mut outcome));
                    if what != 3 && !self.locks.contains(&granted) {
                        self.granted(error, granted, outcome);
                    }
                    assert!(self.locks.len() <= known + 1);
                }
                6 => read_whole(pc_call_text(call)),
                _ => {
                    pc_call_free(&raw mut self.calls[place]);
                    assert!(self.calls[place].is_null());
                }
            }
        }
    }

    /// A ring lives as long as this step.
    fn ring(input: &mut Input<'_>) {
        let mut ring: *mut pc_ring = null_mut();
        let key = key(input);
        let (mut node, mut line) = (usize::MAX, null_mut());
        // SAFETY: NULL or a ring; outputs that live as long; texts that end.
        unsafe {
            let error = judge(pc_ring_new(input.one_of(&[1, 100, 0, -1, 1_001, i64::MAX]), &raw mut ring));
            assert_eq!(ring.is_null(), error != pc_error::PC_OK);
            let mut nodes = 0;
            for _ in 0..input.below(4) {
                let added = judge(pc_ring_add(ring, Self::text(input), input.one_of(&[1, 2, 0, -1, 1_001, i64::MIN])));
                nodes += usize::from(added == pc_error::PC_OK);
            }
            let found = judge(pc_ring_node(ring, key.as_ptr().cast(), key.len(), &raw mut node));
            assert_eq!(found == pc_error::PC_OK, node < nodes);
            pc_ring_free(&raw mut ring);
            assert!(ring.is_null());
            let request = request(input, &key);
            let error = judge(pc_request_line(&raw const request, &raw mut line));
            assert_eq!(line.is_null(), error != pc_error::PC_OK);
            if error == pc_error::PC_OK {
                assert!(CStr::from_ptr(line).to_bytes().ends_with(b"\n"));
            }
            pc_string_free(&raw mut line);
            read(pc_release_line());
        }
    }

    fn without_handle(input: &mut Input<'_>) {
        let number = i32::from(input.byte()) - 10;
        let (host, addresses, cause) = (input.one_of(&TEXTS), input.one_of(&TEXTS), input.one_of(&TEXTS));
        let addresses = if input.flag() { null() } else { addresses.as_ptr() };
        // SAFETY: texts that end.
        unsafe {
            read(pc_error_message(number));
            read(pc_outcome_name(number));
            read(pc_version());
            judge(pc_looked_up(host.as_ptr(), addresses, if input.flag() { null() } else { cause.as_ptr() }));
            // NULL for every pointer is an error, or does nothing.
            pc_client_free(null_mut());
            pc_string_free(null_mut());
            assert_eq!(pc_call_progress(null_mut(), null_mut()), pc_error::PC_ERROR_NULL);
            assert_eq!(pc_client_acquire(null_mut(), null(), null_mut(), null_mut()), pc_error::PC_ERROR_NULL);
        }
    }

    /// The outputs of an acquire.
    fn granted(&mut self, error: pc_error, lock: pc_lock, outcome: pc_outcome) {
        if error != pc_error::PC_OK {
            assert_eq!((lock, outcome), (UNTOUCHED_LOCK, pc_outcome::PC_OUTCOME_STATISTICS), "an output of an error");
        } else if outcome == pc_outcome::PC_OUTCOME_LOCKED {
            assert!(lock != 0 && !self.locks.contains(&lock), "the number of an earlier lock");
            self.locks.push(lock);
        } else {
            assert_eq!(lock, 0);
        }
    }

    /// The lock is gone, and its number is not valid any more.
    fn ended(&mut self, lock: pc_lock) {
        assert!(self.locks.contains(&lock), "a lock that was not held");
        // SAFETY: NULL or a client.
        unsafe {
            for client in self.clients {
                assert_ne!(pc_client_abandon(client, lock), pc_error::PC_OK);
            }
            for client in self.loops {
                assert_ne!(pc_async_abandon(client, lock), pc_error::PC_OK);
            }
        }
    }

    /// The number of a granted lock of any client, held or not; or no lock.
    fn lock(&self, input: &mut Input<'_>) -> pc_lock {
        let place = input.below(8);
        self.locks.iter().rev().nth(place).copied().unwrap_or([0, 1, u64::MAX][place % 3])
    }

    fn server(&self, input: &mut Input<'_>) -> *const c_char {
        match input.below(12) {
            0 => null(),
            place => SERVERS.get(place - 1).map_or(self.server.as_ptr(), |server| server.as_ptr()),
        }
    }

    fn text(input: &mut Input<'_>) -> *const c_char {
        TEXTS.get(input.below(TEXTS.len() + 1)).map_or(null(), |text| text.as_ptr())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: each pointer is NULL or of the type that its `free` takes. Calls may outlive their clients.
        unsafe {
            for client in &mut self.clients {
                pc_client_free(client);
            }
            for client in &mut self.loops {
                pc_async_free(client);
            }
            for call in &mut self.calls {
                pc_call_free(call);
            }
            for config in &mut self.configs {
                pc_config_free(config);
            }
        }
    }
}

/// Checks that the error is in the header, and not a fault of the library.
fn judge(error: pc_error) -> pc_error {
    assert!(error != pc_error::PC_ERROR_INTERNAL, "a fault of the library");
    assert!(error != pc_error::PC_ERROR_IN_USE, "no other thread uses it");
    error
}

/// A text that C reads.
///
/// # Safety
///
/// It is NULL, or ends.
unsafe fn read(text: *const c_char) -> String {
    // SAFETY: the caller's.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}

/// # Safety
///
/// It ends.
unsafe fn read_whole(text: *const c_char) {
    assert!(!text.is_null());
    // SAFETY: the caller's.
    unsafe { read(text) };
}

/// A key, which decides the server's answer, or an invalid key; its bytes do not end with NUL.
fn key(input: &mut Input<'_>) -> Box<[u8]> {
    let length = input.below(4);
    match input.byte() {
        255 => vec![b'k'; 1_100].into(),
        254 => b"a\nb".to_vec().into(),
        first => [&[b"ldqthegsc "[usize::from(first) % 10]], input.bytes(length)].concat().into(),
    }
}

/// A request; its key must outlive it. Its waits take only milliseconds.
fn request(input: &mut Input<'_>, key: &[u8]) -> pc_request {
    let bits = input.byte();
    let timeout_seconds = [0, 0, 1, -1][usize::from(bits & 3)];
    // A program of another version has another size, and no program has a size of 3.
    let whole = u32::try_from(size_of::<pc_request>()).expect("a small struct");
    pc_request {
        size: if bits == 255 { 3 } else { whole },
        mode: [1, 2, 1, 0][usize::from(bits >> 2 & 3)],
        key: if bits >> 4 == 15 { null() } else { key.as_ptr().cast() },
        key_length: key.len(),
        workers: [1, 1, 0, -1][usize::from(bits >> 4 & 3)],
        maxqueue: [1, 100, i64::from(u32::MAX), i64::MAX][usize::from(bits >> 6)],
        timeout_seconds,
        answer_timeout_ms: if timeout_seconds == 1 { 2 } else { [0, 1, -1, i64::MAX][usize::from(bits >> 5 & 3)] },
    }
}

/// # Safety
///
/// NULL or a call.
unsafe fn progress(call: *mut pc_call, to_the_end: bool) {
    let size = u32::try_from(size_of::<pc_wait>()).expect("a small struct");
    let mut wait = pc_wait { size, finished: 0, descriptor: -1, direction: 0, timeout_ms: 0, look_up: -1 };
    for _ in 0..200 {
        // SAFETY: the caller's, and a place that lives as long.
        if judge(unsafe { pc_call_progress(call, &raw mut wait) }) != pc_error::PC_OK || wait.finished == 1 {
            assert!(call.is_null() || (wait.descriptor, wait.timeout_ms) == (-1, -1));
            return;
        }
        assert!(wait.timeout_ms >= 0);
        if !to_the_end {
            return;
        }
        let flags =
            [PollFlags::empty(), PollFlags::IN, PollFlags::OUT][usize::try_from(wait.direction).expect("0 to 2")];
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.timeout_ms.min(30)) * 1_000_000 };
        if wait.descriptor >= 0 {
            // SAFETY: it is open until the call continues.
            let descriptor = unsafe { BorrowedFd::borrow_raw(wait.descriptor) };
            let mut watched = [PollFd::from_borrowed_fd(descriptor, flags)];
            // The fuzzer's alarm interrupts a call now and then.
            retry_on_intr(|| poll(&mut watched, Some(&timeout))).expect("it is open");
        } else {
            retry_on_intr(|| poll(&mut [], Some(&timeout))).expect("nothing to fail");
        }
    }
    panic!("a call without end");
}
