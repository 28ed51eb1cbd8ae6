"""Many readers who ask for one page at the same moment."""

import collections
import dataclasses
import statistics
import threading
import time

from . import article


@dataclasses.dataclass(frozen=True)
class Reading:
    """The page of one reader, and how long it took."""

    page: article.Page
    seconds: float
    body: str


class Burst:
    """Starts its readers at once; `wait` gives their pages."""

    def __init__(self, wiki, count, path=None, deadline=120):
        self._wiki = wiki
        self._path = path or wiki.page()
        self._deadline = deadline
        self._readings = []
        self._failures = []
        self._start = threading.Barrier(count + 1)
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()
        self._start.wait(timeout=60)

    def _read(self):
        try:
            self._start.wait(timeout=60)
            begin = time.monotonic()
            status, body = self._wiki.request(self._path, timeout=self._deadline)
            seconds = time.monotonic() - begin
            page = article.judge(status, body, self._wiki.rows, self._wiki.edition)
            self._readings.append(Reading(page, seconds, body))
        except Exception as error:  # pylint: disable=broad-except
            self._failures.append(error)

    def back(self):
        """How many have their page so far."""
        return len(self._readings)

    def wait(self):
        """Waits for every reader."""
        for thread in self._threads:
            thread.join(timeout=self._deadline + 20)
        if self._failures:
            raise AssertionError(f"{len(self._failures)} readers got nothing: {self._failures[0]!r}")
        assert len(self._readings) == len(self._threads), "a reader did not come back"
        return Readings(self._readings)


class Readings(list):
    """The readings of a burst."""

    def count(self, page):
        """How many got this kind of page."""
        return self.pages()[page]

    def pages(self):
        """How many got which kind of page."""
        return collections.Counter(reading.page for reading in self)

    def median(self):
        """The median of the seconds."""
        return statistics.median(reading.seconds for reading in self)

    def slowest(self):
        """The longest of the seconds."""
        return max(reading.seconds for reading in self)


def burst(wiki, count, path=None, deadline=120):
    """Runs a burst to its end."""
    return Burst(wiki, count, path, deadline).wait()
