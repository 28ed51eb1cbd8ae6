"""The clients of PHP, C and Python from packages, against the service from its package."""

from __future__ import annotations

import shutil

from stage import debs
from stage.case import Case
from stage.root import ARCH, PHP, WORKSPACE, Root

SERVICE = "poolcounter-rs"
MODULE = f"php{PHP}-poolcounter"
PYTHON = "python3-poolcounter-rs"
LIBRARY, DEVELOPMENT = "libpoolcounter0", "libpoolcounter-dev"
EXTENSION = "mediawiki-extension-poolcounternative"
ALL = (SERVICE, MODULE, LIBRARY, DEVELOPMENT, PYTHON, EXTENSION)

PHP_LOCK = """
$client = new PoolCounter\\Client( '127.0.0.1' );
echo $client->acquireForMe( 'page:1', workers: 1, maxqueue: 10, timeout: 5 )->name, ' ', $client->release()->name;
"""
PYTHON_LOCK = """
from poolcounter import Client
with Client(["127.0.0.1"]).lock("page:1", workers=1, maxqueue=10, timeout=5) as outcome:
    print(outcome.name)
"""


class Clients(Case):
    """Each test has a system of its own, with the service."""

    packages = ("systemd-sysv", f"php{PHP}-cli", "python3")

    def install(self, *names: str) -> None:
        self.root.install(SERVICE, *names)
        self.root.wait_for_service()
        self.assert_no_compiler()

    def acquired(self) -> int:
        with self.root.client() as client:
            return client.counter("total_acquired")

    def modules(self) -> list[str]:
        return self.root.run("php", "-m").splitlines()

    def test_php(self) -> None:
        """The module is loaded, and takes a lock. An administrator can turn it off, and an upgrade leaves it so."""
        self.install(MODULE)
        self.assertIn("poolcounter", self.modules())
        self.assertEqual(self.root.run("php", "-r", PHP_LOCK), "LOCKED RELEASED")
        self.assertEqual(self.acquired(), 1)
        self.root.run("phpdismod", "poolcounter")
        self.assertNotIn("poolcounter", self.modules())
        self.root.install(debs.newer(debs.deb(MODULE, ARCH), self.root.folder, lambda _: None))
        self.assertNotIn("poolcounter", self.modules())
        self.root.run("phpenmod", "poolcounter")
        self.assertIn("poolcounter", self.modules())
        self.root.apt("remove", MODULE)
        self.assertNotIn("poolcounter", self.root.run("php", "-m"))

    def test_c(self) -> None:
        """The example, compiled in another system with the development package, runs where only the library is."""
        program = "srv/example"
        with Root("gcc", "libc6-dev", "pkgconf") as compiler:
            compiler.install(LIBRARY, DEVELOPMENT)
            shutil.copy(WORKSPACE / "c-api/examples/blocking.c", compiler.path / "srv")
            shared = "$(pkg-config --cflags --libs poolcounter)"
            static = "$(pkg-config --static --cflags --libs poolcounter | sed 's/-lpoolcounter/-l:libpoolcounter.a/')"
            for name, options in (("example", shared), ("static", static)):
                compiler.run("sh", "-c", f"cc -Wall -Werror -o /srv/{name} /srv/blocking.c {options}")
            self.install(LIBRARY)
            for name in ("example", "static"):
                shutil.copy(compiler.path / "srv" / name, self.root.path / "srv")
        said = self.root.run("/" + program, "127.0.0.1", "page:1")
        self.assertEqual(said, "work and store the result\n")
        self.assertEqual(self.root.run("/srv/static", "127.0.0.1", "page:1"), said)
        self.assertEqual(self.acquired(), 2)
        self.root.apt("remove", LIBRARY)
        self.assertIn("libpoolcounter.so.0", self.root.run("/" + program, "127.0.0.1", "page:1", check=False))

    def test_python(self) -> None:
        """The package takes a lock with the system's library."""
        self.install(LIBRARY, PYTHON)
        self.assertEqual(self.root.run("python3", "-c", PYTHON_LOCK), "LOCKED\n")
        self.assertEqual(self.acquired(), 1)

    def test_nothing_is_left(self) -> None:
        """After all packages were installed, used, removed and purged, the system has the files that it had before."""
        before = self.root.files()
        self.install(*ALL[1:])
        self.assertIn("LOCKED", self.root.run("php", "-r", PHP_LOCK))
        self.root.run("python3", "-c", PYTHON_LOCK)
        self.root.apt("remove", *ALL)
        self.root.run("dpkg", "--purge", *ALL)
        for name in ALL:
            self.assertEqual(self.root.status(name), "not-installed")
        self.assert_same_files(before)


class Wiki(Case):
    """MediaWiki of Debian, with the extension, the module and the service from packages."""

    packages = (
        *("systemd-sysv", "python3", "nginx-light", "mediawiki"),
        *(f"php{PHP}-{name}" for name in ("fpm", "sqlite3", "intl", "mbstring", "xml")),
    )

    def test_stampede(self) -> None:
        """Of many readers of one article, one parses it."""
        # The test has other addresses for itself.
        self.root.write("/etc/default/poolcounter", 'ARGS="-l 127.0.0.1"\n')
        self.root.install(SERVICE, MODULE, EXTENSION)
        self.root.wait_for_service()
        self.assert_no_compiler()
        project = self.root.path / "srv/project"
        for name in ("wiki", "python"):
            shutil.copytree(WORKSPACE / "tests" / name, project / "tests" / name)
        shutil.copy(WORKSPACE / "packaging/debian/tests/inside/wiki.py", project)
        said = self.root.run("env", "WIKI_INSTALLED=1", "python3", "/srv/project/wiki.py", timeout=300)
        self.assertRegex(said, r"\n3 passed, 0 failed\n$")
        self.root.apt("purge", EXTENSION)
        self.assertEqual([name for name in self.root.files() if "PoolCounterNative" in name], [])
