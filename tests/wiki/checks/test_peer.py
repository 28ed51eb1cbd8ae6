"""The same stories with MediaWiki's own client and with ours: every Status and every line of the protocol must be the same."""

import contextlib
import socket
import time
import unittest

from loopback import PORT, free_address
from stage.daemon import Client, Daemon
from stage.puppet import Puppet
from stage.waiting import until
from stage.wiki import Wiki, conf
from stage.wire import Recorder

OWN, OURS = "PoolCounter_Client", "PoolCounterNative"

# The pool types of all stories.
TYPES = {
    "Plain": {"timeout": 10},
    "Two": {"workers": 2, "timeout": 10},
    "Short": {"timeout": 2},
    "Narrow": {"maxqueue": 1, "timeout": 10},
    "Broken": {"workers": 0, "timeout": 10},
    "Slotted": {"slots": 7, "timeout": 10},
    "nowait": {"timeout": 10},
    "Instant": {"timeout": 0},
}


class Stage:
    """The stage of a story: the puppet, another client, and the daemon."""

    def __init__(self, puppet, daemon):
        self.puppet = puppet
        self.daemon = daemon
        self.outcomes = []

    def make(self, type_, key):
        """Makes a counter, named by its key."""
        self.puppet.make(type_, key)

    def do(self, what, key, **more):
        """Calls a method of a counter and notes its Status."""
        self.outcomes.append((what, key, self.puppet.ask(what, name=key, **more)))

    @contextlib.contextmanager
    def waiting(self, what, key, **more):
        """Calls a method that waits; the block has the actions during the wait."""
        self.puppet.tell(what, name=key, **more)
        until(lambda: self.daemon.counter("waiting_workers") == 1, "the puppet waits")
        yield
        self.outcomes.append((what, key, self.puppet.hear()))

    def other(self):
        """Another client of the daemon."""
        return Client(self.daemon.address)


def granted(stage):
    stage.make("Plain", "k")
    for what in ("acquireForMe", "release", "acquireForAnyone", "release"):
        stage.do(what, "k")


def released_twice(stage):
    stage.make("Plain", "k")
    for what in ("release", "acquireForMe", "release", "release"):
        stage.do(what, "k")


def nested(stage):
    stage.make("Plain", "k")
    stage.make("Plain", "l")
    stage.do("acquireForMe", "k")
    stage.do("acquireForMe", "l")
    stage.do("acquireForAnyone", "k")
    stage.do("release", "k")
    stage.do("acquireForMe", "l")
    stage.do("release", "l")


