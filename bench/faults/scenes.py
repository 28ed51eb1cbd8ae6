"""The faults, and the measurements of each."""

import dataclasses
import itertools
import signal
import time

from stage.daemon import Client

DELAYED = 0.05
"""Seconds above which a section is delayed. Without a fault it takes 1 % of this; the shortest time-out is twice it."""
PAUSE = 0.5
"""Seconds between two requests."""
WORK = 20.0
"""Seconds that a holder works. Keepalive probes are sent meanwhile."""
WAIT = 14.0
"""Seconds that a waiter waits, of its 15."""
QUIET = 8.0
"""Seconds until something happens to a holder or a waiter: before the first keepalive probe."""
OUTAGE = 5.0

LOCKED, DONE = 1, 3


@dataclasses.dataclass
class Figures:
    """The cost of a fault."""

    first: float
    """Duration of the first request, or the extra duration of the call, in seconds."""
    delayed: str = "-"
    lost: str = "-"


class Place:
    """Two servers, of which the first will have a fault, and one PHP process."""

    def __init__(self, network, daemons, start_php, keys, seconds):
        self.network = network
        self.first = daemons[0]
        self.address = daemons[0].address
        self.start_php = start_php
        self.seconds = seconds
        self._keys = keys

    def section(self, php):
        """One section for a key whose first server is the faulty one. Gives its seconds, and if it was protected."""
        acquired = php.ask(f"acquire {next(self._keys)}")
        if acquired["value"] != LOCKED:
            return acquired["seconds"], False
        return acquired["seconds"] + php.ask("release")["seconds"], True

    def healthy(self, php):
        """Sections before the fault: each must be protected. Our client keeps its connection afterwards."""
        for _ in range(3):
            seconds, protected = self.section(php)
            if not protected:
                raise RuntimeError("a section was not protected before the fault")
        return seconds

    def requests(self, php, until):
        """One section after the other while the fault lasts."""
        sections = []
        while not sections or time.monotonic() < until:
            sections.append(self.section(php))
            time.sleep(PAUSE)
        delayed = sum(seconds > DELAYED for seconds, _ in sections)
        bare = sum(not protected for _, protected in sections)
        return Figures(sections[0][0], f"{delayed} of {len(sections)}" + (f", {bare} unprotected" if bare else ""))

    def during(self, fault):
        """Requests of a process that has worked before."""
        with self.start_php() as php:
            self.healthy(php)
            yield
            fault()
            yield self.requests(php, time.monotonic() + self.seconds)

    def holder(self, fault):
        """A lock that is held for a while, and its release."""
        with self.start_php() as php:
            self.healthy(php)
            yield
            key = next(self._keys)
            begin = time.monotonic()
            if php.ask(f"acquire {key}")["value"] != LOCKED:
                raise RuntimeError("the holder has no lock")
            _sleep_until(begin + QUIET)
            fault()
            _sleep_until(begin + WORK)
            with Client(self.address) as other:
                lost = other.ask(f"ACQ4ME {key} 1 100 0") == "LOCKED"
            released = php.ask("release")
            yield Figures(released["seconds"], lost="yes" if lost else "no")

    def waiter(self, fault):
        """A wait, until another has done the work."""
        with self.start_php() as php:
            self.healthy(php)
            yield
            key = next(self._keys)
            with Client(self.address) as other:
                if other.ask(f"ACQ4ANY {key} 1 100 15") != "LOCKED":
                    raise RuntimeError("the other holder has no lock")
                begin = time.monotonic()
                php.tell(f"acquire {key}")
                _sleep_until(begin + QUIET)
                fault()
                _sleep_until(begin + WAIT)
                other.ask("RELEASE")
                done = php.hear()
            lost = done["value"] != DONE
            yield Figures(max(0.0, done["seconds"] - WAIT), lost="yes" if lost else "no")


def killed(place):
    """Its process is killed: connections are refused."""
    return place.during(lambda: place.first.end(signal.SIGKILL))


def killed_and_back(place):
    """The same while a lock is held; the process is started again at once."""

    def fault():
        place.first.end(signal.SIGKILL)
        place.first.start()

    return place.holder(fault)


def black_holed(place):
    """Attempts to connect get no answer. Our client has no connection yet."""
    place.network.swallow(place.address)
    with place.start_php() as php:
        yield
        yield place.requests(php, time.monotonic() + place.seconds)


def frozen(place):
    """It accepts connections, and answers nothing."""
    return place.during(place.first.freeze)


def vanished(place):
    """Its host no longer answers, also not on existing connections."""
    return place.during(lambda: place.network.cut(place.address))


def one_packet_of_a_holder(place):
    """The next packet that the holder's host sends is lost."""
    return place.holder(lambda: place.network.lose_one(place.address))


def one_packet_of_a_waiter(place):
    """The next packet that the waiter's host sends is lost."""
    return place.waiter(lambda: place.network.lose_one(place.address))


def outage_of_a_holder(place):
    """Nothing arrives for five seconds."""
    return place.holder(lambda: _outage(place))


def outage_of_a_waiter(place):
    """The same while another client waits."""
    return place.waiter(lambda: _outage(place))


def outage_and_requests(place):
    """Requests that begin within the five seconds."""
    with place.start_php() as php:
        place.healthy(php)
        yield
        place.network.cut(place.address)
        figures = place.requests(php, time.monotonic() + OUTAGE)
        place.network.mend(place.address)
        yield figures


SCENES = {
    "killed": killed,
    "killed and started again, under a holder": killed_and_back,
    "black-holed": black_holed,
    "frozen": frozen,
    "vanished": vanished,
    "one packet lost, under a holder": one_packet_of_a_holder,
    "one packet lost, under a waiter": one_packet_of_a_waiter,
    "five seconds lost, under a holder": outage_of_a_holder,
    "five seconds lost, under a waiter": outage_of_a_waiter,
    "five seconds lost, requests meanwhile": outage_and_requests,
}


def keys(first):
    """Keys whose first server satisfies a condition, without end."""
    return (key for key in (f"wiki:page:{number}" for number in itertools.count()) if first(key))


def _outage(place):
    place.network.cut(place.address)
    time.sleep(OUTAGE)
    place.network.mend(place.address)


def _sleep_until(moment):
    time.sleep(max(0.0, moment - time.monotonic()))
