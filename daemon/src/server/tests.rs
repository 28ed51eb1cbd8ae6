//! The order of answers while a long run of wake-ups is sent, and what happens to clients meanwhile. `docs/compatibility.md` has the rules.

use super::outbox::SLICE;
use super::*;
use crate::saved::UnfinishedLine;
use crate::tasks::reader::Reader;
use poolcounter::protocol::Response;
use poolcounter::table::ClaimState;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::{Context, Waker};
use tokio::runtime::{Builder, LocalOptions};

/// How many clients wait for a key: more than one slice tells.
const CROWD: usize = 3 * SLICE;

/// How long a test waits for an expected answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Both ends of a client's connection.
struct Client {
    socket: UnixStream,
    connection: Rc<Connection>,
}

struct Scene(Rc<Server>);

/// Runs a test's steps with a server. No task runs by itself.
fn scene(story: impl FnOnce(&Scene)) {
    scene_with_tasks(async |scene| story(scene));
}

/// The same, but tasks run whenever the test waits.
fn scene_with_tasks(story: impl AsyncFnOnce(&Scene)) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async { story(&Scene(Server::new())).await });
}

impl Scene {
    fn client(&self) -> Client {
        let (socket, served) = UnixStream::pair().expect("a pair");
        for end in [&socket, &served] {
            end.set_nonblocking(true).expect("an end that does not block");
        }
        let served = tokio::net::UnixStream::from_std(served).expect("a served socket");
        let connection = self.0.connect(Socket::Unix(served)).expect("no limit");
        Client { socket, connection }
    }

    /// The client sends this, and the daemon reads it unless the client is paused.
    fn send(&self, client: &Client, lines: &str) {
        (&client.socket).write_all(lines.as_bytes()).expect("room");
        if !client.connection.is_paused() {
            self.0.receive(&client.connection, Socket::read_unasked);
        }
    }

    /// A client that holds the key `page`, and a crowd that waits for it.
    fn stampede(&self) -> (Client, Vec<Client>) {
        let holder = self.client();
        let crowd = self.crowd(&holder, "page");
        (holder, crowd)
    }

    /// Gives a client this key, and has a crowd wait for it.
    fn crowd(&self, holder: &Client, key: &str) -> Vec<Client> {
        let acquire = format!("ACQ4ANY {key} 1 1000 60\n");
        self.send(holder, &acquire);
        assert_eq!(holder.received(), "LOCKED\n");
        let crowd: Vec<_> = (0..CROWD).map(|_| self.client()).collect();
        for client in &crowd {
            self.send(client, &acquire);
        }
        crowd
    }

    fn leave(&self, client: &Client) {
        self.0.client_left(&client.connection);
    }

    /// Sends the whole outbox. Gives the number of slices.
    fn finish(&self) -> usize {
        let mut slices = 1;
        while self.0.deliver(Duration::ZERO) {
            slices += 1;
        }
        slices
    }

    fn held(&self) -> Vec<String> {
        let hub = self.0.hub.borrow();
        let mut keys: Vec<_> = hub.table.pools().map(|pool| String::from_utf8_lossy(pool.key()).into_owned()).collect();
        keys.sort();
        keys
    }
}

impl Client {
    fn received(&self) -> String {
        let mut bytes = [0; 4096];
        let length = (&self.socket).read(&mut bytes).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// Fills the client's socket, as if the client did not read.
    fn clog(&self) {
        while matches!(self.connection.socket.send(&[b'x'; 4096]), Ok(1..)) {}
    }
}

fn told(crowd: &[Client]) -> usize {
    crowd.iter().filter(|client| client.received() == "DONE\n").count()
}

#[test]
fn others_are_served_between_the_slices() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        let other = scene.client();
        scene.send(&holder, "RELEASE\n");
        assert_eq!(told(&crowd), SLICE);
        scene.send(&other, "ACQ4ME page 1 9 0\n");
        assert_eq!(other.received(), "LOCKED\n");
        assert!(scene.0.deliver(Duration::ZERO));
        // The oldest waiters are told first, the releaser last.
        assert_eq!([told(&crowd[SLICE..2 * SLICE]), told(&crowd[2 * SLICE..])], [SLICE, 0]);
        assert_eq!(holder.received(), "");
        assert_eq!(scene.finish(), 2);
        assert_eq!(told(&crowd[2 * SLICE..]), SLICE);
        assert_eq!(holder.received(), "RELEASED\n");
    });
}

