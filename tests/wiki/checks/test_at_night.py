"""The story of the operator at three in the morning: a parse hangs, everybody waits for it, and the daemon says who is to blame and ends it."""

import contextlib
import json
import os
import pathlib
import subprocess
import time
import unittest

from loopback import PORT

from stage import places
from stage.daemon import Daemon
from stage.process import sockets_to
from stage.readers import Burst, burst
from stage.terminal import Terminal
from stage.waiting import until
from stage.wiki import Wiki, conf

READERS = 30
# In seconds.
MAX_HOLD = 3
# The kernel takes a file's time from a clock that ticks this often at least.
TICK = 0.01
LOOKER = places.ROOT / "tests" / "page" / "at-night.mjs"


class AtNight(unittest.TestCase):
    """30 readers want an article whose parse hangs."""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki("1.43", rows=20, workers=READERS + 2))

    def test_who_is_to_blame(self):
        """Page and API name the key first, with the holder's address, an age right to a second, and 29 waiting."""
        daemon = self.daemon()
        with self.hanging_parse() as hang:
            begun = time.time()
            readers, holder = self.stuck(daemon, hang)
            parses_since = hang.stat().st_mtime

            asked = time.time()
            first, *others = daemon.admin("v1/keys")["keys"]
            answered = time.time()
            self.assertEqual(others, [])
            self.assertRegex(first["key"], r"^wiki:pcache:")
            self.assertEqual((first["group"], first["holders"], first["waiters"]), ("pcache", 1, READERS - 1))
            self.assertEqual(first["holder"]["address"], holder)
            # It was granted after the readers began, and before its parse hung.
            self.assertGreaterEqual(first["held_seconds"], asked - parses_since - TICK)
            self.assertLessEqual(first["held_seconds"], answered - begun)

            seen = self.look(daemon, answered - first["held_seconds"])
            self.assertEqual(seen["key"], first["key"])
            self.assertEqual(seen["waiting"], str(READERS - 1))
            self.assertEqual(seen["holder"], holder)
            self.assertRegex(seen["verdict"], rf"^29 clients wait for wiki:pcache:\S+: {holder} holds it, for ")
            self.assertEqual(seen["claims"], READERS)
        pages = readers.wait().pages()
        self.assertEqual({page.value: number for page, number in pages.items()}, {"full": READERS})

    def test_kick(self):
        """`top` in a terminal names the key first, with the number of its holder; `kick` takes it, and the next reader parses for all."""
        daemon = self.daemon()
        with self.hanging_parse() as hang:
            readers, holder = self.stuck(daemon, hang)
            with Terminal(self.ctl("top", "--interval", "0.2")) as top:
                line = until(lambda: self.first_key(top.lines(), holder), f"top names {holder}")
                top.enter("q")
                self.assertEqual(top.ended(), 0)
            self.assertRegex(line, rf"^wiki:pcache:\S+ +pcache +1 +{READERS - 1} ")
            number = line.split()[-2]
            self.assertEqual(readers.back(), 0)

            self.assertIn(f" client {number} at {holder} is disconnected", self.run_ctl("kick", number))
            self.assertEqual(self.served_while_one_hangs(readers), 1)
            self.assertEqual(daemon.admin("v1/status")["disconnects"], {"max_hold": 0, "kick": 1})
        self.all_end(readers)

    def test_max_hold(self):
        """The daemon disconnects the holder itself after `--max-hold`, and the next reader parses for all."""
        daemon = self.daemon("--max-hold", str(MAX_HOLD))
        with self.hanging_parse() as hang:
            begun = time.monotonic()
            readers = Burst(self.wiki, READERS, deadline=300)
            until(hang.read_text, "somebody parses")
            parses = self.served_while_one_hangs(readers)
            self.assertGreaterEqual(time.monotonic() - begun, MAX_HOLD)
            # On a busy machine a parse may last this long without hanging. Another one follows it, too.
            self.assertGreaterEqual(parses, 1)
            self.assertEqual(daemon.admin("v1/status")["disconnects"], {"max_hold": parses, "kick": 0})
        self.all_end(readers)

    def daemon(self, *more):
        """A daemon for the wiki, whose cached article is out of date."""
        self.admin = f"unix:{self.wiki.folder}/admin"
        daemon = self.enterContext(Daemon.ours(self.wiki.folder, more=("--admin", self.admin, *more), admin=True))
        pools = {"ArticleView": conf("PoolCounterNative", timeout=600)}
        self.wiki.settings(pools, {"servers": [daemon.address], "timeout": 0.5})
        # The first test also warms the workers.
        if not self.wiki.parses():
            burst(self.wiki, READERS)
        self.wiki.purge()
        self.parses = self.wiki.parses()
        return daemon

    def stuck(self, daemon, hang):
        """Starts the readers, and waits until one parses and all others wait; gives them, and the address of the one."""
        readers = Burst(self.wiki, READERS, deadline=300)
        until(lambda: daemon.admin("v1/status")["waiters"] == READERS - 1, "29 wait")
        parser = until(hang.read_text, "somebody parses")
        (holder,) = sockets_to(int(parser), daemon.address, PORT)
        return readers, holder

    def served_while_one_hangs(self, readers):
        """Waits until all but the one that hangs have their page; gives the number of parses that this took."""
        until(lambda: readers.back() >= READERS - 1, "29 readers have their page", patience=60)
        self.assertEqual(readers.back(), READERS - 1)
        return self.wiki.parses() - self.parses

    def all_end(self, readers):
        """Those who waited have the article. The one that was disconnected has what MediaWiki makes of that, but has an answer."""
        pages = {page.value: number for page, number in readers.wait().pages().items()}
        self.assertGreaterEqual(pages["full"], READERS - 1, pages)

    def first_key(self, lines, holder):
        """The first line below the heading of the keys, if it names this holder."""
        headings = [at for at, line in enumerate(lines) if line.startswith("KEY ")]
        first = lines[headings[0] + 1] if headings and headings[0] + 1 < len(lines) else ""
        return first if first.endswith(f" {holder}") else None

    def ctl(self, *words):
        """The command line of poolcounterctl for the daemon's Unix socket."""
        return [places.ctl(), *words, "--server", self.admin]

    def run_ctl(self, *words):
        """Runs poolcounterctl; gives its output."""
        done = subprocess.run(self.ctl(*words), capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def hanging_parse(self):
        """The article's next parse hangs until the block ends, and no later one; the file has the id of the process that parses."""
        hang = self.wiki.folder / "hang"
        hang.touch()
        try:
            yield hang
        finally:
            hang.unlink()

    def look(self, daemon, granted):
        """What the page shows in a browser, which waits until its age is right to a second. It leaves pictures of it."""
        pictures = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or places.ROOT / "target") / "page-screenshots"
        command = ["node", LOOKER, daemon.page, str(round(granted * 1000)), pictures]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=400, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)
