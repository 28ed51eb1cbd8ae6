"""The image as a container: process 1, an ordinary user, a read-only root."""

from __future__ import annotations

import contextlib
import functools
import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import unittest

import stage
from kit.engine import until
from kit.wire import PATIENCE, Client, get


def not_emulated(test):
    """A test that is not run where qemu runs the image.

    The kernel cannot execute the image's programs there by itself, and qemu has handlers of its own for signals.
    """

    @functools.wraps(test)
    def run(self):
        if stage.emulator:
            self.skipTest("qemu executes no other program, and handles signals by itself")
        test(self)

    return run


class Serving(unittest.TestCase):
    """What works in a container."""

    def test_serves_on_all_addresses_of_both_families(self):
        with stage.container():
            for address in ("127.0.0.1", "127.8.9.10", "::1"):
                with Client(address) as client:
                    self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED", address)
                self.assertEqual(get("/readyz", address=address), (200, "ready"), address)

    def test_is_process_1_of_an_ordinary_user_with_a_read_only_root(self):
        with stage.container() as container:
            status = pathlib.Path(f"/proc/{container.pid}/status").read_text()
            self.assertRegex(status, r"(?m)^NSpid:.*\t1$")
            self.assertRegex(status, r"(?m)^Uid:\t65534\t65534\t65534\t65534$")
            self.assertRegex(status, r"(?m)^CapEff:\t0+$")
            mounts = pathlib.Path(f"/proc/{container.pid}/mountinfo").read_text()
            self.assertRegex(mounts, r"(?m)^\S+ \S+ \S+ \S+ / ro,")
            json_status = json.loads(get("/v1/status")[1])
            self.assertEqual(json_status["pid"], 1)
            self.assertEqual(json_status["admin"], ["[::]:7532", "unix:/run/poolcounter/admin"])

    def test_says_only_that_the_second_port_can_be_read_by_others(self):
        with stage.container() as container:
            self.assertEqual(len(container.said()), 1, container.said())
            self.assertIn("--admin [::]:7532", container.said()[0])

    def test_runs_as_any_user(self):
        with stage.container(user=1000660000) as container, Client() as client:
            self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
            self.assertEqual(container.ctl("drain").returncode, 0)

    def test_options_are_added_to_those_of_the_image(self):
        with stage.container("-l", "127.0.0.77", "--max-clients", "5"):
            status = json.loads(get("/v1/status")[1])
            self.assertEqual((status["listeners"], status["max_clients"]), (["127.0.0.77:7531"], 5))
            with Client("127.0.0.77") as client:
                self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")

    def test_a_bad_option_ends_it_with_a_message(self):
        with stage.container("--max-clients", "many", ready=False) as container:
            self.assertEqual(container.wait(), 1)
            self.assertIn("many", "\n".join(container.said()))

    def test_starts_again_where_a_killed_one_has_left_its_socket(self):
        with kept_volume() as volume:
            for _ in range(2):
                with stage.container(mounts=[volume]) as container:
                    container.signal(signal.SIGKILL)
                    self.assertEqual(container.wait(), 128 + signal.SIGKILL)
            self.assertTrue((pathlib.Path(volume["source"]) / "admin").is_socket())

    def test_uses_all_descriptors_that_the_runtime_grants(self):
        with stage.container():
            granted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            self.assertEqual(json.loads(get("/v1/status")[1])["max_descriptors"], granted)


class Health(unittest.TestCase):
    """The health command."""

    def test_ok(self):
        with stage.container() as container:
            done = container.ctl("check")
            self.assertEqual(done.returncode, 0, done)
            self.assertTrue(done.stdout.startswith("POOLCOUNTER OK - "), done)

    def test_draining_is_a_warning(self):
        with stage.container() as container:
            container.ctl("drain")
            done = container.ctl("check")
            self.assertEqual(done.returncode, 1, done)
            self.assertTrue(done.stdout.startswith("POOLCOUNTER WARNING - "), done)

    def test_a_daemon_that_hangs_is_critical(self):
        with stage.container() as container:
            container.signal(signal.SIGSTOP)
            done = container.ctl("check", "--timeout", "1")
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("no answer within 1 s", done.stdout)
            container.signal(signal.SIGCONT)
            container.until_ready()


class Signals(unittest.TestCase):
    """Signals to process 1, which the kernel drops unless the program handles them."""

    def test_sigterm_and_sigint_stop_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with stage.container() as container, Client() as client:
                self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
                container.signal(number)
                self.assertEqual(container.wait(), 0, number)
                self.assertEqual(client.answer(), "", "the end of the stream")

    def test_sigterm_drains_first_if_asked_for(self):
        with stage.container("--drain-on-stop", "60") as container, Client() as client:
            self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
            container.signal(signal.SIGTERM)
            until(refuses, "new clients are refused")
            self.assertEqual(client.ask("RELEASE"), "RELEASED")
            self.assertEqual(container.wait(), 0)

    @not_emulated
    def test_sighup_sigquit_and_sigusr2_do_nothing(self):
        with stage.container() as container, Client() as client:
            self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
            for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2):
                container.signal(number)
                self.assertEqual(client.ask("STATS UPTIME").partition(":")[0], "uptime")
            self.assertEqual(client.ask("RELEASE"), "RELEASED")

    @not_emulated
    def test_a_process_that_loses_its_parent_does_not_stay_as_a_zombie(self):
        with stage.container() as container:
            # The command of `run` goes on when that is killed, and process 1 becomes its parent.
            words = ["run", "--key", "key", "-s", "127.0.0.1", "--", "/usr/bin/poolcounterctl", "events"]
            command = stage.engine.command("exec", "--user=65534:65534", container.name, *stage.emulator)
            pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
            with subprocess.Popen([*command, "/usr/bin/poolcounterctl", *words], **pipes) as running:
                until(lambda: len(inside(container)) == 3, "both run")
                parent, child = [pid for pid in inside(container) if pid != container.pid]
                signalled(parent, signal.SIGKILL)
                running.wait(timeout=PATIENCE)
            until(lambda: parent_of(child) == container.pid, "process 1 is its parent")
            signalled(child, signal.SIGKILL)
            until(lambda: inside(container) == [container.pid], "nothing is left")


