"""The player of the package, for the client stories and the network stories: see tests/client-stories/README.md.

python stories_player.py [--aio]
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from support.any_client import AnyClient, Statistics, Threads

import poolcounter
from poolcounter import Mode, Outcome, RingServer, aio

WORDS: dict[type[Exception], str] = {
    poolcounter.QueueFullError: "QUEUE_FULL",
    poolcounter.WaitTimeoutError: "TIMEOUT",
    poolcounter.LockHeldError: "LOCK_HELD",
    poolcounter.NotLockedError: "NOT_LOCKED",
}
T = TypeVar("T")
FAILURES: dict[type[Exception], str] = {
    poolcounter.ConnectError: "connect",
    poolcounter.WriteError: "write",
    poolcounter.ReadError: "read",
    poolcounter.RemoteError: "remote",
}


class AskedToFailError(Exception):
    """Ends a block like failed work."""


class Tasks(AnyClient):
    """`poolcounter.aio.Client`, on a loop in a shared thread, so that calls run at the same time."""

    client: aio.Client
    loop: asyncio.AbstractEventLoop | None = None
    making = threading.Lock()

    def __init__(self, servers: Sequence[str | RingServer], **options: Any) -> None:
        self.client = aio.Client(servers, **options)

    def enter(self, lock: aio.Lock) -> Outcome:
        return self._run(lock.__aenter__())

    def leave(self, lock: aio.Lock, error: BaseException | None = None) -> None:
        self._run(lock.__aexit__(type(error) if error else None, error, None))

    def stats(self, *arguments: str) -> Statistics:
        return self._run(self.client.stats(*arguments))

    def close(self) -> None:
        self._run(self._close())

    async def _close(self) -> None:
        self.client.close()

    @classmethod
    def _run(cls, coroutine: Coroutine[Any, Any, T]) -> T:
        with cls.making:
            if cls.loop is None:
                cls.loop = asyncio.new_event_loop()
                threading.Thread(target=cls.loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, cls.loop).result()


class Player:
    """Has a client, and the locks that it holds, the newest last."""

    def __init__(self, any_client: type[Threads | Tasks], values: dict[str, str]) -> None:
        servers = values["servers"].split(",")
        ring = [ring_server(text) for text in servers] if values["choice"] == "ring" else None
        self.servers = [server.server for server in ring] if ring else servers
        self.held: list[Any] = []
        self.client: AnyClient = any_client(
            ring or servers,
            connect_timeout=int(values["connect_timeout_ms"]) / 1000,
            min_answer_timeout=int(values["answer_timeout_ms"]) / 1000,
            avoid_for=int(values["pass_over_ms"]) / 1000,
            await_release=values["await_release"] == "1",
        )

    def answer(self, line: str) -> str:
        verb, *words = line.split(" ")
        try:
            answer: str | None = getattr(self, verb)(*words)
            return answer or "OK"
        except poolcounter.BadKeyError as error:
            return str(error).removeprefix("the ")
        except poolcounter.UnavailableError as error:
            return f"{FAILURES[type(error)]} {error.server} {error.cause}"
        except poolcounter.ClientError as error:
            return WORDS[type(error)]

    def acquire(self, mode: str, workers: str, maxqueue: str, timeout: str, key: str) -> str:
        lock = self.client.client.lock(
            bytes.fromhex(key),
            workers=int(workers),
            maxqueue=int(maxqueue),
            timeout=int(timeout),
            mode=Mode.FOR_ME if mode == "me" else Mode.FOR_ANYONE,
        )
        outcome = self.client.enter(lock)
        if outcome is Outcome.LOCKED:
            self.held.append(lock)
        return outcome.name

    def release(self) -> str:
        self.client.leave(self.held.pop(), None)
        return "RELEASED"

    def abandon(self) -> None:
        self.client.leave(self.held.pop(), AskedToFailError())

    def stats(self, server: str, name: str) -> str:
        address = self.servers[int(server)]
        values = self.client.stats(name, address)[address]
        return "STATS " + "; ".join(f"{name}: {value}" for name, value in values.items())

    def close(self) -> None:
        while self.held:
            self.abandon()
        self.client.close()


def ring_server(text: str) -> RingServer:
    """Reads label:server:weight."""
    label, _, rest = text.partition(":")
    server, _, weight = rest.rpartition(":")
    return RingServer(label, server, int(weight))


class Players:
    """The clients of this process, by number, made when they are first needed."""

    def __init__(self, any_client: type[Threads | Tasks]) -> None:
        self.any_client = any_client
        self.values: dict[str, str] = {}
        self.players: dict[int, Player] = {}

    def take(self, line: str) -> None:
        """Executes the line; with a label, at the same time as the next lines."""
        label, command = prefixed(line, "&")
        number, command = prefixed(command, "#")
        if command.startswith("new "):
            self.new(command)
            say("OK")
            return
        player = self.player(int(number or 1))
        if label is None:
            say(player.answer(command))
            return
        threading.Thread(target=lambda: say(f"&{label} {player.answer(command)}"), daemon=True).start()

    def new(self, command: str) -> None:
        """Closes the clients, and keeps the settings for others."""
        for player in self.players.values():
            player.close()
        self.players.clear()
        self.values = dict(word.split("=", 1) for word in command.split(" ")[1:])
        self.player(1)

    def player(self, number: int) -> Player:
        """The player of this client number."""
        if number not in self.players:
            self.players[number] = Player(self.any_client, self.values)
        return self.players[number]


def prefixed(line: str, sign: str) -> tuple[str | None, str]:
    """The word after this sign at the beginning of a line, and the rest of the line."""
    if not line.startswith(sign):
        return None, line
    word, _, rest = line[1:].partition(" ")
    return word, rest


def say(answer: str) -> None:
    """Prints one line, without mixing it with lines of other threads."""
    with saying:
        print(answer.replace("\n", "\\n"), flush=True)


saying = threading.Lock()


def main() -> None:
    """Answers line by line."""
    players = Players(Tasks if "--aio" in sys.argv else Threads)
    for line in sys.stdin:
        players.take(line.rstrip("\n"))


if __name__ == "__main__":
    main()
