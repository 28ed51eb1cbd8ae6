"""Lets one of many do expensive work while the others wait for it.

    from poolcounter import Client, Outcome, RefusedError, UnavailableError

    client = Client(["10.0.0.1", "10.0.0.2"])
    try:
        # At most 1 works on it, at most 100 work or wait, each for at most 15 seconds.
        with client.lock(f"article:{name}", workers=1, maxqueue=100, timeout=15) as outcome:
            if outcome is Outcome.LOCKED:
                page = render(name)
                save(name, page)
    except RefusedError:
        return load_stale(name)
    except UnavailableError:
        return render(name)
    return load(name)

`poolcounter.aio` has the same for asyncio. If gevent has patched the process, greenlets wait like threads.

Programs written for Wikimedia's python-poolcounter find its interface here: `new`, `from_yaml`, `poolcounter.client`
and `poolcounter.ring`.
"""

from ._compat.backends import from_yaml, new
from ._compat.errors import PoolcounterError, PoolcounterQueueError, PoolcounterTimeoutError
from ._settings import RingServer
from ._version import __version__
from .client import Client, Lock
from .errors import (
    BadKeyError,
    BadServerError,
    ClientError,
    ConnectError,
    LibraryError,
    LockHeldError,
    NotLockedError,
    QueueFullError,
    ReadError,
    RefusedError,
    RemoteError,
    UnavailableError,
    WaitTimeoutError,
    WriteError,
)
from .outcomes import Mode, Outcome

__all__ = [
    "BadKeyError",
    "BadServerError",
    "Client",
    "ClientError",
    "ConnectError",
    "LibraryError",
    "Lock",
    "LockHeldError",
    "Mode",
    "NotLockedError",
    "Outcome",
    "PoolcounterError",
    "PoolcounterQueueError",
    "PoolcounterTimeoutError",
    "QueueFullError",
    "ReadError",
    "RefusedError",
    "RemoteError",
    "RingServer",
    "UnavailableError",
    "WaitTimeoutError",
    "WriteError",
    "__version__",
    "from_yaml",
    "new",
]
