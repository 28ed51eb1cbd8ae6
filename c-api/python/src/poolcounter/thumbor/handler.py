"""Thumbor's handler of pictures, throttled."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from thumbor.handlers.imaging import ImagingHandler  # type: ignore[import-untyped]

from poolcounter.thumbor.throttle import Throttle, TurnedAwayError

_CLIENT_CLOSED_REQUEST = 499


class ThrottledImagingHandler(ImagingHandler):  # type: ignore[misc]
    """Renders a picture only while it holds the locks of the request.

    A picture from the result storage needs no lock: Thumbor asks there first.
    """

    def initialize(self, context: Any, throttle: Throttle) -> None:
        """Called by Tornado for each request, with what the route says."""
        super().initialize(context)
        self._throttle = throttle
        self._gone = False
        self._taking: asyncio.Future[None] | None = None

    def on_connection_close(self) -> None:
        """Called by Tornado when the client disconnects: a request that waits for a lock stops waiting.

        A render cannot be stopped, so its locks stay until it ends.
        """
        super().on_connection_close()
        self._gone = True
        if self._taking is not None:
            self._taking.cancel()

    async def get_image(self) -> None:
        """Loads, renders and sends the picture; Thumbor calls it when the result storage has none."""
        try:
            async with AsyncExitStack() as held:
                if await self._is_admitted(held):
                    await super().get_image()
                if self._gone or self.get_status() >= 500:
                    raise _FailedError
        except _FailedError:
            pass

    async def _is_admitted(self, held: AsyncExitStack) -> bool:
        """Takes the locks. If that fails, answers the request."""
        try:
            await self._take_locks(held)
        except TurnedAwayError as refusal:
            self.context.metrics.incr(f"poolcounter.refused.{refusal.need.pool.name}")
            # By then all requests that wait now are served or refused.
            self.set_header("Retry-After", str(max(1, refusal.need.pool.timeout)))
            self._error(429, f"[PoolCounter] 429 for {self.request.uri}: {refusal}")
            return False
        if self._gone:
            self.set_status(_CLIENT_CLOSED_REQUEST, "Client Closed Request")
            self.finish()
        return not self._gone

    async def _take_locks(self, held: AsyncExitStack) -> None:
        if self._gone:
            return
        needs = self._throttle.needs(self.request, self.context.request.image_url)
        # A separate task, so that only it is cancelled when the client disconnects.
        self._taking = asyncio.ensure_future(self._throttle.take(needs, held))
        try:
            await self._taking
        except asyncio.CancelledError:
            if not self._gone:
                raise


class _FailedError(Exception):
    """Leaves the block that holds the locks, so that they are abandoned."""
