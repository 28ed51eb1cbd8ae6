"""What the tests of the service share."""

from __future__ import annotations

from .case import Case
from .client import Client
from .waiting import until

OURS = "poolcounter-rs"
REFERENCE = "poolcounter"
OPTIONS = 'ARGS="-l 127.0.0.1"\n'
# Longer than any test.
HOLD = "ACQ4ME page:1 1 10 3600"


class ServiceCase(Case):
    """Looks at the service of our package, or of the reference."""

    def pid(self, unit: str = OURS) -> int:
        return int(self.root.unit(f"{unit}.service", "MainPID"))

    def assert_serves(self, unit: str = OURS) -> None:
        self.root.wait_for_service()
        until(lambda: self.root.unit(f"{unit}.service", "ActiveState") == "active", f"{unit} is active")
        program = self.root.run("readlink", f"/proc/{self.pid(unit)}/exe").strip()
        self.assertEqual(program, "/usr/bin/poolcounterd")
        self.assertIs("rs" in unit, "--admin" in self.root.run(program, "--help", check=False))

    def assert_enabled(self, *names: str) -> None:
        for name in names:
            self.assertIn(self.root.enabled(name), ("enabled", "alias"), name)

    def assert_no_daemon(self) -> None:
        self.assertEqual(self.root.run("sh", "-c", "grep -l poolcounterd /proc/[0-9]*/comm || true"), "")
        self.assertFalse(self.root.serves())

    def assert_options_are_kept(self) -> None:
        self.assertEqual((self.root.path / "etc/default/poolcounter").read_text(), OPTIONS)

    def queue(self) -> tuple[Client, Client]:
        """A client that holds a lock, and one that waits for it."""
        holder, waiter = self.enterContext(self.root.client()), self.enterContext(self.root.client())
        self.assertEqual(holder.ask(HOLD), "LOCKED")
        waiter.send(HOLD)
        self.wait_for_waiter()
        return holder, waiter

    def wait_for_waiter(self) -> None:
        with self.root.client() as client:
            until(lambda: client.counter("waiting_workers") == 1, "a client waits")

    def assert_queue_lives(self, holder: Client, waiter: Client) -> None:
        with self.root.client() as another:
            self.assertEqual(another.ask("ACQ4ME page:1 1 2 3600"), "QUEUE_FULL")
        self.assertEqual(holder.ask("RELEASE"), "RELEASED")
        self.assertEqual(waiter.line(), "LOCKED")

    def use_reference(self) -> None:
        self.root.write("/etc/default/poolcounter", OPTIONS)
        self.root.apt("install", REFERENCE)
        self.assert_serves(REFERENCE)
        self.assert_enabled("poolcounter.service")

    def replace_reference(self, linger: int) -> None:
        """Ours is installed while the reference has two clients: their connections keep its port in use for so long."""
        self.use_reference()
        self.root.limit_linger(linger)
        holder, waiter = self.queue()
        self.root.install(OURS)
        self.assertEqual(self.root.status(REFERENCE), "config-files")
        self.root.wait_for_service(2 * linger + 20)
        self.assert_serves()
        self.assert_enabled("poolcounter-rs.service", "poolcounter.service")
        self.assert_options_are_kept()
        self.assertIn("-l 127.0.0.1", self.command_line())
        for client in (holder, waiter):
            self.assertEqual(client.line(), "")

    def command_line(self) -> str:
        return self.root.run("sh", "-c", f"tr '\\0' ' ' </proc/{self.pid()}/cmdline")
