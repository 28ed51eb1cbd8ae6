"""Readers, editors and a faulty daemon, on a real wiki. The tests check the pages that readers get, not only the status."""

import contextlib
import unittest

from stage import article, memcached
from stage.article import Page
from stage.daemon import Client, Daemon
from stage.readers import Burst, burst
from stage.waiting import until
from stage.wiki import Wiki, conf
from stage.wire import Recorder

OURS = "PoolCounterNative"
READERS = 10


class Main:
    """Tests for every version of MediaWiki."""

    version = ""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki(cls.version, rows=60, workers=READERS + 2))
        burst(cls.wiki, READERS)

    def setUp(self):
        self.daemon = self.enterContext(Daemon.ours(self.wiki.folder))
        self.recorder = self.enterContext(Recorder(self.daemon))
        self._log_seen = len(self.wiki.log())

    # The machinery.

    def pool(self, type_="ArticleView", server=None, more=None, **limits):
        """Protects a pool type with our class, and gives the number of parses so far."""
        client = {"servers": [server or self.recorder.address], "timeout": 0.5}
        self.wiki.settings({type_: conf(OURS, **limits)}, client, **(more or {}))
        self.parsed = self.wiki.parses()

    def new_parses(self):
        """How many parses there were since `pool`."""
        return self.wiki.parses() - self.parsed

    def new_log(self):
        """The lines that were logged since the test began."""
        return self.wiki.log()[self._log_seen:]

    def stale(self):
        """The article's cached copy is out of date."""
        self.wiki.purge()

    def cold(self):
        """The article has no cached copy."""
        self.wiki.clear_cache()

    def acquires(self):
        """The acquires that were sent to the daemon."""
        return [line for line in self.recorder.lines if line.startswith("ACQ4")]

    @contextlib.contextmanager
    def held(self, make_state, path=None):
        """Puts the cache into this state; another client holds the lock of the page until the block ends."""
        # The key depends on the cached data of the page, so another reader requests the page first.
        burst(self.wiki, 1, path)
        make_state()
        seen = len(self.acquires())
        burst(self.wiki, 1, path)
        line = self.acquires()[seen]
        make_state()
        # The last reader has its page, but its release may still be on its way.
        self.assert_nothing_is_left()
        with Client(self.daemon.address) as holder:
            self.assertEqual(holder.ask(line), "LOCKED")
            self.parsed = self.wiki.parses()
            yield holder

    def stampede(self, make_state, path=None):
        """Readers who all wait for the lock of a page when it becomes free: any one of them parses."""
        with self.held(make_state, path) as holder:
            readers = Burst(self.wiki, READERS, path)
            self.waiters(READERS)
            holder.close()
            self.assert_pages(readers.wait(), full=READERS)
        self.assertEqual(self.new_parses(), 1)

    def waiters(self, number):
        """Waits until this number of clients wait for a lock."""
        until(lambda: self.daemon.counter("waiting_workers") == number, f"{number} waiters")

    def assert_pages(self, readings, **expected):
        """This number of readers got this kind of page, and no reader got another."""
        got = {page.value: number for page, number in readings.pages().items()}
        broken = [reading.body[:2000] for reading in readings if reading.page is Page.BROKEN]
        self.assertEqual(got, expected, broken[:1])

    def assert_nothing_is_left(self):
        """No lock is held or waited for."""
        until(lambda: self.daemon.counter("hashtable_entries") == 0, "all locks are free")

    # A daemon that works.

    def test_purge(self):
        """One reader parses, the others wait, although there is an old copy."""
        self.pool()
        self.stampede(self.stale)
        self.assert_nothing_is_left()

    def test_cold_cache(self):
        """The same without an old copy. When the holder disconnects, no waiter is told DONE."""
        self.pool()
        self.stampede(self.cold)
        self.assert_nothing_is_left()

    def test_fast_stale(self):
        """While one reader parses, the others get the old copy; without one, they wait."""
        self.pool(fastStale=True)
        with self.held(self.stale):
            self.assert_pages(burst(self.wiki, READERS), stale=READERS)
            self.assertEqual(self.new_parses(), 0)
        self.assert_pages(burst(self.wiki, 1), full=1)
        self.stampede(self.cold)

    def test_connections_are_kept(self):
        """Two stampedes make at most as many connections as there are PHP workers."""
        self.pool()
        for _ in range(2):
            self.stampede(self.cold)
        self.assertGreater(len(self.acquires()), 2 * READERS)
        self.assertLessEqual(self.recorder.connections, READERS + 2)

    def test_action_parse(self):
        """The API's parse has a pool for each user."""
        self.pool("ApiParser", maxqueue=10, workers=2, timeout=5)
        self.cold()
        answer = self.wiki.api(action="parse", page=article.TITLE, prop="text")
        self.assertIn("Here ends edition", answer["parse"]["text"])
        self.assertIn("ACQ4ME wiki:ApiParse:a:127.0.0.1 2 10 5", self.recorder.lines)
        self.assert_nothing_is_left()

    # A faulty daemon.

    def test_daemon_stopped(self):
        """Every reader parses and gets a page."""
        self.pool(server=self.daemon.address)
        self.daemon.stop()
        self.cold()
        self.assert_pages(burst(self.wiki, READERS), full=READERS)
        self.assertIn(f"No connection to the pool counter server {self.daemon.address}: Connection refused", self.new_log())

    def test_daemon_killed_while_readers_wait(self):
        """Their wait ends at once, and each parses."""
        self.pool(timeout=60)
        with self.held(self.cold):
            readers = Burst(self.wiki, READERS, deadline=50)
            self.waiters(READERS)
            self.daemon.kill()
            self.assert_pages(readers.wait(), full=READERS)
        self.assertEqual(self.new_parses(), READERS)
        self.assertIn(f"No answer came from the pool counter server {self.recorder.address}", self.new_log())


