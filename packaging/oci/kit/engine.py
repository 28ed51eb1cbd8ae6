"""The engine: a mount and a process namespace in which crun runs containers. They end with it.

crun makes the container's user the owner of its standard streams. So these are pipes or files of the tests, and never
/dev/null or what the caller has.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import pathlib
import re
import resource
import signal
import subprocess
import time
from collections.abc import Sequence

from .image import Image

PATIENCE = 60.0
SOCKETS = "/run/poolcounter"
ORDINARY = 65534

# crun refuses a mixture of cgroups of both versions. It uses none here.
_KEEPER = """
set -e
umount --recursive /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo
exec cat
"""


class Engine:
    """Starts containers."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        (folder / "state").mkdir()
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _KEEPER]
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._keeper.stdout is not None
        if not self._keeper.stdout.readline():
            raise RuntimeError("containers need root, and namespaces of their own")
        [self._first] = children(self._keeper.pid)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait(timeout=PATIENCE)
        self._keeper.stdout.close()

    def command(self, *words: str, network: int | None = None) -> list[str]:
        """A command line that runs crun, in the network namespace of a process if one is named."""
        net = ["nsenter", f"--net=/proc/{network}/ns/net"] if network else []
        inside = ["nsenter", "--mount", "--pid", f"--target={self._first}"]
        return [*net, *inside, "crun", "--cgroup-manager=disabled", f"--root={self.folder / 'state'}", *words]

    def start(self, image: Image, **wishes: object) -> Container:
        """Starts a container; see `Container`."""
        return Container(self, image, f"container-{next(self._numbers)}", **wishes)  # type: ignore[arg-type]


class Container:
    """A container: the image as process 1, with a root that is read-only, as an ordinary user without capabilities.

    `options` come after the image's own, `program` replaces them, `mounts` are entries as the OCI's runtime format has
    them, and `network` is a process whose network namespace is used: by default this one's.
    """

    def __init__(
        self,
        engine: Engine,
        image: Image,
        name: str,
        *,
        options: Sequence[str] = (),
        before: Sequence[str] = (),
        program: Sequence[str] = (),
        mounts: Sequence[dict] = (),
        user: int = ORDINARY,
        network: int | None = None,
    ) -> None:
        self.engine, self.name, self.user, self._before = engine, name, user, list(before)
        bundle = engine.folder / name
        bundle.mkdir()
        config = copy.deepcopy(image.runtime)
        process = config["process"]
        process["terminal"] = False
        process["args"] = [*before, *(program or process["args"]), *options]
        process["user"] = {"uid": user, "gid": process["user"]["gid"]}
        process["capabilities"] = {kind: [] for kind in process["capabilities"]}
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": min(1024, hard), "hard": hard}]
        config["root"] = {"path": str(image.files), "readonly": True}
        config["mounts"] = [mount for mount in config["mounts"] if mount["destination"] != "/sys/fs/cgroup"]
        config["mounts"] += mounts
        # That of the process that starts it.
        config["linux"]["namespaces"] = [
            space for space in config["linux"]["namespaces"] if space["type"] not in ("network", "cgroup")
        ]
        config["linux"].pop("resources", None)
        (bundle / "config.json").write_text(json.dumps(config))
        self._log = bundle / "log"
        with self._log.open("wb") as log:
            self._run = subprocess.Popen(
                engine.command("run", f"--bundle={bundle}", name, network=network),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        assert self._run.stdin is not None
        self._run.stdin.close()
        self._pid = 0

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        if self._run.poll() is None:
            self._crun("kill", self.name, "KILL")
            self._run.wait(timeout=PATIENCE)
        self._crun("delete", "--force", self.name)

    @property
    def pid(self) -> int:
        """The id of its first process, as this process sees it."""
        if not self._pid:
            # Below nsenter, which waits for crun.
            [crun] = children(self._run.pid)
            found: list[int] = []
            until(lambda: found.extend(first_of_namespace(crun)) or found, f"{self.name} has a process")
            self._pid = found[0]
        return self._pid

    def until_ready(self) -> None:
        """Waits until the health command says OK."""
        until(lambda: self._run.poll() is not None or self.ctl("check").returncode == 0, f"{self.name} is ready")
        if self._run.poll() is not None:
            raise AssertionError(f"{self.name} has ended: {self.said()}")

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs poolcounterctl in the container."""
        return self.execute("/usr/bin/poolcounterctl", *words)

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in the container, as its user."""
        user = f"--user={self.user}:{ORDINARY}"
        return self._crun("exec", user, self.name, *self._before, *command)

    def signal(self, number: signal.Signals) -> None:
        """Sends its first process a signal, as a runtime does."""
        done = self._crun("kill", self.name, number.name.removeprefix("SIG"))
        assert done.returncode == 0, done.stderr

    def alive(self) -> bool:
        """Whether it runs."""
        return self._run.poll() is None

    def wait(self, seconds: float = PATIENCE) -> int:
        """Waits for its end, and gives its exit status."""
        return self._run.wait(timeout=seconds)

    def said(self) -> list[str]:
        """The lines that it printed, without their times."""
        return [re.sub(r"^\S+Z +", "", line) for line in self._log.read_text(errors="replace").splitlines()]

    def _crun(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.engine.command(*words)
        return subprocess.run(command, input="", capture_output=True, text=True, timeout=PATIENCE * 2, check=False)


def children(pid: int) -> list[int]:
    """The ids of a process's children."""
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def first_of_namespace(crun: int) -> list[int]:
    """The child of crun that is the first process of its own namespace, and no longer crun."""
    with contextlib.suppress(OSError):
        for child in children(crun):
            status = pathlib.Path(f"/proc/{child}/status").read_text()
            numbers = re.search(r"^NSpid:(.*)$", status, re.MULTILINE)
            if numbers and numbers[1].split()[-1] == "1" and not status.startswith("Name:\tcrun"):
                return [child]
    return []


def until(condition: object, what: str, patience: float = PATIENCE) -> None:
    """Calls the function until its result is true."""
    deadline = time.monotonic() + patience
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience:g} s: {what}")
        time.sleep(0.05)
