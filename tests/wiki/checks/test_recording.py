"""A bad night of the demo wiki is recorded, verified, and replayed with a better setting; then the wiki itself gets that setting.

`NIGHT=FILE tests/wiki/run checks.test_recording` writes the recording to FILE, too.
"""

import json
import os
import pathlib
import shutil
import unittest

from stage.article import Page
from stage.daemon import Daemon
from stage.readers import burst
from stage.tape import Tape, sim
from stage.wiki import Wiki, conf

READERS = 30
WAVES = 3
# Ten may parse or wait for the parse.
NARROW, WIDE = 10, 50


class BadNight(unittest.TestCase):
    """Each time the article's copy is out of date, 30 readers ask for it at once."""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki("1.43", rows=60, workers=READERS + 2))
        cls.admin = f"unix:{cls.wiki.folder}/admin"
        cls.daemon = cls.enterClassContext(Daemon.ours(cls.wiki.folder, more=("--admin", cls.admin)))
        # This warms the workers.
        cls.wiki.settings({}, {"servers": [cls.daemon.address]})
        burst(cls.wiki, READERS)

    def night(self, name, maxqueue):
        """Records some stampedes with this setting; gives the file, and the pages that readers got."""
        pools = {"ArticleView": conf("PoolCounterNative", timeout=60, maxqueue=maxqueue)}
        self.wiki.settings(pools, {"servers": [self.daemon.address], "timeout": 0.5})
        pages = dict.fromkeys(Page, 0)
        with Tape(self.admin, self.wiki.folder / name) as tape:
            for _ in range(WAVES):
                self.wiki.purge()
                for page, count in burst(self.wiki, READERS).pages().items():
                    pages[page] += count
        return tape.file, pages

    def test_from_a_bad_night_to_a_better_setting(self):
        """The recording is true; column A is near to it; column B is what the wiki then does."""
        bad, pages = self.night("bad-night.rec", NARROW)
        self.assertGreater(pages[Page.STALE], 0)
        if os.environ.get("NIGHT"):
            shutil.copyfile(bad, pathlib.Path(os.environ["NIGHT"]))
        self.assertIn("are the same", sim("verify", bad))

        report = json.loads(sim("replay", bad, "--set", f"ArticleView: maxqueue {WIDE}", "--json"))
        (group,) = [group for group in report["groups"] if group["name"] == "pcache"]
        self.assertTrue(group["isNear"], group)
        # Those who were refused got the old copy. The recording does not tell that there was one before its first work.
        self.assertEqual(group["recorded"]["refused"], pages[Page.STALE])
        self.assertEqual(group["a"]["stale"] + group["a"]["errors"], pages[Page.STALE])
        self.assertEqual([group["b"][what] for what in ("refused", "stale", "errors")], [0, 0, 0])

        better, pages = self.night("better-night.rec", WIDE)
        self.assertEqual(pages[Page.STALE], 0)
        self.assertEqual(pages[Page.FULL], WAVES * READERS)
        self.assertIn("are the same", sim("verify", better))
        (real,) = [group for group in json.loads(sim("replay", better, "--json"))["groups"] if group["name"] == "pcache"]
        self.assertEqual(real["recorded"]["refused"], group["b"]["refused"])
