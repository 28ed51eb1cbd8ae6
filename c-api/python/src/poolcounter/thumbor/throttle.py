"""Acquires and releases the locks of a request."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from poolcounter import ClientError, Mode, RefusedError
from poolcounter.aio import Client, Lock
from poolcounter.thumbor.address import client_address
from poolcounter.thumbor.seldom import Seldom
from poolcounter.thumbor.settings import Pool, Settings


@dataclass(frozen=True)
class Need:
    """A lock that a request needs."""

    key: str
    pool: Pool


class TurnedAwayError(Exception):
    """The daemon refused a lock: the queue was full, or the wait was too long."""

    def __init__(self, need: Need, refusal: RefusedError) -> None:
        """Takes the lock and the daemon's answer."""
        super().__init__(f"{need.key}: {refusal}")
        self.need = need


class Throttle:
    """The pools of one Thumbor process, and its client."""

    def __init__(self, settings: Settings) -> None:
        """Makes no connection yet."""
        self._settings = settings
        self._unthrottled = Seldom(logging.ERROR, "unthrottled requests")
        self._unreleased = Seldom(logging.ERROR, "releases that failed")
        self._unreadable = Seldom(logging.WARNING, "entries of X-Forwarded-For that are no address")
        self._client: Client | None = None

    def needs(self, request: Any, image_url: str) -> list[Need]:
        """The locks that a request needs, always in this order, so that no two requests wait for each other."""
        settings = self._settings
        needs = []
        if settings.per_ip:
            address = client_address(request, settings.trusted_proxies, self._unreadable.report)
            if address is not None:
                needs.append(Need(settings.keys.of_client(address), settings.per_ip))
        if settings.per_original:
            needs.append(Need(settings.keys.of_original(image_url), settings.per_original))
        if settings.expensive and (name := settings.keys.file_format(image_url)) in settings.extensions:
            needs.append(Need(settings.keys.of_expensive(name), settings.expensive))
        return needs

    async def take(self, needs: list[Need], held: AsyncExitStack) -> None:
        """Acquires the locks one after the other, or raises TurnedAwayError; `held` releases the acquired locks.

        If no daemon answers, it acquires no more: a site without its daemon must still work.
        """
        try:
            for need in needs:
                lock = self._lock(need)
                await lock.acquire()
                held.push_async_exit(partial(self._give_back, lock))
        except RefusedError as refusal:
            raise TurnedAwayError(need, refusal) from refusal
        except ClientError as error:
            self._unthrottled.report(error)

    async def _give_back(self, lock: Lock, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            lock.abandon()
            return
        # The picture is already sent: a failure of the lock must not become a failure of the request.
        try:
            await lock.release()
        except ClientError as error:
            self._unreleased.report(error)

    def _lock(self, need: Need) -> Lock:
        # Made at the first request: Thumbor forks its processes after the start, each with a loop of its own.
        if self._client is None:
            self._client = Client(self._settings.servers, **self._settings.client_options)
        pool = need.pool
        return self._client.lock(
            need.key, workers=pool.workers, maxqueue=pool.maxqueue, timeout=pool.timeout, mode=Mode.FOR_ME
        )
