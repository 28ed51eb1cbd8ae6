"""One interface for both clients, so that each test is written once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import poolcounter
from poolcounter import Outcome, RingServer, aio

Statistics = dict[str, dict[str, "int | str"]]


class AnyClient:
    """A client, whichever it is."""

    client: Any

    def enter(self, lock: Any) -> Outcome:
        """The beginning of a block."""
        raise NotImplementedError

    def leave(self, lock: Any, error: BaseException | None = None) -> None:
        """The end of a block."""
        raise NotImplementedError

    def acquire(self, lock: Any) -> Outcome:
        """Without a block."""
        raise NotImplementedError

    def release(self, lock: Any) -> None:
        """Without a block."""
        raise NotImplementedError

    def stats(self, *arguments: str) -> Statistics:
        """Its statistics."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes its connections."""
        self.client.close()

    @contextmanager
    def held(
        self, key: str | bytes = "key", workers: int = 1, maxqueue: int = 10, timeout: int = 20, **more: Any
    ) -> Iterator[Outcome]:
        """A block with a lock."""
        lock = self.client.lock(key, workers=workers, maxqueue=maxqueue, timeout=timeout, **more)
        outcome = self.enter(lock)
        try:
            yield outcome
        except BaseException as error:
            self.leave(lock, error)
            raise
        self.leave(lock)

    def once(self, key: str | bytes = "key", **more: Any) -> Outcome:
        """A block with nothing in it."""
        with self.held(key, **more) as outcome:
            return outcome


class Threads(AnyClient):
    """`poolcounter.Client`."""

    client: poolcounter.Client

    def __init__(self, servers: Sequence[str | RingServer], **options: Any) -> None:
        """Takes what the client takes."""
        self.client = poolcounter.Client(servers, **options)

    def enter(self, lock: poolcounter.Lock) -> Outcome:
        """The beginning of a `with` block."""
        return lock.__enter__()

    def leave(self, lock: poolcounter.Lock, error: BaseException | None = None) -> None:
        """Its end."""
        lock.__exit__(type(error) if error else None, error, None)

    def acquire(self, lock: poolcounter.Lock) -> Outcome:
        """Without a `with` block."""
        return lock.acquire()

    def release(self, lock: poolcounter.Lock) -> None:
        """Without a `with` block."""
        lock.release()

    def stats(self, *arguments: str) -> Statistics:
        """Its statistics."""
        return self.client.stats(*arguments)


class Tasks(AnyClient):
    """`poolcounter.aio.Client`, on a loop that runs for the length of each verb."""

    client: aio.Client

    def __init__(self, servers: Sequence[str | RingServer], **options: Any) -> None:
        """Takes what the client takes."""
        self.client = aio.Client(servers, **options)
        self.loop = asyncio.new_event_loop()

    def enter(self, lock: aio.Lock) -> Outcome:
        """The beginning of an `async with` block."""
        return self.loop.run_until_complete(lock.__aenter__())

    def leave(self, lock: aio.Lock, error: BaseException | None = None) -> None:
        """Its end."""
        self.loop.run_until_complete(lock.__aexit__(type(error) if error else None, error, None))

    def acquire(self, lock: aio.Lock) -> Outcome:
        """Without an `async with` block."""
        return self.loop.run_until_complete(lock.acquire())

    def release(self, lock: aio.Lock) -> None:
        """Without an `async with` block."""
        self.loop.run_until_complete(lock.release())

    def stats(self, *arguments: str) -> Statistics:
        """Its statistics."""
        return self.loop.run_until_complete(self.client.stats(*arguments))

    def close(self) -> None:
        """Closes its connections and its loop."""
        super().close()
        self.loop.close()


class MakeClient(Protocol):
    """Makes a client."""

    def __call__(self, servers: Sequence[str | RingServer], **options: Any) -> AnyClient:
        """It is closed at the end of the test."""
