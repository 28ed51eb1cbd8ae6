"""The story of the operator at three in the morning: a parse hangs, everybody waits for it, and the daemon's page says who is to blame."""

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
from stage.waiting import until
from stage.wiki import Wiki, conf

READERS = 30
LOOKER = places.ROOT / "tests" / "page" / "at-night.mjs"


class AtNight(unittest.TestCase):
    """30 readers want an article whose parse hangs."""

    def test_who_is_to_blame(self):
        """Page and API name the key first, with the holder's address, an age right to a second, and 29 waiting."""
        wiki = self.enterContext(Wiki("1.43", rows=20, workers=READERS + 2))
        daemon = self.enterContext(Daemon.ours(wiki.folder, admin=True))
        pools = {"ArticleView": conf("PoolCounterNative", timeout=600)}
        wiki.settings(pools, {"servers": [daemon.address], "timeout": 0.5})
        burst(wiki, READERS)
        wiki.purge()
        with self.hanging_parse(wiki) as hang:
            begun = time.time()
            readers = Burst(wiki, READERS, deadline=300)
            until(lambda: daemon.admin("v1/status")["waiters"] == READERS - 1, "29 wait")
            parser = until(hang.read_text, "somebody parses")
            parses_since = hang.stat().st_mtime
            (holder,) = sockets_to(int(parser), daemon.address, PORT)

            asked = time.time()
            first, *others = daemon.admin("v1/keys")["keys"]
            answered = time.time()
            self.assertEqual(others, [])
            self.assertRegex(first["key"], r"^wiki:pcache:")
            self.assertEqual((first["group"], first["holders"], first["waiters"]), ("pcache", 1, READERS - 1))
            self.assertEqual(first["holder"]["address"], holder)
            # It was granted after the readers began, and before its parse hung.
            self.assertGreaterEqual(first["held_seconds"], asked - parses_since)
            self.assertLessEqual(first["held_seconds"], answered - begun)

            seen = self.look(daemon, answered - first["held_seconds"])
            self.assertEqual(seen["key"], first["key"])
            self.assertEqual(seen["waiting"], str(READERS - 1))
            self.assertEqual(seen["holder"], holder)
            self.assertRegex(seen["verdict"], rf"^29 clients wait for wiki:pcache:\S+: {holder} holds it, for ")
            self.assertEqual(seen["claims"], READERS)
        pages = readers.wait().pages()
        self.assertEqual({page.value: number for page, number in pages.items()}, {"full": READERS})

    @contextlib.contextmanager
    def hanging_parse(self, wiki):
        """The article's parse hangs until the block ends; the file has the id of the process that parses."""
        hang = wiki.folder / "hang"
        hang.touch()
        try:
            yield hang
        finally:
            hang.unlink()

    def look(self, daemon, granted):
        """What the page shows in a browser, which waits until its age is right to a second. It leaves pictures of it."""
        pictures = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or places.ROOT / "target") / "page-screenshots"
        command = ["node", LOOKER, daemon.page, str(round(granted * 1000)), pictures]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=180, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)
