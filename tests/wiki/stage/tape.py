"""A recording of a daemon by `poolcounterctl record`."""

import signal
import subprocess
import time

from . import places
from .process import Process
from .waiting import until

# The daemon hands over what it has recorded every 100 ms.
_QUIET = 1.5


class Tape:
    """Records while it is a context. Then the file is complete."""

    def __init__(self, admin, file):
        self.file = file
        self._admin = admin

    def __enter__(self):
        command = [places.ctl(), "record", "-s", self._admin, "-o", self.file]
        self._recorder = Process(command, self.file.with_suffix(".log"))
        self._recorder.ready(lambda: self.file.exists() and self.file.stat().st_size > 0, "records")
        return self

    def __exit__(self, *_):
        try:
            self._complete()
        finally:
            self._recorder.signal(signal.SIGINT)
            until(lambda: not self._recorder.alive(), "the recording ends")

    def _complete(self):
        size, since = -1, time.monotonic()

        def is_quiet():
            nonlocal size, since
            if self.file.stat().st_size != size:
                size, since = self.file.stat().st_size, time.monotonic()
            return time.monotonic() - since > _QUIET

        until(is_quiet, "the rest of the recording is written")


def sim(*words):
    """What poolcounter-sim prints; it must succeed."""
    command = [str(word) for word in (places.sim(), *words)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