#[test]
fn slices_are_sent_for_as_long_as_others_have_worked() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        assert!(!scene.0.deliver(Duration::from_mins(1)));
        assert_eq!(told(&crowd), CROWD);
    });
}

#[test]
fn a_wakeup_comes_before_later_answers_of_its_client() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        let last = &crowd[CROWD - 1];
        scene.send(last, "ACQ4ME other 1 1 0\nRELEASE\n");
        // The table has executed the lines already.
        assert_eq!(scene.held(), [""; 0]);
        scene.send(last, "RELEASE\n");
        scene.finish();
        assert_eq!(last.received(), "DONE\nLOCKED\nRELEASED\n");
        // Bytes that the client sent after those lines are read now.
        assert!(!last.connection.is_paused());
        scene.0.read(&last.connection);
        scene.0.receive(&last.connection, Socket::read_unasked);
        assert_eq!(last.received(), "NOT_LOCKED\n");
    });
}

#[test]
fn a_later_wakeup_comes_after_the_answers_before_it() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        let second = scene.client();
        scene.send(&second, "ACQ4ME slow 1 9 60\n");
        scene.send(&holder, "RELEASE\n");
        let last = &crowd[CROWD - 1];
        scene.send(last, "STATS total_releases\nACQ4ME slow 1 9 60\n");
        scene.send(&second, "RELEASE\n");
        scene.finish();
        assert_eq!(last.received(), "DONE\ntotal_releases: 1\nLOCKED\n");
        assert_eq!(second.received(), "LOCKED\nRELEASED\n");
    });
}

#[test]
fn further_lines_of_the_releaser_wait() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        let slow = &crowd[CROWD - 1];
        scene.send(&holder, "STATS failed_sends\nRELEASE\nSTATS failed_sends\nACQ4ME page 1 9 0\nREL");
        slow.clog();
        let other = scene.client();
        scene.send(&other, "ACQ4ME page 1 9 0\n");
        scene.finish();
        // The daemon notices that a client does not read only when it sends to it.
        assert_eq!(holder.received(), "failed_sends: 0\nRELEASED\nfailed_sends: 1\nTIMEOUT\n");
        scene.send(&holder, "EASE\n");
        assert_eq!(holder.received(), "NOT_LOCKED\n");
    });
}

#[test]
fn a_releaser_that_reads_late_misses_no_answer() {
    scene(|scene| {
        let holder = scene.client();
        let crowds = ["later", "first"].map(|key| scene.crowd(&holder, key));
        scene.send(&holder, "RELEASE\nRELEASE\nACQ4ME late 1 1 0\n");
        holder.clog();
        scene.finish();
        assert_eq!(crowds.map(|crowd| told(&crowd)), [CROWD, CROWD]);
        let unsent = holder.connection.saved().and_then(|saved| saved.unsent).expect("unsent answers");
        assert_eq!(String::from_utf8_lossy(&unsent.bytes), "RELEASED\nRELEASED\nLOCKED\n");
    });
}

