"""A Thumbor that runs during the test, with all the processes that it forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support import deadline

FOLDER = Path(__file__).parent


class Thumbor:
    """Its output goes to a file."""

    def __init__(self, log: Path, *options: str) -> None:
        """Starts it."""
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "thumbor.server", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(FOLDER)},
                start_new_session=True,
            )

    def kill(self) -> None:
        """Ends it by force."""
        self._stop(signal.SIGKILL)

    def close(self) -> None:
        """Ends it as an operator does."""
        try:
            self._stop(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def wait(self) -> int:
        """Waits until it ends by itself, and gives its exit status."""
        return self._process.wait(deadline.SECONDS)

    def log(self) -> str:
        """What it printed."""
        return self._log.read_text()

    def _stop(self, number: int) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self.wait()
