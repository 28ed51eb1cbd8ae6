"""Clients that hold and wait, in every way that there is."""

import contextlib

from stage.daemon import Client

ARTICLE = "enwiki:pcache:idhash:3-0!canonical:revid:3"
WAITERS = 29
REVISION = "enwiki:rcache:2:dateformat=default"
REFUSED = 40
LATE = 8


class Stampede:
    """One client parses an article and does not finish; the others wait for it."""

    def __init__(self, address):
        """Begins it."""
        self._stack = contextlib.ExitStack()
        self._holder, *self._waiters = [self._stack.enter_context(Client(address)) for _ in range(WAITERS + 1)]
        _expect(self._holder.ask(f"ACQ4ANY {ARTICLE} 1 100 600"), "LOCKED")
        for waiter in self._waiters:
            waiter.send(f"ACQ4ANY {ARTICLE} 1 100 600")

    def holder_address(self):
        """The holder's own address, by which the daemon knows it."""
        return self._holder.own_address()

    def release(self):
        """The article is there, and everybody is told."""
        _expect(self._holder.ask("RELEASE"), "RELEASED")
        for waiter in self._waiters:
            _expect(waiter.line(), "DONE")

    def close(self):
        """All go away."""
        self._stack.close()


def every_outcome(address):
    """What can become of a request, each at least once. Many find the queue full, some time out after a second."""
    with contextlib.ExitStack() as stack:
        holder, other, heir = [stack.enter_context(Client(address)) for _ in range(3)]
        late = [stack.enter_context(Client(address)) for _ in range(LATE)]
        _expect(holder.ask(f"ACQ4ME {REVISION} 1 100 0"), "LOCKED")
        for _ in range(REFUSED):
            _expect(other.ask(f"ACQ4ANY {REVISION} 1 1 10"), "QUEUE_FULL")
        _expect(other.ask(f"ACQ4ANY {REVISION} 1 100 0"), "TIMEOUT")
        # It gives a wait up, and goes away in the middle of another.
        other.send(f"ACQ4ME {REVISION} 1 100 60")
        _expect(other.ask("RELEASE"), "RELEASED")
        other.send(f"ACQ4ME {REVISION} 1 100 60")
        other.close()
        for client in late:
            client.send(f"ACQ4ANY {REVISION} 1 100 1")
        heir.send(f"ACQ4ME {REVISION} 1 100 60")
        for client in late:
            _expect(client.line(), "TIMEOUT")
        _expect(holder.ask("RELEASE"), "RELEASED")
        # The last one holds the lock when it goes away.
        _expect(heir.line(), "LOCKED")


def _expect(answer, expected):
    if answer != expected:
        raise AssertionError(f"answered {answer!r}, expected {expected!r}")
