"""The package as a player of the client-side stories: see tests/client-stories/README.md.

python stories_player.py [--aio]
"""

from __future__ import annotations

import sys
from typing import Any

from support.faces import Face, Tasks, Threads

import poolcounter
from poolcounter import Mode, Outcome, RingServer

WORDS: dict[type[Exception], str] = {
    poolcounter.QueueFull: "QUEUE_FULL",
    poolcounter.WaitTimeout: "TIMEOUT",
    poolcounter.LockHeld: "LOCK_HELD",
    poolcounter.NotLocked: "NOT_LOCKED",
}
FAILURES: dict[type[Exception], str] = {
    poolcounter.ConnectError: "connect",
    poolcounter.WriteError: "write",
    poolcounter.ReadError: "read",
    poolcounter.RemoteError: "remote",
}


class AskedToFail(Exception):
    """Leaves a block as work that failed does."""


class Player:
    """Has a client, and the locks that it holds, the newest last."""

    def __init__(self, face: type[Threads | Tasks]) -> None:
        self.face = face
        self.client: Face | None = None
        self.servers: list[str] = []
        self.held: list[Any] = []

    def answer(self, line: str) -> str:
        verb, *words = line.split(" ")
        try:
            answer: str | None = getattr(self, verb)(*words)
            return answer or "OK"
        except poolcounter.BadKey as error:
            return str(error).removeprefix("the ")
        except poolcounter.Failure as error:
            return f"{FAILURES[type(error)]} {error.server} {error.cause}"
        except poolcounter.PoolCounterError as error:
            return WORDS[type(error)]

    def new(self, *words: str) -> None:
        if self.client is not None:
            self.close()
        values = dict(word.split("=", 1) for word in words)
        servers = values["servers"].split(",")
        ring = [ring_server(text) for text in servers] if values["choice"] == "ring" else None
        self.servers = [server.server for server in ring] if ring else servers
        self.client = self.face(
            ring or servers,
            connect_timeout=int(values["connect_timeout_ms"]) / 1000,
            answer_timeout=int(values["answer_timeout_ms"]) / 1000,
            pass_over=int(values["pass_over_ms"]) / 1000,
            await_release=values["await_release"] == "1",
        )

    def acquire(self, mode: str, workers: str, maxqueue: str, timeout: str, key: str) -> str:
        lock = self._client.client.lock(
            bytes.fromhex(key),
            workers=int(workers),
            maxqueue=int(maxqueue),
            timeout=int(timeout),
            mode=Mode.FOR_ME if mode == "me" else Mode.FOR_ANYONE,
        )
        outcome = self._client.enter(lock)
        if outcome is Outcome.LOCKED:
            self.held.append(lock)
        return outcome.name

    @property
    def _client(self) -> Face:
        assert self.client is not None
        return self.client

    def release(self) -> str:
        self._client.leave(self.held.pop(), None)
        return "RELEASED"

    def abandon(self) -> None:
        self._client.leave(self.held.pop(), AskedToFail())

    def stats(self, server: str, name: str) -> str:
        address = self.servers[int(server)]
        values = self._client.stats(name, address)[address]
        return "STATS " + "; ".join(f"{name}: {value}" for name, value in values.items())

    def close(self) -> None:
        while self.held:
            self.abandon()
        self._client.client.close()


def ring_server(text: str) -> RingServer:
    """Reads label:server:weight."""
    label, _, rest = text.partition(":")
    server, _, weight = rest.rpartition(":")
    return RingServer(label, server, int(weight))


def main() -> None:
    """Answers line by line."""
    player = Player(Tasks if "--aio" in sys.argv else Threads)
    for line in sys.stdin:
        print(player.answer(line.rstrip("\n")).replace("\n", "\\n"), flush=True)


if __name__ == "__main__":
    main()