/// Bytes that the socket did not take are sent as soon as possible, also while later answers are in the outbox.
#[test]
fn a_releaser_that_begins_to_read_is_answered() {
    scene_with_tasks(async |scene| {
        let holder = scene.client();
        let crowds = ["later", "first"].map(|key| scene.crowd(&holder, key));
        scene.send(&holder, "RELEASE\nRELEASE\n");
        holder.clog();
        while told(&crowds[0]) == 0 {
            assert!(scene.0.deliver(Duration::ZERO));
        }
        Reader::spawn(&scene.0, Rc::clone(&holder.connection));
        let answer = async || {
            loop {
                let received = holder.received().replace('x', "");
                if !received.is_empty() {
                    break received;
                }
                tokio::task::yield_now().await;
            }
        };
        let answered = async |lines| assert_eq!(tokio::time::timeout(PATIENCE, answer()).await.as_deref(), Ok(lines));
        answered("RELEASED\n").await;
        assert!(holder.connection.is_paused());
        scene.finish();
        answered("RELEASED\n").await;
        (&holder.socket).write_all(b"RELEASE\n").expect("room");
        answered("NOT_LOCKED\n").await;
    });
}

#[test]
fn all_lines_of_a_releaser_that_has_left_are_handled() {
    scene(|scene| {
        let holder = scene.client();
        let crowds = ["later", "first"].map(|key| scene.crowd(&holder, key));
        scene.send(&holder, "RELEASE\nRELEASE\n");
        let Client { socket, connection } = holder;
        drop(socket);
        scene.finish();
        // The first client of the later crowd gets no `LOCKED`, but `DONE`.
        assert_eq!(crowds.map(|crowd| told(&crowd)), [CROWD, CROWD]);
        assert_eq!(connection.client(), None);
        assert_eq!(scene.held(), [""; 0]);
    });
}

#[test]
fn a_number_that_is_given_anew_brings_nothing_of_its_last_client() {
    scene(|scene| {
        let (holder, mut crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        let number = crowd[CROWD - 1].connection.client();
        scene.leave(&crowd.remove(CROWD - 1));
        let newcomer = scene.client();
        assert_eq!(newcomer.connection.client(), number);
        scene.finish();
        assert_eq!(newcomer.received(), "");
        assert_eq!(told(&crowd), CROWD - 1);
        assert_eq!(holder.received(), "RELEASED\n");
    });
}

#[test]
fn who_ends_its_stream_is_told_before_the_connection_ends() {
    scene(|scene| {
        let (holder, mut crowd) = scene.stampede();
        let (last, next) = (crowd.remove(CROWD - 1), scene.client());
        scene.send(&last, "STATS total_acquired\n");
        assert_eq!(last.received(), "total_acquired: 1\n");
        scene.send(&next, "ACQ4ME page 1 1000 60\n");
        scene.send(&holder, "RELEASE\n");
        let Client { socket, connection } = last;
        scene.0.client_left(&connection);
        drop(connection);
        scene.finish();
        let mut received = String::new();
        (&socket).read_to_string(&mut received).expect("the end of the stream");
        assert_eq!(received, "DONE\n");
        assert_eq!(next.received(), "LOCKED\n");
    });
}

/// Otherwise a daemon without a free descriptor would try to accept a client after every slice, and fail.
#[test]
fn a_descriptor_is_said_to_be_free_only_when_one_is() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        let mut context = Context::from_waker(Waker::noop());
        let mut freed = pin!(scene.0.accept_pause.may_accept_again());
        assert!(freed.as_mut().poll(&mut context).is_pending());
        assert!(scene.0.deliver(Duration::ZERO));
        assert!(freed.as_mut().poll(&mut context).is_pending());
        scene.leave(&crowd[CROWD - 1]);
        let mut freed = pin!(scene.0.accept_pause.may_accept_again());
        assert!(freed.as_mut().poll(&mut context).is_pending());
        scene.finish();
        assert!(freed.as_mut().poll(&mut context).is_ready());
    });
}

