"""What MediaWiki sends through our class, byte for byte."""

import unittest

from stage import article
from stage.daemon import Client, Daemon
from stage.puppet import Puppet
from stage.waiting import until
from stage.wiki import Wiki, conf
from stage.wire import Recorder

OURS = "PoolCounterNative"
SMALL = {"workers": 2, "maxqueue": 10, "timeout": 5}


class Main:
    """The lines of the pools that MediaWiki has."""

    version = ""

    @classmethod
    def setUpClass(cls):
        cls.wiki = cls.enterClassContext(Wiki(cls.version, rows=2, workers=2))
        cls.wiki.request(cls.wiki.page())

    def setUp(self):
        self.daemon = self.enterContext(Daemon.ours(self.wiki.folder))
        self.recorder = self.enterContext(Recorder(self.daemon))
        self.client = {"servers": [self.recorder.address], "timeout": 0.5}

    def pool(self, type_, **limits):
        """Protects a pool type with our class."""
        self.wiki.settings({type_: conf(OURS, **limits)}, self.client, wgMainCacheType=1)

    def assert_lines(self, *expected):
        """Exactly these lines were sent. The client does not wait for a release, so it may still be on its way."""
        until(lambda: len(self.recorder.lines) >= len(expected), "the lines are there")
        self.assertEqual(self.recorder.lines, list(expected))

    def test_article(self):
        """A page view; its key depends on the parser cache's data of the page."""
        self.pool("ArticleView", workers=2)
        self.wiki.purge()
        self.wiki.request(self.wiki.page())
        self.wiki.clear_cache()
        self.wiki.request(self.wiki.page())
        self.assert_lines(
            "ACQ4ANY wiki:pcache:idhash:3-0!canonical:revid:3 2 100 15", "RELEASE",
            "ACQ4ANY wiki:pcache:idhash:3-0!dateformat=default:revid:3 2 100 15", "RELEASE")

    def test_old_revision(self):
        """Revision 2 is the template's, but it can be asked for under any name."""
        self.pool("ArticleView", workers=2)
        self.wiki.api(action="edit", title=article.ROW_TEMPLATE, appendtext="<!-- -->", token="+\\")
        self.wiki.clear_cache()
        self.wiki.request(self.wiki.page(article.ROW_TEMPLATE, oldid=2))
        self.assert_lines("ACQ4ANY wiki:rcache:2:dateformat=default 2 100 15", "RELEASE")

    def test_action_parse(self):
        """A pool for each user."""
        self.pool("ApiParser", **SMALL)
        self.wiki.api(action="parse", page="Small")
        self.assert_lines("ACQ4ME wiki:ApiParse:a:127.0.0.1 2 10 5", "RELEASE")

    def test_contributions(self):
        """Another pool for each user."""
        self.pool("SpecialContributions", **SMALL)
        self.wiki.request(self.wiki.page("Special:Contributions/Admin"))
        self.assert_lines("ACQ4ME wiki:SpecialContributions:a:127.0.0.1 2 10 5", "RELEASE")

    def test_fast_stale(self):
        """Without a wait first, then, as there is no stale copy, with one; over one connection."""
        self.pool("ArticleView", workers=1, fastStale=True)
        self.wiki.clear_cache()
        key = "wiki:pcache:idhash:3-0!dateformat=default:revid:3"
        with Client(self.daemon.address) as other:
            self.assertEqual(other.ask(f"ACQ4ANY {key} 1 100 15"), "LOCKED")
            self.pool("ArticleView", workers=1, fastStale=True, timeout=1)
            self.wiki.request(self.wiki.page())
        self.assert_lines(f"ACQ4ANY {key} 1 100 0", f"ACQ4ANY {key} 1 100 1")
        self.assertEqual(self.recorder.connections, 1)

    def test_slots_and_nowait(self):
        """Slots replace the key; a key that does not wait works, and a process may have four of them."""
        pools = {"Slotted": conf(OURS, slots=1, **SMALL), "nowait": conf(OURS, workers=2, maxqueue=10, timeout=0)}
        keys = [f"nowait:{number}" for number in range(5)]
        with Puppet(self.wiki, pools, self.client) as puppet:
            puppet.make("Slotted", "any")
            values = [puppet.ask(what, name="any")["value"] for what in ("acquireForMe", "release")]
            for key in keys:
                puppet.make("nowait", key)
                values.append(puppet.ask("acquireForMe", name=key)["value"])
            values += [puppet.ask("release", name=key)["value"] for key in reversed(keys[:4])]
        self.assertEqual(values, [1, 2, 1, 1, 1, 1, -5, 2, 2, 2, 2])
        acquires = [f"ACQ4ME {key} 2 10 0" for key in keys]
        self.assert_lines("ACQ4ME Slotted:0 2 10 5", "RELEASE", *acquires, *["RELEASE"] * 4)


class MediaWiki143(Main, unittest.TestCase):
    """MediaWiki 1.43 LTS."""

    version = "1.43"


class MediaWiki139(Main, unittest.TestCase):
    """MediaWiki 1.39 LTS."""

    version = "1.39"


if __name__ == "__main__":
    unittest.main()
