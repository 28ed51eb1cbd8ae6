"""Throttles a Thumbor: limits the renders at a time for each client, each original and each expensive format.

In Thumbor's configuration::

    from thumbor.handler_lists import BUILTIN_HANDLERS

    HANDLER_LISTS = [*BUILTIN_HANDLERS, "poolcounter.thumbor"]
    POOLCOUNTER_SERVERS = ["10.0.0.1"]
    POOLCOUNTER_CONFIG_PER_ORIGINAL = {"workers": 2, "maxqueue": 100, "timeout": 8}

A request that finds its pool full, or that waits too long, is answered 429. Where no daemon answers, requests are
served unthrottled.
"""

from __future__ import annotations

from typing import Any

from libthumbor.url import Url  # type: ignore[import-untyped]

from poolcounter.thumbor.handler import ThrottledImagingHandler
from poolcounter.thumbor.settings import Settings
from poolcounter.thumbor.throttle import Throttle

__all__ = ["ThrottledImagingHandler", "get_handlers"]


def get_handlers(context: Any) -> list[tuple[str, type, dict[str, Any]]]:
    """The routes, for Thumbor's HANDLER_LISTS. A mistake in the settings is a ConfigurationError."""
    throttle = Throttle(Settings.from_config(context.config, __name__))
    return [(Url.regex(), ThrottledImagingHandler, {"context": context, "throttle": throttle})]
