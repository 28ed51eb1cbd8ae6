"""The extension as a whole: its registration, its requirements, and MediaWiki 1.45."""

import html
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from xml.etree import ElementTree

from stage import places, web
from stage.daemon import Daemon
from stage.wiki import Wiki, conf

OURS = "PoolCounterNative"
NAMESPACED = "MediaWiki\\Extension\\PoolCounterNative\\PoolCounterNative"


def run(*command, timeout=60):
    """Runs a command to its end."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False)


class Files(unittest.TestCase):
    """Checks of the files."""

    def test_every_file_is_php(self):
        """No file has a syntax error."""
        files = sorted([*places.EXTENSION.rglob("*.php"), *(places.HERE / "php").glob("*.php")])
        self.assertGreater(len(files), 3)
        for path in files:
            done = run(places.PHP, "-n", "-l", path)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_style(self):
        """MediaWiki's style, as far as Debian's phpcs has sniffs for it."""
        sniffer = shutil.which("phpcs")
        self.assertIsNotNone(sniffer, "phpcs is missing: run tests/wiki/setup first")
        done = run(sniffer, f"--standard={places.HERE}/phpcs.xml", places.EXTENSION, places.HERE / "php")
        self.assertEqual(done.returncode, 0, done.stdout)
        for path in places.EXTENSION.rglob("*.php"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                self.assertLessEqual(len(line.expandtabs(4)), 120, f"{path}:{number}")

    def test_every_message_is_documented(self):
        """Each message that the class names exists, and qqq.json explains each, parameters included."""
        english, documentation = (json.loads((places.EXTENSION / "i18n" / f"{name}.json").read_text()) for name in ("en", "qqq"))
        self.assertEqual(list(english), list(documentation))
        for key, text in english.items():
            if key != "@metadata":
                self.assertEqual(set(re.findall(r"\$\d", text)), set(re.findall(r"\$\d", documentation[key])), key)
        source = (places.EXTENSION / "src" / "PoolCounterNative.php").read_text()
        named = set(re.findall(r"'(poolcounter[a-z]*-[a-z-]+-error)'", source))
        self.assertEqual(named, {key for key in english if key.endswith("-error")})


class Options(unittest.TestCase):
    """docs/options.md names the settings that the extension reads."""

    # Settings of a pool that only MediaWiki uses: the protocol does not have them.
    OF_POOLS = {"class", "slots", "fastStale"}

    @staticmethod
    def documented(heading):
        """The words that the column of MediaWiki has below a heading."""
        section = (places.ROOT / "docs" / "options.md").read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        head, _, *rows = ("| default |" + section.partition("\n| default |")[2].partition("\n\n")[0]).splitlines()
        cells = [row.split(" | ")[head.split(" | ").index("MediaWiki")] for row in rows]
        # A dash means that there is no such setting.
        return {name for cell in cells if not cell.startswith("-") for name in re.findall(r"`(\w+)`", cell)}

    @staticmethod
    def known(class_):
        """The names that a class of settings knows."""
        code = ("foreach (['Mistakes', $argv[2]] as $name) { require \"$argv[1]/src/$name.php\"; }"
                "echo json_encode((new ReflectionClass(\"MediaWiki\\\\Extension\\\\PoolCounterNative\\\\$argv[2]\"))->getConstant('KNOWN'));")
        done = run(places.PHP, "-n", "-r", code, places.EXTENSION, class_)
        return set(json.loads(done.stdout))

    def test_of_the_client(self):
        """$wgPoolCountClientConf."""
        self.assertEqual(self.known("ClientSettings"), self.documented("Options of a client"))

    def test_of_a_pool(self):
        """$wgPoolCounterConf."""
        self.assertEqual(self.known("PoolSettings"), self.documented("Options of a request") | self.OF_POOLS)

    def test_the_readme(self):
        """The table of the client's settings in the README has each of them."""
        table = (places.EXTENSION / "README.md").read_text().partition("| in `$wgPoolCountClientConf` |")[2].partition("\n\n")[0]
        self.assertEqual(set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)), self.known("ClientSettings"))


class Requirements(unittest.TestCase):
    """Missing parts."""

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
            for text in (OURS, "GPL-2.0-or-later", "Protects the wiki from a rush on one page", "poolcounter.so"):
                self.assertIn(text, body)


