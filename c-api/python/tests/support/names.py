"""A resolver under the control of a test."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Names:
    """A file of hosts. A program that is started with `environment` looks up names only in this file."""

    def __init__(self, folder: Path) -> None:
        """Makes an empty file."""
        self._file = folder / "hosts"
        self._changed = int(time.time())
        self.environment = {"LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": str(self._file)}
        self.are()

    def are(self, **addresses: str) -> None:
        """From now on these, and no others; an underscore stands for a dot."""
        new = self._file.with_suffix(".new")
        new.write_text("".join(f"{address} {name.replace('_', '.')}\n" for name, address in addresses.items()))
        # The resolver detects a change by the file's time in whole seconds.
        self._changed += 1
        os.utime(new, (self._changed, self._changed))
        new.replace(self._file)

    def keep_silent(self) -> None:
        """Look-ups get no answer: a program waits."""
        self._file.unlink()
        os.mkfifo(self._file)

    def know_nothing(self) -> None:
        """Waiting look-ups get the answer that there is no such name."""
        self._file.write_text("")