class Full(Main):
    """Tests in one version of MediaWiki, because all versions behave the same."""

    def test_queue_full(self):
        """If the queue is full, a reader gets the stale page, or the error page if there is none."""
        for state, kind in ((self.cold, "error"), (self.stale, "stale")):
            with self.subTest(kind):
                self.pool(maxqueue=4)
                before = self.daemon.counter("full_queues")
                with self.held(state) as holder:
                    readers = Burst(self.wiki, READERS)
                    until(lambda: self.daemon.counter("full_queues") == before + READERS - 3, "the queue is full")
                    holder.close()
                    self.assert_pages(readers.wait(), **{"full": 3, kind: READERS - 3})
                self.assertEqual(self.new_parses(), 1)
        self.assertIn("Pool queue is full", self.new_log())

    def test_time_out(self):
        """After a timeout a reader gets the stale page, or the error page if there is none."""
        for state, kind in ((self.cold, "error"), (self.stale, "stale")):
            with self.subTest(kind):
                self.pool(timeout=3)
                with self.held(state):
                    self.assert_pages(burst(self.wiki, READERS), **{kind: READERS})
                self.assertEqual(self.new_parses(), 0)
        self.assertIn("Timeout waiting for the lock", self.new_log())

    def test_an_old_revision(self):
        """Readers of ?oldid= share a parse too."""
        old = self.wiki.edit()
        with contextlib.ExitStack() as then:
            then.callback(setattr, self.wiki, "edition", self.wiki.edition)
            self.wiki.edition -= 1
            path = self.wiki.page(oldid=old)
            # Old revisions are cached by the main cache.
            self.pool(more={"wgMainCacheType": 1})
            self.stampede(self.cold, path)

    def test_edit_during_a_stampede(self):
        """Each reader gets a complete page of either edition, and the next reader gets the new edition."""
        self.pool()
        with self.held(self.cold) as holder:
            readers = Burst(self.wiki, READERS)
            self.waiters(READERS)
            self.wiki.edit()
            holder.close()
            pages = readers.wait().pages()
        self.assertEqual(pages[Page.FULL] + pages[Page.STALE], READERS, pages)
        # One for the edit, one for each edition that readers asked for.
        self.assertLessEqual(self.new_parses(), 3)
        self.assert_pages(burst(self.wiki, 1), full=1)
        self.assert_nothing_is_left()

    def test_contributions(self):
        """A user has this number of locks at once, and the next one waits; another user does not wait."""
        self.wiki.edit()
        path = self.wiki.page("Special:Contributions/127.0.0.1")
        line = "ACQ4ME wiki:SpecialContributions:a:127.0.0.1 1 2 5"
        self.pool("SpecialContributions", workers=1, maxqueue=2, timeout=5)
        with Client(self.daemon.address) as other, Client(self.daemon.address) as stranger:
            self.assertEqual(stranger.ask("ACQ4ME wiki:SpecialContributions:a:127.0.0.2 1 2 5"), "LOCKED")
            self.assertEqual(other.ask(line), "LOCKED")
            readers = Burst(self.wiki, 4, path)
            until(lambda: self.daemon.counter("full_queues") == 3, "the queue is full")
            self.assertEqual(other.ask("RELEASE"), "RELEASED")
            bodies = [reading.body for reading in readers.wait()]
        self.assertEqual(sum("mw-contributions-list" in body for body in bodies), 1)
        self.assertEqual(sum("too many requests are being made" in body for body in bodies), 3)
        self.assertIn(line, self.recorder.lines)

    def test_action_parse_of_too_many(self):
        """The API reports it in its own form."""
        self.pool("ApiParser", workers=1, maxqueue=1, timeout=5)
        self.cold()
        with Client(self.daemon.address) as other:
            self.assertEqual(other.ask("ACQ4ME wiki:ApiParse:a:127.0.0.1 1 1 5"), "LOCKED")
            answer = self.wiki.api(action="parse", page=article.TITLE, prop="text")
        self.assertEqual(answer.get("error", {}).get("code"), "concurrency-limit", str(answer)[:500])
        self.assertEqual(self.new_parses(), 0)

    def test_daemon_frozen(self):
        """The read timeout ends the wait, and each parses."""
        self.pool(timeout=2, server=self.daemon.address)
        self.daemon.freeze()
        self.cold()
        self.assert_pages(burst(self.wiki, READERS, deadline=40), full=READERS)
        self.assertIn(f"No answer came from the pool counter server {self.daemon.address}", self.new_log())

    def test_daemon_frozen_while_readers_wait(self):
        """The same for readers who wait already."""
        self.pool(timeout=8)
        with self.held(self.cold):
            readers = Burst(self.wiki, READERS, deadline=40)
            self.waiters(READERS)
            self.daemon.freeze()
            self.assert_pages(readers.wait(), full=READERS)
        self.assertEqual(self.new_parses(), READERS)
        self.assertIn(f"No answer came from the pool counter server {self.recorder.address}", self.new_log())

    def test_daemon_restarted(self):
        """A kept connection that was closed by the server is replaced without an error."""
        self.pool()
        self.stampede(self.cold)
        self.recorder.cut()
        self.stampede(self.cold)
        self.assertNotIn("pool counter server", self.new_log())

    def test_a_key_that_cannot_be_sent(self):
        """The work is done unprotected, and the log says why."""
        self.pool(more={"wgCachePrefix": "wi\nki"})
        self.cold()
        self.assert_pages(burst(self.wiki, 2), full=2)
        self.assertIn("A pool counter key cannot be sent: ", self.new_log())
        self.assertEqual(self.acquires(), [])

    def test_parser_cache_in_memcached(self):
        """The same stampedes with the parser cache in memory."""
        with memcached.Memcached(self.wiki.folder) as memory:
            more = {"wgParserCacheType": "memcached-php", "wgMemCachedServers": [memory.address]}
            self.pool(more=more)
            self.stampede(self.stale)
            self.stampede(memory.flush)
            self.assertGreater(memory.items(), 0)


class MediaWiki143(Full, unittest.TestCase):
    """MediaWiki 1.43 LTS: namespaced classes, a factory."""

    version = "1.43"


class MediaWiki139(Main, unittest.TestCase):
    """MediaWiki 1.39 LTS: global classes, ObjectFactory, no client of its own."""

    version = "1.39"


if __name__ == "__main__":
    unittest.main()
