"""A PHP process with MediaWiki 1.43, whose pool counter is controlled step by step."""

import json
import os
import pathlib
import select
import subprocess

from stage import places, waiting

SETTINGS = pathlib.Path(__file__).resolve().parents[1] / "php"
LONGEST = 60.0
"""Deadline of a call of PHP in seconds: longer than any time-out of the clients."""


class Php:
    """MediaWiki's own client (`own`) or ours (`native`), in the clients' namespace."""

    def __init__(self, network, kind, servers, ini, errors):
        folder = places.mediawiki("1.43")
        command = [places.PHP, "-c", ini, folder / "maintenance" / "run.php", SETTINGS / "faults.php", kind]
        environment = {
            **os.environ,
            "PHP_INI_SCAN_DIR": "",
            "MW_INSTALL_PATH": str(folder),
            "MW_CONFIG_FILE": str(SETTINGS / "LocalSettings.php"),
            "BENCH_HOST": ",".join(servers),
            "BENCH_TIMEOUT": "0.1",
        }
        self._errors = errors.open("ab")
        self._child = subprocess.Popen(
            network.within(network.clients, [str(word) for word in command]),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self.hear(waiting.PATIENCE + LONGEST)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.stdin.close()
        try:
            self._child.wait(timeout=waiting.PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=waiting.PATIENCE)
        self._child.stdout.close()
        self._errors.close()

    def tell(self, what):
        """Begins a call."""
        self._child.stdin.write(f"{what}\n".encode())
        self._child.stdin.flush()

    def hear(self, patience=LONGEST):
        """Waits for the end of the call, and returns `seconds`, `value` and `error`."""
        if not select.select([self._child.stdout], [], [], patience)[0]:
            raise waiting.TooLate("PHP does not answer")
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"PHP has died: {pathlib.Path(self._errors.name).read_text()[-2000:]}")
        return json.loads(line)

    def ask(self, what):
        """Runs a whole call."""
        self.tell(what)
        return self.hear()