def done(stage):
    stage.make("Plain", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ANY k 1 9 9") == "LOCKED"
        with stage.waiting("acquireForAnyone", "k"):
            other.send("RELEASE")
    stage.do("release", "k")


def handed_over(stage):
    stage.make("Plain", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
        with stage.waiting("acquireForMe", "k"):
            other.send("RELEASE")
    stage.do("release", "k")


def left_behind(stage):
    """The holder disconnects without a RELEASE: the waiter is not told DONE, but gets the lock."""
    stage.make("Plain", "k")
    other = stage.other()
    assert other.ask("ACQ4ANY k 1 9 9") == "LOCKED"
    with stage.waiting("acquireForAnyone", "k"):
        other.close()
    stage.do("release", "k")


def queue_full(stage):
    stage.make("Narrow", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
        stage.do("acquireForMe", "k")
        stage.do("acquireForAnyone", "k")
        stage.do("release", "k")
    until(lambda: stage.daemon.counter("processing_workers") == 0, "the other client has left")
    stage.do("acquireForMe", "k")
    stage.do("release", "k")


def timed_out(stage):
    stage.make("Short", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
        stage.do("acquireForMe", "k")
        stage.do("release", "k")
        stage.do("acquireForAnyone", "k")


def timeout_of_the_call(stage):
    stage.make("Plain", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
        stage.do("acquireForAnyone", "k", timeout=0)
        stage.do("acquireForAnyone", "k", timeout=1)
        stage.do("release", "k")
    until(lambda: stage.daemon.counter("processing_workers") == 0, "the other client has left")
    stage.do("acquireForAnyone", "k", timeout=0)
    stage.do("release", "k")


def timeout_of_the_call_beyond_the_read_timeout(stage):
    """The client waits for the answer for 1.5 times the pool's timeout, even if the call has a longer one."""
    stage.make("Short", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
        stage.do("acquireForMe", "k", timeout=8)


def fast_stale(stage):
    stage.make("Plain", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ANY k 1 9 9") == "LOCKED"
        stage.do("acquireForAnyone", "k", timeout=0)
        with stage.waiting("acquireForAnyone", "k"):
            other.send("RELEASE")


def shared_by_two(stage):
    stage.make("Two", "k")
    with stage.other() as other:
        assert other.ask("ACQ4ME k 2 9 9") == "LOCKED"
        stage.do("acquireForMe", "k")
        stage.do("release", "k")


def refused(stage):
    stage.make("Broken", "k")
    stage.do("acquireForMe", "k")
    stage.do("acquireForAnyone", "k")
    stage.do("release", "k")


def slots(stage):
    for key in ("enwiki:a", "enwiki:b", "x"):
        stage.make("Slotted", key)
        stage.do("acquireForMe", key)
        stage.do("release", key)


def odd_keys(stage):
    for key in ("a b", "  two  ", "a%20b", "Ünïcödé ☃", "tab\there", "k" * 900, "wiki:pcache:idhash:3-0!canonical"):
        stage.make("Plain", key)
        stage.do("acquireForAnyone", key)
        stage.do("release", key)


def nowait_with_a_timeout(stage):
    stage.make("nowait", "nowait:k")
    stage.do("acquireForMe", "nowait:k")
    stage.do("release", "nowait:k")


STORIES = (granted, released_twice, nested, done, handed_over, left_behind, queue_full, timed_out, timeout_of_the_call,
           timeout_of_the_call_beyond_the_read_timeout, fast_stale, shared_by_two, refused, slots, odd_keys,
           nowait_with_a_timeout)


class Peer(unittest.TestCase):
    """Both clients, in MediaWiki 1.43; and ours in 1.39, which has none of its own."""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki("1.43", rows=2, workers=1))
        cls.old_wiki = cls.enterClassContext(Wiki("1.39", rows=2, workers=1))

    def puppet(self, client, *servers, wiki=None, **more):
        """A MediaWiki whose pools are all of this client."""
        pools = {name: conf(client, **limits) for name, limits in TYPES.items()}
        conf_of_all = {"servers": list(servers), "timeout": 2, "await_release": True, **more}
        return Puppet(wiki or self.wiki, pools, conf_of_all)

    def told(self, story, make_daemon, client, wiki=None):
        """The outcomes of a story and the lines that were sent."""
        with make_daemon(self.wiki.folder) as daemon, Recorder(daemon) as recorder:
            with self.puppet(client, recorder.address, wiki=wiki) as puppet:
                stage = Stage(puppet, daemon)
                story(stage)
            return str(stage.outcomes).replace(recorder.address, "SERVER"), recorder.lines

    def compare(self, story):
        """The same results with both clients, both daemons and both versions of MediaWiki."""
        expected = self.told(story, Daemon.reference, OWN)
        for make_daemon, client in ((Daemon.ours, OWN), (Daemon.reference, OURS), (Daemon.ours, OURS)):
            with self.subTest(daemon=make_daemon.__name__, client=client):
                self.assertEqual(self.told(story, make_daemon, client), expected)
        with self.subTest("MediaWiki 1.39"):
            self.assertEqual(self.told(story, Daemon.ours, OURS, self.old_wiki), expected)

    def both(self, play):
        """Runs the story with each client and compares the results."""
        own, ours = play(OWN), play(OURS)
        self.assertEqual(ours, own)
        return ours

    def acquire_and_release(self, client, *servers, **more):
        """The results if no daemon serves, or only a later one of the list."""
        with self.puppet(client, *servers, **more) as puppet:
            puppet.make("Plain", "k")
            return [puppet.ask(what, name="k") for what in ("acquireForMe", "release")]

    def test_no_server_answers(self):
        """The last server of the key's order is named, with the system's words."""
        downs = [free_address(), f"{free_address()}:99", free_address()]
        for more in ({}, {"connect_timeout": 0.01}):
            outcomes = self.both(lambda client, more=more: self.acquire_and_release(client, *downs, **more))
            for outcome in outcomes:
                self.assertEqual(outcome["errors"][0][1:3], ["poolcounter-connection-error", "Connection refused"])

    def test_ipv6_is_refused_too(self):
        """The address is named as the configuration has it."""
        outcomes = self.both(lambda client: self.acquire_and_release(client, "[::1]:9"))
        self.assertEqual(outcomes[0]["errors"][0][3], "[::1]:9")

    def test_a_server_that_does_not_accept(self):
        """Its queue of connections is full: the time-out ends it."""
        address = free_address()
        with socket.create_server((address, PORT), backlog=0), contextlib.ExitStack() as crowd:
            for _ in range(4):
                one = crowd.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex((address, PORT))
            outcomes = self.both(lambda client: self.acquire_and_release(client, address, timeout=0.2))
            self.assertEqual(outcomes[0]["errors"][0][2], "Connection timed out")

    def test_another_server_serves(self):
        """The running daemon is used for every order of the servers; it may have a port."""
        for make_daemon in (Daemon.reference, Daemon.ours):
            with make_daemon(self.wiki.folder) as daemon:
                servers = [free_address(), f"{daemon.address}:{PORT}", free_address()]
                outcomes = self.both(lambda client, servers=servers: self.acquire_and_release(client, *servers))
                self.assertEqual([outcome["value"] for outcome in outcomes], [1, 2])

    def test_no_server_is_configured(self):
        """MediaWiki's own client lets the page fail; with ours the work is done unprotected."""
        with self.puppet(OWN) as puppet:
            self.assertEqual(puppet.make("Plain", "k").get("thrown"), "InvalidArgumentException")
        for outcome in self.acquire_and_release(OURS):
            self.assertEqual(outcome["errors"], [["error", "poolcounternative-server-error"]])

    def dying(self, client, make_daemon, while_waiting):
        """The daemon is killed between acquire and release, or while the acquire waits."""
        with make_daemon(self.wiki.folder) as daemon, self.puppet(client, daemon.address) as puppet:
            puppet.make("Plain", "k")
            if not while_waiting:
                outcome = puppet.ask("acquireForMe", name="k")
                self.assertTrue(outcome["good"])
                daemon.kill()
                outcome = puppet.ask("release", name="k")
            else:
                with Client(daemon.address) as other:
                    assert other.ask("ACQ4ME k 1 9 9") == "LOCKED"
                    puppet.tell("acquireForMe", name="k")
                    until(lambda: daemon.counter("waiting_workers") == 1, "the puppet waits")
                    daemon.kill()
                outcome = puppet.hear()
            return str(outcome).replace(daemon.address, "SERVER")

    def test_the_daemon_dies_between_acquire_and_release(self):
        """With the switch that waits for RELEASED, the loss is noticed as MediaWiki's client notices it."""
        for make_daemon in (Daemon.reference, Daemon.ours):
            self.both(lambda client, make=make_daemon: self.dying(client, make, while_waiting=False))

    def test_the_daemon_dies_while_a_client_waits(self):
        """The wait ends at once."""
        for make_daemon in (Daemon.reference, Daemon.ours):
            self.both(lambda client, make=make_daemon: self.dying(client, make, while_waiting=True))

    def frozen(self, client, make_daemon):
        """The daemon accepts, but does not answer."""
        with make_daemon(self.wiki.folder) as daemon, self.puppet(client, daemon.address) as puppet:
            puppet.make("Short", "k")
            daemon.freeze()
            return str([puppet.ask(what, name="k") for what in ("acquireForMe", "release")]).replace(daemon.address, "SERVER")

    def test_the_daemon_is_frozen(self):
        """The read timeout ends it."""
        for make_daemon in (Daemon.reference, Daemon.ours):
            outcomes = self.both(lambda client, make=make_daemon: self.frozen(client, make))
            self.assertIn("poolcounter-read-error", outcomes)

    def test_an_acquire_that_does_not_wait_and_is_not_answered(self):
        """It has a time-out of its own, whatever the pool's is."""
        with Daemon.ours(self.wiki.folder) as daemon, self.puppet(OURS, daemon.address, first_answer_timeout=1.5) as puppet:
            puppet.make("Plain", "k")
            daemon.freeze()
            begin = time.monotonic()
            outcome = puppet.ask("acquireForAnyone", name="k", timeout=0)
            seconds = time.monotonic() - begin
            self.assertEqual(outcome["errors"], [["error", "poolcounter-read-error", daemon.address]])
            self.assertTrue(1.5 <= seconds < 3, seconds)

    def answered(self, client, answer):
        """A server that gives this answer to an acquire."""
        address = free_address()
        with socket.create_server((address, PORT)) as server, self.puppet(client, address) as puppet:
            server.settimeout(20)
            puppet.make("Plain", "k")
            puppet.tell("acquireForMe", name="k")
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                assert connection.recv(1000)
                connection.sendall(answer)
                if not answer:
                    connection.close()
                return str(puppet.hear()).replace(address, "SERVER")

    def test_a_key_that_cannot_be_sent(self):
        """Our client refuses a key that would forge a command or be cut, before it sends anything, and remains usable."""
        keys = {"": "is empty", "a\nRELEASE": "contains a line feed", "a\rb": "contains a carriage return",
                "a\0b": "contains a NUL byte", "k" * 1100: "is too long: its command would take 111"}
        with Daemon.ours(self.wiki.folder) as daemon, Recorder(daemon) as recorder:
            with self.puppet(OURS, recorder.address) as puppet:
                for number, (key, cause) in enumerate(keys.items()):
                    puppet.make("Plain", key, name=str(number))
                    for what in ("acquireForMe", "acquireForAnyone"):
                        outcome = puppet.ask(what, name=str(number))
                        [(_, message, words)] = outcome["errors"]
                        self.assertEqual((message, words[:len(cause)]), ("poolcounternative-key-error", cause))
                self.assertEqual(recorder.lines, [])
                puppet.make("Plain", "good")
                self.assertEqual(puppet.ask("acquireForMe", name="good")["value"], 1)

    def test_a_counter_that_is_dropped(self):
        """The counter is destroyed by an exception: its lock is free at once, and its waiters are not told DONE."""
        with Daemon.ours(self.wiki.folder) as daemon, self.puppet(OURS, daemon.address) as puppet:
            puppet.make("Plain", "k")
            self.assertEqual(puppet.ask("acquireForAnyone", name="k")["value"], 1)
            with Client(daemon.address) as other:
                other.send("ACQ4ANY k 1 9 9")
                until(lambda: daemon.counter("waiting_workers") == 1, "the other client waits")
                puppet.ask("drop", name="k")
                self.assertEqual(other.line(), "LOCKED")

    def nested(self, puppet, daemon):
        """Two counters of one process, the second within the first, as MediaWiki allows without a wait; for each a client that waits."""
        for type_, key in (("Plain", "k"), ("Instant", "nowait:l")):
            puppet.make(type_, key)
            self.assertEqual(puppet.ask("acquireForAnyone", name=key)["value"], 1)
        waiters = [self.enterContext(Client(daemon.address)) for _ in range(2)]
        for waiter, key in zip(waiters, ("k", "nowait:l")):
            waiter.send(f"ACQ4ANY {key} 1 9 60")
        until(lambda: daemon.counter("waiting_workers") == 2, "both wait")
        return waiters

    def test_the_older_of_two_locks_is_released_first(self):
        """No waiter is told too early that the work is done, and every waiter is told."""
        for version, wiki in (("1.43", self.wiki), ("1.39", self.old_wiki)):
            with self.subTest(version), Daemon.ours(wiki.folder) as daemon, self.puppet(OURS, daemon.address, wiki=wiki) as puppet:
                of_older, of_newer = self.nested(puppet, daemon)
                self.assertEqual(puppet.ask("release", name="k")["value"], 2)
                self.assertEqual(daemon.counter("waiting_workers"), 2)
                self.assertEqual(puppet.ask("release", name="nowait:l")["value"], 2)
                self.assertEqual((of_newer.line(), of_older.line()), ("DONE", "DONE"))
                self.assertEqual(puppet.ask("release", name="k")["value"], -2)

    def test_a_second_release_takes_no_other_lock(self):
        """The server would take the lock that the other counter still holds, so it is not asked."""
        with Daemon.ours(self.wiki.folder) as daemon, self.puppet(OURS, daemon.address) as puppet:
            of_older, of_newer = self.nested(puppet, daemon)
            self.assertEqual(puppet.ask("release", name="nowait:l")["value"], 2)
            self.assertEqual(of_newer.line(), "DONE")
            self.assertEqual(puppet.ask("release", name="nowait:l")["value"], -2)
            self.assertEqual(daemon.counter("waiting_workers"), 1)
            self.assertEqual(puppet.ask("release", name="k")["value"], 2)
            self.assertEqual(of_older.line(), "DONE")

    def test_a_loss_that_is_not_noticed(self):
        """Without the switch, a daemon that dies between acquire and release is found by the next acquire."""
        with Daemon.ours(self.wiki.folder) as daemon, self.puppet(OURS, daemon.address, await_release=False) as puppet:
            puppet.make("Plain", "k")
            self.assertEqual(puppet.ask("acquireForMe", name="k")["value"], 1)
            daemon.kill()
            self.assertEqual(puppet.ask("release", name="k")["value"], 2)
            outcome = puppet.ask("acquireForMe", name="k")
            self.assertEqual(outcome["errors"], [["error", "poolcounter-connection-error", "Connection refused", daemon.address]])

    def test_errors_of_the_server(self):
        """Both clients show the text after a server's ERROR in the same way, and also the end of the stream."""
        for answer in (b"ERROR CODE some words\n", b"ERROR CODE\n", b""):
            with self.subTest(answer=answer):
                self.both(lambda client, answer=answer: self.answered(client, answer))

    def test_a_server_that_is_no_pool_counter(self):
        """Both clients refuse an answer that is not part of the protocol. The message differs, because ours closes the connection."""
        for answer in (b"HELLO\n", b"\n", b"ERROR\n", b"220 mail.example ESMTP\n"):
            for client, key in ((OWN, "poolcounter-remote-error"), (OURS, "poolcounter-read-error")):
                with self.subTest(answer=answer, client=client):
                    self.assertIn(key, self.answered(client, answer))


def _add_stories():
    for story in STORIES:
        def test(self, story=story):
            self.compare(story)
        test.__doc__ = story.__doc__
        setattr(Peer, f"test_story_{story.__name__}", test)


_add_stories()

if __name__ == "__main__":
    unittest.main()
