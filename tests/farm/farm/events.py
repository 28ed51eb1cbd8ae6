"""What the clients wrote: one line for each event, its fields separated by tabs.

    TIME NUMBER asked KEY me|anyone TIMEOUT
    TIME NUMBER locked|done|timeout|queue_full|lock_held
    TIME NUMBER failed KIND CAUSE           the work is done unprotected
    TIME NUMBER release|abandon             about to give the lock back
    TIME NUMBER free                        that call has returned
    TIME NUMBER lost                        the client says that the lock is gone (Node)

TIME is CLOCK_MONOTONIC in nanoseconds. NUMBER identifies the request: a million times the worker, plus a count. It is
also the request's maxqueue, so that the recorded packets show which request it was.
"""

import dataclasses


@dataclasses.dataclass(eq=False)
class Request:
    """A request, from the events of its client."""

    client: str
    number: int
    key: str
    mode: str
    timeout: int
    asked: int
    outcome: str = ""
    answered: int = 0
    kind: str = ""
    """Of a failure: ConnectError, ReadError, WriteError or RemoteError, in every language."""
    cause: str = ""
    given_back: int = 0
    """When and how its client began to release or abandon the lock."""
    how: str = ""
    free: int = 0
    lost: int = 0


def read(client, file):
    """The requests in a client's file. An incomplete last line is ignored."""
    requests = {}
    for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
        at, number, what, *words = line.split("\t")
        at, number = int(at), int(number)
        if what == "asked":
            key, mode, timeout = words
            requests[number] = Request(client, number, key, mode, int(timeout), at)
            continue
        request = requests[number]
        if what in ("release", "abandon"):
            request.given_back, request.how = at, what
        elif what == "free":
            request.free = at
        elif what == "lost":
            request.lost = at
        else:
            request.outcome, request.answered = what, at
            if what == "failed":
                kind, request.cause = words
                request.kind = (
                    kind.rpartition("\\")[2].replace("Exception", "Error").replace("ConnectionError", "ConnectError")
                )
    return requests
