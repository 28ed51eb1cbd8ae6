"""The extension as a whole: how it is found, what it requires, and that it fits MediaWiki 1.45."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from stage import places, web
from stage.daemon import Daemon
from stage.wiki import Wiki, conf

OURS = "PoolCounterNative"
NAMESPACED = "MediaWiki\\Extension\\PoolCounterNative\\PoolCounterNative"


def run(*command, timeout=60):
    """Runs a command to its end."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False)


class Files(unittest.TestCase):
    """What can be said of the files alone."""

    def test_every_file_is_php(self):
        """No file has a syntax error."""
        files = sorted([*places.EXTENSION.rglob("*.php"), *(places.HERE / "php").glob("*.php")])
        self.assertGreater(len(files), 3)
        for path in files:
            done = run(places.PHP, "-n", "-l", path)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_style(self):
        """MediaWiki's style, as far as the sniffs that Debian has can tell."""
        sniffer = shutil.which("phpcs")
        self.assertIsNotNone(sniffer, "phpcs is missing: run tests/wiki/setup first")
        done = run(sniffer, f"--standard={places.EXTENSION}/.phpcs.xml", places.EXTENSION / "src", places.HERE / "php")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_message_is_documented(self):
        """Each message that the class names exists, and qqq.json explains each, parameters included."""
        english, documentation = (json.loads((places.EXTENSION / "i18n" / f"{name}.json").read_text()) for name in ("en", "qqq"))
        self.assertEqual(list(english), list(documentation))
        for key, text in english.items():
            if key != "@metadata":
                self.assertEqual(set(re.findall(r"\$\d", text)), set(re.findall(r"\$\d", documentation[key])), key)
        source = (places.EXTENSION / "src" / "PoolCounterNative.php").read_text()
        named = set(re.findall(r"'(poolcounter[a-z]*-[a-z-]+)'", source))
        self.assertEqual(named, {key for key in english if key.endswith("-error")})


class Requirements(unittest.TestCase):
    """What happens when something is missing."""

    def test_without_the_module(self):
        """MediaWiki says at start that the PHP extension is missing."""
        for version in ("1.43", "1.39"):
            with Wiki(version, rows=1, workers=1) as wiki:
                web.php_ini(wiki.folder, with_poolcounter=False)
                done = subprocess.run(wiki.command("version"), env=wiki.environment(), capture_output=True, text=True, timeout=60,
                                      check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("poolcounter", done.stdout + done.stderr)

    def test_both_names_of_the_class(self):
        """The short name and the one with the namespace mean the same class, and other pools are left alone."""
        for version in ("1.43", "1.39"):
            with Wiki(version, rows=1, workers=1) as wiki, Daemon.ours(wiki.folder) as daemon:
                for name in (OURS, NAMESPACED):
                    before = daemon.counter("total_acquired")
                    wiki.settings({"ArticleView": conf(name)}, {"servers": [daemon.address], "timeout": 0.5})
                    wiki.clear_cache()
                    status, body = wiki.request(wiki.page())
                    self.assertEqual((status, "Here ends edition 1." in body), (200, True))
                    self.assertEqual(daemon.counter("total_acquired"), before + 1, name)

    def test_the_version_page_names_it(self):
        """Special:Version shows the extension, its licence and its description."""
        with Wiki("1.43", rows=1, workers=1) as wiki:
            wiki.settings()
            _, body = wiki.request(wiki.page("Special:Version"))
            for text in (OURS, "GPL-2.0-or-later", "Protects the wiki from a rush on one page"):
                self.assertIn(text, body)


class Tracer(unittest.TestCase):
    """MediaWiki 1.45: the base class opens a span on each lock and closes it on each release."""

    def test_spans(self):
        """Each lock opens one span, which its release closes; what is not a lock opens none."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            with Daemon.ours(folder) as daemon:
                script = places.HERE / "php" / "tracer.php"
                ini = web.php_ini(folder)
                done = run("env", "PHP_INI_SCAN_DIR=", places.PHP, "-c", ini, script, daemon.address, places.EXTENSION)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        self.assertEqual(told["told"], [
            ["acquireForMe", 1], ["acquireForAnyone", None, "poolcounter-usage-error"], ["release", 2], ["release", -2],
            ["acquireForAnyone", 1], ["release", 2], ["acquireForMe", -4]])
        self.assertEqual(told["spans"], ["opened", "closed", "opened", "closed"])
        self.assertEqual((told["name"], told["base"]), (NAMESPACED, "MediaWiki\\PoolCounter\\PoolCounter"))


if __name__ == "__main__":
    unittest.main()