/// A client that only waits, and is woken again and again, has no answers of its own.
#[test]
fn nobody_fills_the_outbox() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        let last = &crowd[CROWD - 1];
        let others: Vec<_> = (0..20).map(|_| scene.client()).collect();
        for (number, other) in others.iter().enumerate() {
            let acquire = format!("ACQ4ANY {number} 1 9 60\n");
            scene.send(other, &acquire);
            scene.send(last, &acquire);
            scene.send(other, "RELEASE\n");
            assert!(last.connection.expected() <= 4);
        }
        scene.finish();
        assert_eq!(last.received(), "DONE\nDONE\nDONE\n");
        // Bytes that the client has sent since then are read now.
        assert!(!last.connection.is_paused());
        scene.0.receive(&last.connection, Socket::read_unasked);
        assert!(last.received().starts_with("LOCKED\n"));
    });
}

#[test]
fn who_expects_a_message_is_not_idle() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\n");
        assert!(!holder.connection.is_at_rest());
        assert!(crowd[0].connection.is_at_rest());
        assert!(!crowd[CROWD - 1].connection.is_at_rest());
        scene.finish();
        assert!(holder.connection.is_at_rest());
        assert!(crowd[CROWD - 1].connection.is_at_rest());
    });
}

#[test]
fn a_slow_reader_in_the_middle_loses_its_locks_alone() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        let (slow, heir) = (scene.client(), scene.client());
        scene.send(&slow, "ACQ4ME inherited 1 9 0\nACQ4ANY page 1 1000 60\n");
        scene.send(&heir, "ACQ4ME inherited 1 9 60\n");
        slow.clog();
        scene.send(&holder, "RELEASE\n");
        scene.finish();
        assert_eq!(slow.connection.client(), None);
        assert_eq!(told(&crowd), CROWD);
        assert_eq!(heir.received(), "LOCKED\n");
        assert_eq!(holder.received(), "RELEASED\n");
        scene.leave(&slow);
        assert_eq!(scene.held(), ["inherited"]);
    });
}

/// Such a socket need not come to an end: its client could hold a lock that it knows nothing of.
#[test]
fn who_no_longer_reads_from_a_unix_socket_is_not_granted_a_lock() {
    scene(|scene| {
        let [holder, deaf, heir] = [scene.client(), scene.client(), scene.client()];
        for client in [&holder, &deaf, &heir] {
            scene.send(client, "ACQ4ME page 1 9 60\n");
        }
        deaf.socket.shutdown(std::net::Shutdown::Read).expect("a socket");
        scene.send(&holder, "RELEASE\n");
        scene.finish();
        assert_eq!(deaf.connection.client(), None);
        assert_eq!(heir.received(), "LOCKED\n");
    });
}

#[test]
fn a_time_out_in_the_middle_comes_behind_what_was_due_before() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        let (owner, late) = (scene.client(), scene.client());
        scene.send(&owner, "ACQ4ME other 1 9 60\n");
        scene.send(&late, "ACQ4ME other 1 9 5\n");
        scene.send(&holder, "RELEASE\n");
        {
            let mut hub = scene.0.hub.borrow_mut();
            let now = clock::now().after_secs(6);
            hub.expire(now);
        }
        assert_eq!(late.received(), "");
        scene.finish();
        assert_eq!(told(&crowd), CROWD);
        assert_eq!(late.received(), "TIMEOUT\n");
    });
}

#[test]
fn all_is_told_before_the_state_is_written_down() {
    scene(|scene| {
        let (holder, crowd) = scene.stampede();
        scene.send(&holder, "RELEASE\nACQ4ME next 1 1 0\nREL");
        scene.0.deliver_all();
        assert_eq!(told(&crowd), CROWD);
        assert_eq!(holder.received(), "RELEASED\nLOCKED\n");
        let saved = holder.connection.saved().expect("a client");
        assert_eq!((saved.line, saved.unsent), (UnfinishedLine::Bytes(b"REL".to_vec()), None));
        assert!(scene.0.with_state(|table, _| table.snapshot()).is_ok());
    });
}

