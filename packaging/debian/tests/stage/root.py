"""A minimal Debian in a folder, made by packaging/lib/roots.bash. If it is booted, its first process is systemd."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator

from . import debs
from .client import Client
from .waiting import until

WORKSPACE = pathlib.Path(__file__).resolve().parents[4]
SUITE = os.environ["SUITE"]
ARCH = os.environ["ARCH"]
PHP = {"bookworm": "8.2", "trixie": "8.4"}[SUITE]

_LIBRARY = 'set -euo pipefail; . scripts/lib/packages.bash; . packaging/lib/roots.bash; "$@"'
# What apt, dpkg and systemd keep about their own work, and what is mounted.
_NOT_COMPARED = (
    *("proc", "sys", "dev", "run", "tmp", "root", "srv", "etc/machine-id", "etc/ld.so.cache", "etc/resolv.conf"),
    *(
        "etc/group-",
        "etc/gshadow-",
        "etc/.updated",
        "var/.updated",
        "var/cache",
        "var/log",
        "var/tmp",
        "var/lib/apt",
        "var/lib/dpkg",
    ),
    *(f"var/lib/systemd/{name}" for name in ("random-seed", "timers", "catalog")),
)


def _library(*words: object) -> list[str]:
    return ["bash", "-c", _LIBRARY, "roots", *(str(word) for word in words)]


class FailedError(AssertionError):
    """A command inside has failed."""


class Root:
    """Such a system. Leaving it as a context removes it."""

    def __init__(self, *packages: str) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="poolcounter-root-"))
        self.path = self.folder / "root"
        self._boot: subprocess.Popen[bytes] | None = None
        self.booted = 0
        try:
            # The first use makes the root. It takes minutes, and much longer if its programs are emulated.
            self._call("open_root", self.folder, SUITE, ARCH, *packages, timeout=3600)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Root:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def boot(self) -> None:
        """Starts systemd, also for a second time."""
        self.power_off()
        self._boot = subprocess.Popen(_library("boot_root", self.path), cwd=WORKSPACE, stdin=subprocess.DEVNULL)
        self._call("wait_for_boot", self._boot.pid)
        children = pathlib.Path(f"/proc/{self._boot.pid}/task/{self._boot.pid}/children")
        self.booted = int(children.read_text())

    def power_off(self) -> None:
        """Ends all its processes at once."""
        if self._boot:
            group = (self.folder / "group").read_text().strip()
            self._boot.kill()
            self._boot.wait(timeout=20)
            self._call("remove_group", group)
            self._boot = None

    def close(self) -> None:
        """Ends its processes and removes its folder."""
        self.power_off()
        if self.path.is_mount():
            self._call("close_root", self.folder)
        else:
            subprocess.run(["rm", "-rf", "--one-file-system", str(self.folder)], check=True, timeout=60)

    # What happens inside.

    def run(self, *command: object, check: bool = True, timeout: float = 120) -> str:
        """Runs a command inside; gives what it printed."""
        function = ("in_booted_root", self.booted) if self._boot else ("in_root", self.path)
        return self._call(*function, *command, check=check, timeout=timeout)

    def apt(self, *arguments: object) -> str:
        """apt-get."""
        function = ("apt_in_booted_root", self.booted) if self._boot else ("apt_in_root", self.path)
        return self._call(*function, *arguments, timeout=600)

    def install(self, *names: str | pathlib.Path) -> str:
        """Installs our packages by their names, or files, with what they depend on."""
        inside = self.path / "srv" / "debs"
        inside.mkdir(exist_ok=True)
        paths = []
        for name in names:
            file = name if isinstance(name, pathlib.Path) else debs.deb(name, ARCH)
            shutil.copy(file, inside)
            paths.append(f"/srv/debs/{file.name}")
        return self.apt("install", *paths)

    def client(self) -> Client:
        """A connection to its daemon."""
        return Client(self.booted)

    def serves(self) -> bool:
        """Whether a daemon answers at its port."""
        with contextlib.suppress(OSError), self.client() as client:
            return client.ask("STATS UPTIME").startswith("uptime:")
        return False

    def wait_for_service(self, patience: float = 20) -> None:
        """Until a daemon answers at its port."""
        until(self.serves, "a daemon answers", patience)

    def unit(self, name: str, field: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--property", field, "--value", name).strip()

    def enabled(self, name: str) -> str:
        """The enabled state of a unit, or what systemctl says instead."""
        return self.run("systemctl", "is-enabled", name, check=False).strip()

    def status(self, package: str) -> str:
        """The state of a package, such as `installed` or `config-files`, or `not-installed`."""
        said = self.run("dpkg-query", "--show", "--showformat", "${db:Status-Status}", package, check=False)
        return "not-installed" if "no packages found" in said else said.strip()

    def limit_linger(self, seconds: int) -> None:
        """How long a connection that its client does not close holds a port; the kernel's default is a minute."""
        self.run("sh", "-c", f"echo {seconds} >/proc/sys/net/ipv4/tcp_fin_timeout")

    def write(self, path: str, text: str) -> None:
        """Writes a file inside."""
        file = self.path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def files(self) -> dict[str, str]:
        """All its files: where a link points, and a checksum of what is below /etc."""
        return dict(self._files(self.path))

    def _files(self, folder: pathlib.Path) -> Iterator[tuple[str, str]]:
        for entry in os.scandir(folder):
            name = os.path.relpath(entry.path, self.path)
            if name in _NOT_COMPARED:
                continue
            if entry.is_symlink():
                yield name, os.readlink(entry.path)
            elif entry.is_dir():
                yield name, "folder"
                yield from self._files(pathlib.Path(entry.path))
            elif name.startswith("etc/") and entry.is_file():
                yield name, self._checksum(pathlib.Path(entry.path))
            else:
                yield name, "file"

    @staticmethod
    def _checksum(file: pathlib.Path) -> str:
        # Debian's packages never remove a group, because files may belong to it.
        lines = [line for line in file.read_bytes().splitlines() if not line.startswith(b"poolcounter-admin:")]
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    def journal(self) -> str:
        """The newest lines of the journal, for a test that has failed."""
        return self.run("journalctl", "--no-pager", "--lines", "60", check=False) if self._boot else ""

    def _call(self, *words: object, check: bool = True, timeout: float = 120) -> str:
        with subprocess.Popen(
            _library(*words),
            cwd=WORKSPACE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                said = process.communicate(timeout=timeout)[0]
            except BaseException:
                # All of it: what goes on would hold the lock of the root.
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if check and process.returncode:
            raise FailedError(f"{' '.join(str(word) for word in words)}: status {process.returncode}\n{said}")
        return said
