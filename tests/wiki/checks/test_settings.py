"""Settings with mistakes: no page fails, and the log names the mistake. With and without the PHP extension, and with MediaWiki's own client for comparison."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

from stage import places, web
from stage.daemon import Daemon
from stage.wiki import Wiki, conf

OWN, OURS = "PoolCounter_Client", "PoolCounterNative"
KEYS = 24
TABLE = pathlib.Path(__file__).with_name("settings.tsv")
# The beginnings of the lines of the log that report unprotected pages.
UNPROTECTED = ("No connection to", "No answer came from", "No pool counter server is asked", "The PHP extension poolcounter", "The pool counter server LIVE answered with an error",
               # Where the machine has a daemon of its own.
               "127.0.0.1 answered")

# With a time-out of 0 MediaWiki's own client does not wait, but sometimes an answer is there already.
CHANCE = "pool's timeout: "


def outcome(told, by_chance=False):
    """How many of the possible locks were acquired, or the exception."""
    if told["thrown"]:
        return "throws " + told["thrown"].split(":")[0]
    if by_chance:
        return "some"
    return {0: "none", KEYS: "all"}.get(told["locks"], "some")


def mistakes(told):
    """What was logged of the settings."""
    return " / ".join(line for line in told["log"] if line.startswith("$wg"))


class Table(unittest.TestCase):
    """Each row of settings.tsv. RECORD=1 writes it anew; look at what has changed then."""

    @classmethod
    def setUpClass(cls):
        cls.told = {}
        for version in ("1.43", "1.39"):
            wiki = cls.enterClassContext(Wiki(version, rows=1, workers=1))
            socket = wiki.folder / "daemon.sock"
            daemon = cls.enterClassContext(Daemon.ours(wiki.folder, more=("--listen", f"unix:{socket}")))
            runs = {"with": (wiki, OURS), "own": (wiki, OWN)} if version == "1.43" else {"with": (wiki, OURS)}
            for name, (_, class_) in runs.items():
                cls.told[version, name] = cls.play(wiki, class_, daemon, socket)
            web.php_ini(wiki.folder, with_poolcounter=False)
            cls.told[version, "without"] = cls.play(wiki, OURS, daemon, socket)

    @staticmethod
    def play(wiki, class_, daemon, socket):
        """The result of each setting."""
        done = subprocess.run(wiki.command(places.HERE / "php" / "oddities.php", class_, daemon.address, socket), env=wiki.environment(),
                              capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-1000:] + done.stderr
        return {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}

    def test_no_page_fails(self):
        """Each piece of work is done, and the log gives the reason for each unprotected one."""
        for (version, name), all_told in self.told.items():
            for setting, told in all_told.items() if name != "own" else ():
                with self.subTest(setting, version=version, module=name):
                    self.assertEqual((told["thrown"], told["work"]), (None, KEYS))
                    if name == "with":
                        self.assertEqual(told["warnings"], [])
                    if told["locks"] < KEYS:
                        said = [line for line in told["log"] if line.partition(": ")[2].startswith(UNPROTECTED) or line.startswith(UNPROTECTED)]
                        self.assertTrue(said, told["log"])

    def test_nothing_is_logged_twice(self):
        """Each mistake is told once, though there were several counters."""
        for (_, name), all_told in self.told.items():
            for setting, told in all_told.items() if name != "own" else ():
                said = [line for line in told["log"] if line.startswith(("$wg", "The PHP extension"))]
                self.assertEqual(len(said), len(set(said)), setting)

    def test_the_table(self):
        """The result of each setting, and its log."""
        now = {}
        for setting, told in self.told["1.43", "with"].items():
            own, without = self.told["1.43", "own"][setting], self.told["1.43", "without"][setting]
            self.assertEqual(mistakes(told), mistakes(self.told["1.39", "with"][setting]), setting)
            now[setting] = [outcome(own, setting.startswith(CHANCE)), outcome(told), outcome(without, setting == CHANCE + "0"),
                            mistakes(told), mistakes(without)]
        if os.environ.get("RECORD"):
            head = ["setting", "MediaWiki's own client", "ours", "without the PHP extension", "logged", "logged without"]
            TABLE.write_text("".join("\t".join(row) + "\n" for row in [head, *([name, *rest] for name, rest in now.items())]))
        rows = [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]
        self.assertEqual([row[0] for row in rows], list(now))
        for setting, own, *rest in rows:
            with self.subTest(setting):
                self.assertEqual(now[setting], [own, *rest])


class Web(unittest.TestCase):
    """The same in a worker of php-fpm."""

    def test_a_mistake_is_logged_once_a_process(self):
        """Not in each request. The remaining server serves the page."""
        with Wiki("1.43", rows=1, workers=1) as wiki, Daemon.ours(wiki.folder) as daemon:
            wiki.settings({"ArticleView": conf(OURS, workers=None)}, {"servers": [daemon.address, ":7531"], "timeout": -1})
            for number in range(1, 4):
                wiki.clear_cache()
                status, body = wiki.request(wiki.page())
                self.assertEqual((status, "Here ends edition 1." in body), (200, True))
                self.assertEqual(daemon.counter("total_acquired"), number)
            for text in ("$wgPoolCountClientConf['servers'][1] is \":7531\"", "$wgPoolCountClientConf['timeout'] is -1",
                         "$wgPoolCounterConf['ArticleView']['workers'] is missing"):
                self.assertEqual(wiki.log().count(text), 1, text)


if __name__ == "__main__":
    sys.exit(unittest.main())
