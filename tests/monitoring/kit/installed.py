"""A daemon that is upgraded and restarted."""

import contextlib
import shutil
import signal

from loopback import free_address
from stage import places
from stage.process import Process

from . import web

MAX_CLIENTS = 20
"""How many clients it serves at a time."""


class Installed:
    """A daemon whose program file can be exchanged, and which can be stopped and started again."""

    def __init__(self, folder):
        """Starts it."""
        self.program = folder / "poolcounterd"
        self.put()
        self.admin = f"{free_address()}:7532"
        self.address = free_address()
        self._log = folder / "daemon.log"
        self._process = None
        self.start()

    def put(self):
        """Puts a good program in its place."""
        new = self.program.with_suffix(".new")
        shutil.copy(places.daemon(), new)
        new.rename(self.program)

    def put_broken(self):
        """Puts a program there that cannot take over."""
        new = self.program.with_suffix(".new")
        new.write_text("#!/bin/sh\necho 'it does not even start' >&2\nexit 3\n")
        new.chmod(0o755)
        new.rename(self.program)

    def start(self):
        """Starts it where it was before."""
        more = ["--admin", self.admin, "--max-clients", MAX_CLIENTS]
        self._process = Process([self.program, "-l", self.address, *more], self._log)
        self._process.ready(self._answers, "answers")

    def upgrade(self):
        """Asks for an upgrade."""
        self._process.signal(signal.SIGUSR1)

    def stop(self):
        """Ends it."""
        self._process.stop()

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(web.get(self.admin, "/healthz"))
        return False
