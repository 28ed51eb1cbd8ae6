"""A program on a terminal of its own, whose screen is read as text."""

import contextlib
import os
import pty
import re
import select
import subprocess
import termios

from .waiting import PATIENCE, until

# A control sequence, with its parameters and its letter; or one character.
_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x1b])", re.DOTALL)


class Terminal:
    """Runs a command in a pseudo-terminal. It knows as much of terminals as ratatui's output needs: where text is put."""

    def __init__(self, command, columns=160, rows=40):
        self._output = bytearray()
        self._master, other_end = pty.openpty()
        try:
            termios.tcsetwinsize(other_end, (rows, columns))
            self._child = subprocess.Popen(
                [str(word) for word in command],
                stdin=other_end,
                stdout=other_end,
                stderr=other_end,
                env={**os.environ, "TERM": "xterm-256color"},
                start_new_session=True,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(other_end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait(timeout=PATIENCE)
        os.close(self._master)

    def lines(self):
        """What is to be seen now, line by line."""
        self._read()
        screen = {}
        row = column = 1
        for parameters, letter, character in _SEQUENCE.findall(self._output.decode("utf-8", "replace")):
            if letter == "H":
                row, column = map(int, parameters.split(";"))
            elif character:
                screen.setdefault(row, {})[column] = character
                column += 1
        return ["".join(cells.get(at, " ") for at in range(1, max(cells) + 1)).rstrip() for _, cells in sorted(screen.items())]

    def enter(self, keys):
        """Types this."""
        os.write(self._master, keys.encode())

    def ended(self):
        """Waits for the program's end; gives its exit status."""

        def status():
            # A program cannot end while nobody takes what it writes.
            self._read()
            return self._child.poll() is not None

        until(status, "the program on the terminal ends")
        return self._child.returncode

    def _read(self):
        # The other end of a terminal that nobody has open is an error, not an end.
        with contextlib.suppress(OSError):
            while select.select([self._master], [], [], 0)[0]:
                more = os.read(self._master, 65536)
                if not more:
                    return
                self._output += more