class Draining(unittest.TestCase):
    """Draining, over the Unix socket alone."""

    def test_over_the_unix_socket(self):
        with stage.container() as container, Client() as client:
            self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
            done = container.ctl("drain", "--wait", "1")
            self.assertEqual(done.returncode, 75, done)
            self.assertIn("clients left: 1", done.stdout)
            self.assertTrue(refuses())
            self.assertEqual(get("/readyz"), (503, "draining"))
            self.assertEqual(get("/healthz"), (200, "ok"))
            self.assertEqual(client.ask("RELEASE"), "RELEASED")
            done = container.ctl("drain", "--wait", "60")
            self.assertEqual((done.returncode, done.stdout), (0, "unix:/run/poolcounter/admin: drained\n"), done)
            self.assertEqual(container.ctl("undrain").returncode, 0)
            self.assertFalse(refuses())

    def test_not_over_the_second_port(self):
        with stage.container():
            self.assertEqual(get("/v1/drain", "POST")[0], 403)
            self.assertFalse(refuses())


class Upgrades(unittest.TestCase):
    """SIGUSR1 to process 1."""

    @not_emulated
    def test_the_image_has_no_other_program_so_the_same_one_takes_over(self):
        with stage.container() as container, Client() as holder, Client() as waiter:
            self.assertEqual(holder.ask("ACQ4ME key 1 10 5"), "LOCKED")
            waiter.send("ACQ4ME key 1 10 50")
            until(lambda: json.loads(get("/v1/status")[1])["waiters"] == 1, "one waits")
            container.signal(signal.SIGUSR1)
            until(lambda: json.loads(get("/v1/status")[1])["upgrades"]["count"] == 1, "it is upgraded")
            self.assertEqual(holder.ask("RELEASE"), "RELEASED")
            self.assertEqual(waiter.answer(), "LOCKED")
            self.assertEqual(json.loads(get("/v1/status")[1])["pid"], 1)

    @not_emulated
    def test_a_program_on_a_volume_can_be_replaced(self):
        with kept_volume("/program") as volume:
            program = pathlib.Path(volume["source"]) / "poolcounterd"
            new = program.with_suffix(".new")
            copy = (stage.image.files / "usr/bin/poolcounterd").read_bytes()
            for path in (program, new):
                path.write_bytes(copy)
                path.chmod(0o755)
            words = ["/program/poolcounterd", *stage.image.config["config"]["Entrypoint"][1:]]
            with stage.container(program=words, mounts=[volume]) as container, Client() as client:
                self.assertEqual(client.ask("ACQ4ME key 1 10 5"), "LOCKED")
                new.rename(program)
                container.signal(signal.SIGUSR1)
                until(lambda: json.loads(get("/v1/status")[1])["upgrades"]["count"] == 1, "it is upgraded")
                self.assertEqual(pathlib.Path(f"/proc/{container.pid}/exe").stat().st_ino, program.stat().st_ino)
                program.unlink()
                container.signal(signal.SIGUSR1)
                until(lambda: json.loads(get("/v1/status")[1])["upgrades"]["failed"] == 1, "it goes on")
                # A thread of its own writes the log.
                until(lambda: "not upgraded to /program/poolcounterd" in container.said()[-1], "the log says so")
                self.assertEqual(client.ask("RELEASE"), "RELEASED")


@contextlib.contextmanager
def kept_volume(destination: str = "/run/poolcounter"):
    """A volume that outlives its container."""
    folder = stage.engine.folder / f"volume-{destination.replace('/', '-')}"
    folder.mkdir()
    folder.chmod(0o1777)
    # Those of the image's own volumes come before it.
    (stage.image.files / destination.lstrip("/")).mkdir(exist_ok=True)
    yield {"destination": destination, "type": "bind", "source": str(folder), "options": ["rbind", "rw"]}


def refuses() -> bool:
    """Whether a new client is refused."""
    try:
        with socket.create_connection(("127.0.0.1", 7531), timeout=PATIENCE):
            return False
    except ConnectionRefusedError:
        return True


def inside(container) -> list[int]:
    """The processes of a container, as this process sees them."""
    namespace = pathlib.Path(f"/proc/{container.pid}/ns/pid").readlink()
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "ns/pid").readlink() == namespace and (process / "status").read_text().split()[1] != "crun":
                found.append(int(process.name))
    return sorted(found)


def parent_of(pid: int) -> int:
    """The parent of a process."""
    found = re.search(r"^PPid:\t(\d+)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def signalled(pid: int, number: signal.Signals) -> None:
    """Sends a process a signal."""
    subprocess.run(["kill", f"-{number.name}", str(pid)], check=True, timeout=PATIENCE)