class WithoutTheModule(unittest.TestCase):
    """The PHP extension is not loaded, as after an upgrade of PHP."""

    POOLS = {"ArticleView": conf(OURS), "Other": conf(NAMESPACED), "Redis": conf("PoolCounterRedis")}

    def wiki(self, version, client):
        """A wiki whose PHP has it no more."""
        wiki = self.enterContext(Wiki(version, rows=1, workers=1, module=False))
        wiki.settings(self.POOLS, client)
        return wiki

    def script(self, wiki):
        """Standard output and standard error of a maintenance script."""
        done = subprocess.run(wiki.command("showSiteStats"), env=wiki.environment(), capture_output=True, text=True, timeout=60, check=True)
        return done.stdout, done.stderr

    def assert_told(self, wiki, fate):
        """The log, Special:Version and the standard error of a script say once what happened to the pools."""
        seen = len(wiki.log())
        status, body = wiki.request(wiki.page())
        self.assertEqual((status, "Here ends edition 1." in body), (200, True))
        text = f"The PHP extension poolcounter is not loaded, or is too old. The pools of $wgPoolCounterConf that need it (ArticleView, Other) {fate}."
        self.assertEqual(wiki.log()[seen:].count(text), 1)
        _, body = wiki.request(wiki.page("Special:Version"))
        self.assertEqual(html.unescape(re.sub("<[^>]*>", "", body)).count(text), 1)
        output, errors = self.script(wiki)
        self.assertEqual(errors, f"PoolCounterNative: {text}\n")
        self.assertNotIn("PHP extension", output)

    def test_mediawiki_has_a_client(self):
        """MediaWiki's own client serves the pools."""
        with tempfile.TemporaryDirectory() as folder, Daemon.ours(pathlib.Path(folder)) as daemon:
            wiki = self.wiki("1.43", {"servers": [daemon.address, "unix:/nowhere"], "timeout": 0.5})
            self.assert_told(wiki, "are given to MediaWiki's own client")
            wiki.clear_cache()
            before = daemon.counter("total_acquired")
            wiki.request(wiki.page())
            self.assertEqual(daemon.counter("total_acquired"), before + 1)
            self.assertIn("$wgPoolCountClientConf['servers'][1] is \"unix:/nowhere\", but MediaWiki's own client reads host, host:port and [address]:port alone", wiki.log())

    def test_no_server_is_left_for_it(self):
        """MediaWiki's own client cannot use a Unix socket."""
        wiki = self.wiki("1.43", {"servers": ["unix:/nowhere"]})
        self.assert_told(wiki, "are not protected, because no server is left that MediaWiki's own client can use")

    def test_mediawiki_has_no_client(self):
        """MediaWiki 1.39 has no client of its own."""
        self.assert_told(self.wiki("1.39", {"servers": ["127.0.0.1"]}), "are not protected, because this MediaWiki has no client of its own")

    def test_pools_of_others(self):
        """A wiki that does not use the class gets no message."""
        wiki = self.wiki("1.43", {})
        wiki.settings({"Redis": conf("PoolCounterRedis")}, {"servers": "odd"})
        self.assertEqual(self.script(wiki)[1], "")

    def test_settings_that_come_later(self):
        """A pool that is configured after the callback: the page is made without a lock, and the log says why."""
        wiki = self.wiki("1.43", {})
        late = "$wgExtensionFunctions[] = static function () { $GLOBALS['wgPoolCounterConf']['ArticleView']['class'] = 'PoolCounterNative'; };"
        with (wiki.folder / "conf" / "LocalSettings.php").open("a") as local:
            local.write(f"\n{late}\n")
        wiki.clear_cache()
        status, body = wiki.request(wiki.page())
        self.assertEqual((status, "Here ends edition 1." in body), (200, True))
        self.assertIn("No pool counter server is asked: the PHP extension poolcounter is not loaded, or is too old", wiki.log())


class PhpUnit(unittest.TestCase):
    """The extension's own tests, on a real wiki, with the PHP extension and without."""

    def test_all(self):
        """Those that need the PHP extension are skipped without it, and the other way round."""
        for version in ("1.43", "1.39"):
            with Wiki(version, rows=1, workers=1) as wiki:
                wiki.settings({})
                ran = []
                for with_module in (True, False):
                    web.php_ini(wiki.folder, with_poolcounter=with_module)
                    report = wiki.folder / "junit.xml"
                    command = wiki.command(places.HERE / "php" / "phpunit.php", places.EXTENSION / "tests" / "phpunit", report)
                    done = subprocess.run(command, env=wiki.environment(), capture_output=True, text=True, timeout=120, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    cases = ElementTree.parse(report).iter("testcase")
                    ran.append({case.get("class") + case.get("name"): case.find("skipped") is None for case in cases})
                self.assertEqual(ran[0].keys(), ran[1].keys())
                # None is skipped both times.
                self.assertTrue(all(ran[0][name] or ran[1][name] for name in ran[0]))
                self.assertGreater(len(ran[0]), 40)


class Tracer(unittest.TestCase):
    """MediaWiki 1.45: the base class opens a span on each lock and closes it on each release."""

    def test_spans(self):
        """Each lock opens one span, and its release closes it; other outcomes open no span."""
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
