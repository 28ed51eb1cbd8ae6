"""The service under systemd: installing, upgrading, removing, and replacing the reference."""

from __future__ import annotations

import pathlib

from stage import debs
from stage.root import ARCH
from stage.service import HOLD, OPTIONS, OURS, REFERENCE, ServiceCase
from stage.waiting import until


class Service(ServiceCase):
    """Each test has a system of its own."""

    # A system without the reference.

    def test_install(self) -> None:
        """It is enabled, runs, and answers; poolcounterctl sees it; no compiler came with it."""
        self.root.install(OURS)
        self.assert_serves()
        self.assert_enabled("poolcounter-rs.service", "poolcounter.service")
        version = debs.field(debs.deb(OURS, ARCH), "Version").split("-", maxsplit=1)[0]
        self.assertIn(f"Version {version}", self.root.unit("poolcounter.service", "StatusText"))
        with self.root.client() as client:
            self.assertEqual(client.ask(HOLD), "LOCKED")
            self.assertIn("page:1", self.root.run("poolcounterctl", "keys"))
        command = ("poolcounterctl", "run", "--key", "k", "-s", "127.0.0.1", "--", "echo", "holds it")
        self.assertEqual(self.root.run(*command), "holds it\n")
        self.assertIn("poolcounter-admin", self.root.run("stat", "--format", "%G", "/run/poolcounter/admin"))
        self.assert_no_compiler()

    def test_readme(self) -> None:
        """The commands at its beginning work as they stand there."""
        self.root.install(OURS)
        self.assert_serves()
        words = pathlib.Path(__file__).parents[2] / "debian" / "poolcounter-rs.README.Debian"
        lines = words.read_text(encoding="utf-8").split("\n\n")[1].splitlines()
        commands = [line.split("#")[0].split() for line in lines]
        self.assertEqual([command[0] for command in commands], ["systemctl", "poolcounterctl"])
        for command in commands:
            self.assertTrue(self.root.run(*command))

    def test_reboot(self) -> None:
        """It comes up with the system."""
        self.root.install(OURS)
        self.root.boot()
        self.assert_serves()

    def test_purge(self) -> None:
        """Remove stops it; purge leaves only the administrator's file."""
        self.root.write("/etc/default/poolcounter", OPTIONS)
        before = self.root.files()
        self.root.install(OURS)
        self.assert_serves()
        holder = self.enterContext(self.root.client())
        self.assertEqual(holder.ask(HOLD), "LOCKED")
        self.root.apt("remove", OURS)
        self.assert_no_daemon()
        self.assertEqual(holder.line(), "")
        self.assertNotIn("poolcounter", self.root.run("systemctl", "list-units", "--no-legend", "--plain"))
        self.root.apt("purge", OURS)
        self.root.apt("autoremove", "--purge")
        self.assertEqual(self.root.status(OURS), "not-installed")
        self.assert_same_files(before)
        self.assert_options_are_kept()

    def test_remove_and_install_again(self) -> None:
        """It runs and is enabled again."""
        self.root.install(OURS)
        self.root.apt("remove", OURS)
        self.assert_no_daemon()
        self.root.install(OURS)
        self.assert_serves()
        self.assert_enabled("poolcounter-rs.service", "poolcounter.service")

    # Upgrades.

    def newer(self, program: bytes | None = None) -> pathlib.Path:
        """A higher version, with another program."""

        def change(content: pathlib.Path) -> None:
            file = content / "usr/bin/poolcounterd"
            file.write_bytes(file.read_bytes() + b"\0" if program is None else program)

        return debs.newer(debs.deb(OURS, ARCH), self.root.folder, change)

    def runs_installed_program(self) -> bool:
        return "(deleted)" not in self.root.run("readlink", f"/proc/{self.pid()}/exe")

    def test_upgrade(self) -> None:
        """The new program takes over with the lock and its queue, in the same process."""
        self.root.install(OURS)
        self.assert_serves()
        holder, waiter = self.queue()
        pid = self.pid()
        self.root.install(self.newer())
        until(self.runs_installed_program, "the new program runs")
        self.assertEqual(self.pid(), pid)
        self.assert_serves()
        self.assert_queue_lives(holder, waiter)

    def test_refused_upgrade(self) -> None:
        """If the new program does not start, the package is installed, the old program continues, and this is said."""
        self.root.install(OURS)
        self.assert_serves()
        holder, waiter = self.queue()
        pid = self.pid()
        said = self.root.install(self.newer(b"#!/bin/sh\nexit 1\n"))
        self.assertEqual(self.root.status(OURS), "installed")
        self.assertEqual(self.pid(), pid)
        self.assertIn("(deleted)", self.root.run("readlink", f"/proc/{pid}/exe"))
        self.assertRegex(said, r"(?m)^.*poolcounter.*(continues|still runs|keeps running).*$")
        self.assert_queue_lives(holder, waiter)

    def test_upgrade_that_a_policy_delays(self) -> None:
        """If policy-rc.d forbids the reload, this is said at once, and the administrator's reload is the upgrade."""
        self.root.install(OURS)
        self.assert_serves()
        holder, waiter = self.queue()
        pid = self.pid()
        self.root.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")
        self.root.run("chmod", "+x", "/usr/sbin/policy-rc.d")
        said = self.root.install(self.newer())
        self.assertIn("policy-rc.d forbids the reload of poolcounter-rs.service", said)
        self.assertNotIn("frees all locks", said)
        self.assertFalse(self.runs_installed_program())
        self.root.run("systemctl", "reload", "poolcounter-rs.service")
        until(self.runs_installed_program, "the new program runs")
        self.assertEqual(self.pid(), pid)
        self.assert_queue_lives(holder, waiter)

    def test_upgrade_of_a_stopped_service(self) -> None:
        """What the administrator stopped and disabled stays so."""
        self.root.install(OURS)
        self.root.run("systemctl", "disable", "--now", "poolcounter-rs.service")
        self.root.install(self.newer())
        self.assertEqual(self.root.enabled("poolcounter-rs.service"), "disabled")
        self.assert_no_daemon()

    # In the place of the reference.

    def test_replaces_the_reference(self) -> None:
        """It stops the reference, and is configured and enabled as it was; purging the reference changes nothing."""
        self.replace_reference(linger=10)
        pid = self.pid()
        holder, waiter = self.queue()
        self.root.apt("purge", REFERENCE)
        self.assertEqual(self.root.status(REFERENCE), "not-installed")
        self.assertEqual(self.pid(), pid)
        self.assert_queue_lives(holder, waiter)
        self.assert_enabled("poolcounter-rs.service", "poolcounter.service")
        self.assert_options_are_kept()
        self.root.boot()
        self.assert_serves()
        self.assertIn("-l 127.0.0.1", self.command_line())

    def test_replaces_a_disabled_reference(self) -> None:
        """A reference that is disabled and stopped leaves ours disabled and stopped."""
        self.use_reference()
        self.root.run("systemctl", "disable", "--now", "poolcounter.service")
        self.root.install(OURS)
        self.assertEqual(self.root.enabled("poolcounter-rs.service"), "disabled")
        self.assert_no_daemon()

    def test_masked_name(self) -> None:
        """The administrator's mask of the reference's name stays, also after a purge, and ours is not enabled."""
        self.root.run("systemctl", "mask", "poolcounter.service")
        self.assertIn("is the administrator's", self.root.install(OURS))
        self.assertEqual(self.root.enabled("poolcounter-rs.service"), "disabled")
        self.assert_no_daemon()
        self.root.apt("purge", OURS)
        self.assertEqual(self.root.enabled("poolcounter.service"), "masked")

    def test_way_back(self) -> None:
        """Installing the reference stops ours; purging ours changes nothing for it."""
        self.use_reference()
        self.root.install(OURS)
        self.assert_serves()
        self.root.apt("install", REFERENCE)
        self.assert_serves(REFERENCE)
        pid = self.pid(REFERENCE)
        self.assert_enabled("poolcounter.service")
        self.root.apt("purge", OURS)
        self.assertEqual(self.root.status(OURS), "not-installed")
        self.assertEqual(self.pid(REFERENCE), pid)
        self.assert_serves(REFERENCE)
        self.assert_enabled("poolcounter.service")
        self.assert_options_are_kept()
        self.root.boot()
        self.assert_serves(REFERENCE)
