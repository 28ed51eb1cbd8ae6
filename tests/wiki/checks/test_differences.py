"""The table of differences in mediawiki/README.md, row by row, with MediaWiki's own client and ours."""

import contextlib
import itertools
import socket
import threading
import time
import unittest

from loopback import PORT, free_address
from stage.daemon import Client, Daemon
from stage.puppet import Puppet
from stage.waiting import until
from stage.wiki import Wiki, conf
from stage.wire import Recorder

OWN, OURS = "PoolCounter_Client", "PoolCounterNative"
TYPES = {"Plain": {"timeout": 10}, "Short": {"timeout": 1}, "Instant": {"timeout": 0}}


class Peer:
    """A server that calls its function for each connection."""

    def __init__(self, talk):
        self.address = free_address()
        self.connections = 0
        self._talk = talk
        self._open = contextlib.ExitStack()
        self._listener = socket.create_server((self.address, PORT))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._open.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.callback(connection.close)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, StopIteration):
            self._talk(connection, connection.makefile("rb"))


def silent(_connection, lines):
    """Reads, and answers nothing."""
    for _ in lines:
        pass


def deaf_to_release(connection, lines):
    """Grants every lock and answers no release."""
    for line in lines:
        if line.startswith(b"ACQ4"):
            connection.sendall(b"LOCKED\n")


def hangs_up(connection, _lines):
    """Closes at once."""
    connection.close()


