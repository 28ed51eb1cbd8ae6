"""The packages for another architecture, whose programs run under qemu; without systemd, which does not run there."""

from __future__ import annotations

import unittest

from checks.test_clients import LIBRARY, MODULE, PHP_LOCK, PYTHON, PYTHON_LOCK, SERVICE
from loopback import free_address
from stage.root import ARCH, PHP, Root

# Runs a command while a daemon listens on an address: the process ids of the command's system end with it.
WITH_DAEMON = """
address=$1
shift
poolcounterd -l "$address" &
for try in $(seq 200); do
    ! poolcounterctl stats -s "$address" >/dev/null 2>&1 || exec "$@"
    sleep 0.1
done
echo 'the daemon does not answer'
exit 1
"""


class Foreign(unittest.TestCase):
    """One system for all tests."""

    root: Root

    @classmethod
    def setUpClass(cls) -> None:
        cls.root = cls.enterClassContext(Root(f"php{PHP}-cli", "python3"))
        cls.root.install(SERVICE, LIBRARY, MODULE, PYTHON)

    def setUp(self) -> None:
        self.address = free_address()

    def run_with_daemon(self, *command: str) -> str:
        words = [word.replace("127.0.0.1", self.address) for word in command]
        return self.root.run("sh", "-c", WITH_DAEMON, "with_daemon", self.address, *words)

    def test_architecture(self) -> None:
        """The programs are those of the architecture."""
        self.assertEqual(self.root.run("dpkg", "--print-architecture"), f"{ARCH}\n")
        self.assertEqual(self.root.status(SERVICE), "installed")

    def test_daemon_and_ctl(self) -> None:
        """A command runs under a lock."""
        said = self.run_with_daemon("poolcounterctl", "run", "--key", "k", "-s", "127.0.0.1", "--", "echo", "holds it")
        self.assertEqual(said, "holds it\n")

    def test_php(self) -> None:
        """The module is loaded, and takes a lock."""
        self.assertEqual(self.run_with_daemon("php", "-r", PHP_LOCK), "LOCKED RELEASED")

    def test_python(self) -> None:
        """The package takes a lock with the system's library."""
        self.assertEqual(self.run_with_daemon("python3", "-c", PYTHON_LOCK), "LOCKED\n")

    def test_purge(self) -> None:
        """Nothing of the service and the library is left."""
        with Root("systemd-sysv") as root:
            before = root.files()
            root.install(SERVICE, LIBRARY)
            root.apt("purge", SERVICE, LIBRARY)
            after = root.files()
            self.assertEqual({name: after[name] for name in after if after[name] != before.get(name)}, {})