#[test]
fn nothing_is_done_for_a_client_after_it_was_dropped() {
    scene(|scene| {
        let (bystander, gone) = (scene.client(), scene.client());
        scene.send(&bystander, "ACQ4ME mine 1 1 0\n");
        scene.send(&gone, "ACQ4ME page 1 1 0\n");
        let broken = || io::Error::from(io::ErrorKind::WouldBlock);
        scene.0.unsent_failed(&gone.connection, &broken());
        assert_eq!(scene.held(), ["mine"]);
        // Every kind of step that may follow, twice.
        let now = clock::now();
        for _ in 0..2 {
            let mut hub = scene.0.hub.borrow_mut();
            hub.handle(&gone.connection, b"ACQ4ME page 1 1 0\n", &mut Vec::new());
            let Hub { table, outbox, .. } = &mut *hub;
            outbox.answer(&gone.connection, b"LOCKED\n", table, now);
            outbox.answer_later(&gone.connection, b"LOCKED\n", b"RELEASE\n");
            outbox.tell(&gone.connection, &Response::Done, table, now);
            hub.expire(now);
            drop(hub);
            scene.0.read(&gone.connection);
            scene.0.client_left(&gone.connection);
        }
        scene.finish();
        let failed = scene.0.hub.borrow().table.statistics().answer(b"failed_sends", 0, now);
        assert_eq!(failed.as_bytes(), b"failed_sends: 1\n");
        let hub = scene.0.hub.borrow();
        let locks: Vec<_> = hub.table.clients().flat_map(|client| client.claims()).map(|lock| lock.state).collect();
        assert_eq!(locks, [ClaimState::Held]);
    });
}

/// Clients do random things while slices are sent: each gets all its answers, once and not too early.
#[test]
fn answers_keep_the_order_of_the_commands() {
    const LINES: [&str; 7] = [
        "ACQ4ANY a 1 1000 60\n",
        "ACQ4ANY a 2 1000 60\n",
        "ACQ4ME a 1 1000 60\n",
        "ACQ4ANY b 1 1000 60\n",
        "RELEASE\n",
        "RELEASE\n",
        "STATS failed_sends\n",
    ];
    // Answers to acquires are not checked here: they may be wake-ups, and a release may remove them.
    let mark = |line: &str| match line.split([' ', ':']).next() {
        Some("RELEASE" | "RELEASED" | "NOT_LOCKED") => Some('R'),
        Some("STATS" | "failed_sends") => Some('S'),
        _ => None,
    };
    let marks = |text: &str| text.lines().filter_map(mark).collect::<String>();
    scene(|scene| {
        let mut state = 1_u32;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        let read = |client: &Client| {
            if !client.connection.is_paused() {
                scene.0.receive(&client.connection, Socket::read_unasked);
            }
        };
        // A client, the bytes that it has sent, and those that it has received.
        let newcomer = || (scene.client(), String::new(), String::new());
        let mut clients: Vec<_> = (0..30 * SLICE).map(|_| newcomer()).collect();
        for _ in 0..30_000 {
            let place = random(clients.len());
            let (client, sent, received) = &mut clients[place];
            match random(20) {
                0 => {
                    scene.leave(client);
                    clients[place] = newcomer();
                }
                1..3 => drop(scene.0.deliver(Duration::ZERO)),
                3..8 => read(client),
                8..12 => received.push_str(&client.received()),
                _ => {
                    let lines: String = (0..=random(4)).map(|_| LINES[random(LINES.len())]).collect();
                    scene.send(client, &lines);
                    sent.push_str(&lines);
                }
            }
        }
        // A paused client is read from when the outbox is empty, and may fill it again.
        for (client, ..) in clients.iter().cycle().take(10 * clients.len()) {
            scene.finish();
            read(client);
        }
        scene.finish();
        for (client, sent, mut received) in clients {
            received.push_str(&client.received());
            assert_eq!(marks(&received), marks(&sent));
            assert!(!client.connection.is_paused());
        }
    });
}