class Differences(unittest.TestCase):
    """One test for each row that can be tested in one process."""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki("1.43", rows=2, workers=1))

    def puppet(self, client, *servers, **more):
        """A MediaWiki in which all pools use this client."""
        pools = {name: conf(client, **limits) for name, limits in TYPES.items()}
        return self.enterContext(Puppet(self.wiki, pools, {"servers": list(servers), "timeout": 2, **more}))

    def daemon(self):
        """A daemon for this test."""
        return self.enterContext(Daemon.ours(self.wiki.folder))

    @staticmethod
    def do(puppet, what, key, **more):
        """The value, or the key of the message."""
        outcome = puppet.ask(what, name=key, **more)
        return outcome["value"] if outcome["good"] else outcome["errors"][0][1]

    def test_connections(self):
        """MediaWiki's own client connects in each request; ours stays connected."""
        for client, connections in ((OWN, 3), (OURS, 1)):
            with Recorder(self.daemon()) as recorder:
                self.wiki.settings({"ArticleView": conf(client)}, {"servers": [recorder.address], "timeout": 2})
                for _ in range(3):
                    self.wiki.clear_cache()
                    self.wiki.request(self.wiki.page())
                self.assertEqual(sum(line.startswith("ACQ") for line in recorder.lines), 3)
                self.assertEqual(recorder.connections, connections, client)

    def test_release(self):
        """MediaWiki's own client waits for the answer; ours only if it is told to."""
        for client, more, expected in ((OWN, {}, "poolcounter-read-error"), (OURS, {}, 2), (OURS, {"await_release": True}, "poolcounter-read-error")):
            with self.subTest(client=client, **more), Peer(deaf_to_release) as peer:
                puppet = self.puppet(client, peer.address, **more)
                puppet.make("Short", "k")
                self.assertEqual([self.do(puppet, what, "k") for what in ("acquireForMe", "release")], [1, expected])

    def test_the_daemon_dies_between_acquire_and_release(self):
        """After the client has noticed it, it gets no further lock in this request."""
        for client, more, expected in ((OWN, {}, ["poolcounter-read-error", "poolcounter-usage-error"]), (OURS, {}, [2, "poolcounter-connection-error"]),
                                       (OURS, {"await_release": True}, ["poolcounter-read-error", "poolcounter-usage-error"])):
            with self.subTest(client=client, **more):
                daemon = self.daemon()
                puppet = self.puppet(client, daemon.address, **more)
                puppet.make("Plain", "k")
                self.assertEqual(self.do(puppet, "acquireForMe", "k"), 1)
                daemon.kill()
                self.assertEqual([self.do(puppet, what, "k") for what in ("release", "acquireForMe")], expected)

    def test_a_pool_with_timeout_0(self):
        """MediaWiki's own client does not wait for a slow answer, and reads it as the answer to the next command."""
        for client, expected in ((OWN, "poolcounter-read-error"), (OURS, 1)):
            go, gone = threading.Event(), threading.Event()

            def hesitant(connection, lines, go=go, gone=gone):
                next(lines)
                assert go.wait(20)
                connection.sendall(b"LOCKED\n")
                gone.set()
            with self.subTest(client), Peer(hesitant) as peer:
                puppet = self.puppet(client, peer.address)
                puppet.make("Instant", "nowait:k")
                puppet.tell("acquireForMe", name="nowait:k")
                if client == OWN:
                    self.assertEqual(puppet.hear()["errors"][0][1], expected)
                    go.set()
                    assert gone.wait(20)
                    # The answer to the acquire.
                    self.assertEqual(self.do(puppet, "release", "nowait:k"), 1)
                else:
                    go.set()
                    self.assertEqual(puppet.hear()["value"], expected)

    def test_no_answer_to_what_is_answered_at_once(self):
        """MediaWiki's client uses the pool's timeout, ours does not."""
        for client, more, least in ((OWN, {}, 3.0), (OURS, {"first_answer_timeout": 1.2}, 1.2)):
            with self.subTest(client), Peer(silent) as peer:
                puppet = self.enterContext(Puppet(self.wiki, {"Two": conf(client, timeout=2)}, {"servers": [peer.address], "timeout": 2, **more}))
                puppet.make("Two", "k")
                begin = time.monotonic()
                self.assertEqual(self.do(puppet, "acquireForAnyone", "k", timeout=0), "poolcounter-read-error")
                self.assertGreaterEqual(time.monotonic() - begin, least)

    def nested(self, client):
        """Two locks of one process, and a waiting client for each. The older lock is released."""
        daemon = self.daemon()
        puppet = self.puppet(client, daemon.address)
        for type_, key in (("Plain", "k"), ("Instant", "nowait:l")):
            puppet.make(type_, key)
            value = self.do(puppet, "acquireForAnyone", key)
            # MediaWiki's own client may end its wait before the answer for its second lock.
            self.assertTrue(value == 1 or (client, key) == (OWN, "nowait:l"), value)
        until(lambda: daemon.counter("processing_workers") == 2, "both locks are held")
        waiters = [self.enterContext(Client(daemon.address)) for _ in range(2)]
        for waiter, key in zip(waiters, ("k", "nowait:l")):
            waiter.send(f"ACQ4ANY {key} 1 9 60")
        until(lambda: daemon.counter("waiting_workers") == 2, "both wait")
        value = self.do(puppet, "release", "k")
        self.assertTrue(value == 2 or client == OWN, value)
        return daemon, puppet, *waiters

    def test_the_older_of_two_locks_is_released_first(self):
        """With MediaWiki's own client the waiters of the newer lock are told DONE, though its work goes on."""
        daemon, _, _, of_newer = self.nested(OWN)
        self.assertEqual(of_newer.line(), "DONE")
        self.assertEqual(daemon.counter("waiting_workers"), 1)
        daemon, _, _, _ = self.nested(OURS)
        self.assertEqual(daemon.counter("waiting_workers"), 2)

    def test_the_newer_lock_is_dropped(self):
        """The waiters of the older lock, which was released before, do the work themselves."""
        _, puppet, of_older, of_newer = self.nested(OURS)
        puppet.ask("drop", name="nowait:l")
        self.assertEqual((of_older.line(), of_newer.line()), ("LOCKED", "LOCKED"))

    def test_a_release_by_a_counter_that_holds_no_lock(self):
        """MediaWiki's own client releases the lock of the other counter."""
        for client, expected in ((OWN, 2), (OURS, -2)):
            daemon = self.daemon()
            puppet = self.puppet(client, daemon.address)
            for key in ("k", "other"):
                puppet.make("Plain", key)
            self.assertEqual(self.do(puppet, "acquireForAnyone", "k"), 1)
            self.assertEqual(self.do(puppet, "release", "other"), expected)
            self.assertEqual(daemon.counter("processing_workers"), 0 if client == OWN else 1)

    def test_a_counter_that_is_dropped(self):
        """With MediaWiki's own client its lock stays."""
        for client, held in ((OWN, 1), (OURS, 0)):
            daemon = self.daemon()
            puppet = self.puppet(client, daemon.address)
            puppet.make("Plain", "k")
            self.assertEqual(self.do(puppet, "acquireForAnyone", "k"), 1)
            puppet.ask("drop", name="k")
            # Another command of the same process, so that the drop is over.
            puppet.make("Plain", "other")
            if held:
                self.assertEqual(daemon.counter("processing_workers"), held)
            else:
                until(lambda daemon=daemon: daemon.counter("processing_workers") == 0, "the lock is free")

    def test_a_key_with_a_line_feed(self):
        """MediaWiki's own client sends a key that contains another command."""
        for client, lines in ((OWN, ["ACQ4ME a", "RELEASE 1 100 10"]), (OURS, [])):
            with Recorder(self.daemon()) as recorder:
                puppet = self.puppet(client, recorder.address)
                puppet.make("Plain", "a\nRELEASE", "k")
                self.do(puppet, "acquireForMe", "k")
                self.assertEqual(recorder.lines, lines)

    def test_no_answer_in_time(self):
        """The connection stays in use, or a new one is made."""
        for client, connections in ((OWN, 1), (OURS, 2)):
            answers = itertools.chain([b""], itertools.repeat(b"LOCKED\n"))

            def second_time(connection, lines, answers=answers):
                for _ in lines:
                    connection.sendall(next(answers))
            with self.subTest(client), Peer(second_time) as peer:
                puppet = self.puppet(client, peer.address, avoid_for=0)
                puppet.make("Short", "k")
                self.assertEqual(self.do(puppet, "acquireForMe", "k"), "poolcounter-read-error")
                self.do(puppet, "acquireForMe", "k")
                self.assertEqual(peer.connections, connections)

    def test_a_server_that_hangs_up(self):
        """The error is shown, or the next server is asked."""
        for client, bad in ((OWN, {"poolcounter-read-error"}), (OURS, set())):
            with self.subTest(client), Peer(hangs_up) as peer:
                puppet = self.puppet(client, peer.address, self.daemon().address)
                got = set()
                for number in range(12):
                    puppet.make("Plain", f"k{number}")
                    got.add(self.do(puppet, "acquireForMe", f"k{number}"))
                    self.do(puppet, "release", f"k{number}")
                self.assertEqual({value for value in got if value != 1}, bad)

    def test_a_name_that_is_not_found(self):
        """Each client has its own text."""
        for client, words in ((OWN, "php_network_getaddresses: getaddrinfo for nowhere.invalid failed: "), (OURS, "failed to lookup address information: ")):
            puppet = self.puppet(client, "nowhere.invalid")
            puppet.make("Plain", "k")
            [(_, message, cause, server)] = puppet.ask("acquireForMe", name="k")["errors"]
            self.assertEqual((message, cause[:len(words)], server), ("poolcounter-connection-error", words, "nowhere.invalid"))

    def test_texts_of_the_messages(self):
        """MediaWiki's core has none for the keys of its own client."""
        address = free_address()
        for extension, text in ((False, "⧼poolcounter-connection-error⧽"), (True, f"No connection to the pool counter server {address}: Connection refused")):
            with Wiki("1.43", rows=1, workers=1, extension=extension) as wiki:
                wiki.settings({"ArticleView": conf(OURS if extension else OWN)}, {"servers": [address]})
                wiki.clear_cache()
                wiki.request(wiki.page())
                self.assertIn(text, wiki.log())

    def test_commands_and_answers_are_logged(self):
        """Both do it at debug level, in the same group."""
        daemon = self.daemon()
        for client, texts in ((OWN, ("ACQ4ANY wiki:pcache", "LOCKED", "RELEASE", "RELEASED")),
                              (OURS, ("Asks: acquireForAnyone wiki:pcache", f"{daemon.address} answered LOCKED after ", " ms", "Asks: release wiki:pcache",
                                      f"{daemon.address} answered RELEASED after "))):
            seen = len(self.wiki.log())
            self.wiki.settings({"ArticleView": conf(client)}, {"servers": [daemon.address], "timeout": 2})
            self.wiki.clear_cache()
            self.wiki.request(self.wiki.page())
            for text in texts:
                self.assertIn(text, self.wiki.log()[seen:])


if __name__ == "__main__":
    unittest.main()
