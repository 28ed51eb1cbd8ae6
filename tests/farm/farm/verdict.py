"""The judge: checks clients' events and recorded packets against each other and the faults. README.md has the reasons.

A check returns the list of faults that it found.
"""

import collections
import dataclasses
import functools
import hashlib
import re

SECOND = 1_000_000_000

TRIES = 1
"""How often a connection is tried; 2 with `connect_twice`."""
UNSURE = {"node": 1.5}
"""Seconds for a server in doubt: for STATS UPTIME, or for a kept connection without acknowledgement. Default: 1."""
AVOIDED = 10.0
"""The longest time in seconds for which clients avoid a silent server."""
MARGIN = 2
"""A timer of the clients may take twice its time on a busy machine."""
AFTER_A_REFUSAL = 1.0
"""The time in seconds for which clients try a server last after it refused a connection."""
ARRIVES = 15.0
"""Seconds after which a client's bytes have arrived: the length of a cut, plus TCP's next attempt after it."""
CLOCKS = 5_000_000
"""Nanoseconds by which the record's clock may be behind the clients'."""


@dataclasses.dataclass
class Evidence:
    """The evidence of a run. Servers are in the order of the clients' configuration."""

    servers: tuple
    connect: float
    requests: dict
    """By number."""
    asked: list
    holds: list
    lives: list
    faults: list
    until: int
    """When the clients ended."""

    def life_at(self, server, moment):
        """The process that served at this moment."""
        for life in self.lives:
            if life.server == server and life.began <= moment and (not life.ended or moment <= life.ended):
                return life
        return None

    @functools.cached_property
    def granted(self):
        """The locks that servers granted, by the number of the request."""
        return dict(_grouped(self.holds, lambda hold: hold.number))

    @functools.cached_property
    def longest_timeout(self):
        """Of all requests, in seconds."""
        return max((request.timeout for request in self.requests.values()), default=0)

    def held(self, request):
        """Of the locks that were granted to a request, the one that its client got: the last before the answer."""
        known = [hold for hold in self.granted.get(request.number, ()) if hold.locked <= request.answered + CLOCKS]
        return max(known, key=lambda hold: hold.began, default=None)

    def locked(self):
        """Each request that got a lock, with that lock and the process that granted it."""
        for request in self.requests.values():
            if (
                request.outcome == "locked"
                and (hold := self.held(request))
                and (life := self.life_at(hold.server, hold.opened))
            ):
                yield request, hold, life


def order(servers, key):
    """The order in which servers are asked for a key: MediaWiki's."""
    return sorted(servers, key=lambda server: hashlib.md5((server + key).encode()).hexdigest())


def longest_wait(client, timeout, servers, connect, tries=TRIES, doubtful=None, kept=False):
    """The longest wait of a request, in seconds; by default of a request that meets every possible delay.

    For each server of the key's order: tries x connect time, and 1 s (Node 1.5 s, if it has to try a connection) if it
    is in doubt. That is for the answer to STATS UPTIME of a server that was silent before; or, if its host has vanished
    under a kept connection, until that is noticed. Once, for the server that takes the request: its answer, at least
    1 s and 1.5 times the timeout. With timeout 0 it is 1 s on a connection that has answered before, and 4 s on a new
    one.
    """
    unsure = UNSURE.get(client.partition("-")[0], 1.0)
    answer = max(1.0, 1.5 * timeout) if timeout else 1.0 if kept else 4.0
    return servers * tries * connect + (servers if doubtful is None else doubtful) * unsure + answer


def every_request_was_answered(evidence):
    """Every request has an end, and none took longer than its bound."""
    wrong = []
    kept = _on_kept_connections(evidence)
    for request in evidence.requests.values():
        if not request.outcome:
            wrong.append(f"{_name(request)} has no answer")
            continue
        took = (request.answered - request.asked) / SECOND
        doubtful = sum(was_at_fault(evidence, server, request.asked, request.answered) for server in evidence.servers)
        bound = longest_wait(
            request.client,
            request.timeout,
            len(evidence.servers),
            evidence.connect,
            doubtful=doubtful,
            kept=request.number in kept,
        )
        if took > MARGIN * bound:
            wrong.append(f"{_name(request)} waited {took:.1f} s for {request.outcome}, and {bound:.1f} s is the most")
        if request.given_back and not request.free:
            wrong.append(f"{_name(request)}: its {request.how} did not return")
        elif request.given_back and request.free - request.given_back > MARGIN * SECOND:
            wrong.append(
                f"{_name(request)}: its {request.how} took {(request.free - request.given_back) / SECOND:.1f} s"
            )
    return wrong


def answers_are_those_of_a_server(evidence):
    """Every answer that a client reports was sent by a server to this request."""
    answers = collections.defaultdict(set)
    for asked in evidence.asked:
        answers[asked.number].add(asked.answer.lower())
    wrong = [
        f"{_name(request)} is {request.outcome}, and servers said {answers[request.number] or 'nothing'}"
        for request in evidence.requests.values()
        if request.outcome not in ("", "failed") and request.outcome not in answers[request.number]
    ]
    wrong += [
        f"{_name(request)} has a lock that was granted after it knew of it"
        for request in evidence.requests.values()
        if request.outcome == "locked" and evidence.held(request) is None
    ]
    return wrong


def one_process_grants_a_lock_once(evidence):
    """One process of a daemon grants no lock twice, according to the packets and to the clients."""
    wrong = []
    for (_, key), holds in _grouped(evidence.holds, lambda hold: (_life(evidence, hold), hold.key)):
        last = None
        for hold in sorted(holds, key=lambda hold: hold.began):
            if last is not None and (not last.ended or last.ended > hold.began):
                wrong.append(f"{hold.server} granted {key} to {hold.number} while {last.number} held it")
            if last is None or (last.ended and (not hold.ended or hold.ended > last.ended)):
                last = hold
    for (first, _, life), (second, _, other) in overlaps(evidence):
        if life is other:
            wrong.append(f"{life.server} granted {second.key} to {_name(second)} while {_name(first)} worked")
    return wrong


def no_lock_is_lost(evidence):
    """While its holder works, a lock is lost only if the process that granted it ends."""
    wrong = []
    for request, hold, life in evidence.locked():
        end = request.given_back or evidence.until
        if life.killed and life.killed <= end:
            continue
        if request.lost and request.lost < end:
            wrong.append(f"{_name(request)}: its client lost the lock, and {hold.server} lived on")
        elif hold.end and hold.end != "RELEASE" and hold.freed + CLOCKS < end:
            early = (end - hold.freed) / SECOND
            wrong.append(
                f"{_name(request)}: {hold.end} at {hold.server} ended its lock {early:.1f} s before its client did"
            )
    return wrong


def every_end_arrives(evidence):
    """A release arrives as RELEASE, an abandoned lock as the end of its connection, if the server lives."""
    wrong = []
    for request, hold, life in evidence.locked():
        if not request.given_back or (life.killed and life.killed < request.given_back + ARRIVES * SECOND):
            continue
        if not hold.end:
            wrong.append(f"{_name(request)}: {hold.server} was never told of its {request.how}")
        elif (hold.end == "RELEASE") != (request.how == "release"):
            wrong.append(f"{_name(request)}: its {request.how} came to {hold.server} as {hold.end}")
    return wrong


def waits_are_not_lost(evidence):
    """A wait ends with a broken connection only if its server ends or the client's time has passed."""
    wrong = []
    sent = collections.defaultdict(list)
    for asked in evidence.asked:
        sent[asked.number].append(asked)
    for request in evidence.requests.values():
        if request.kind not in ("ReadError", "WriteError"):
            continue
        took = (request.answered - request.asked) / SECOND
        least = max(1.0, 1.5 * request.timeout)
        fault = [
            fault
            for fault in evidence.faults
            for asked in sent[request.number]
            if fault.server == asked.server
            and fault.kind in ("killed", "restarted")
            and _met(request, asked) <= fault.ended
            and fault.began <= request.answered
        ]
        if took < 0.99 * least and not fault:
            asks = "; ".join(_told(evidence, request, asked) for asked in sent[request.number])
            wrong.append(
                f"{_name(request)} failed after {took:.2f} s, not {least:g} s, and its server lived: {request.cause}"
                f" ({asks or 'the record has no command of it'})"
            )
    return wrong


def _told(evidence, request, asked):
    """What the record has of a command, with times from the request on."""

    def since(moment):
        return f"{(moment - request.asked) / SECOND:.3f} s"

    told = f"sent to {asked.server} at {since(asked.at)}"
    if asked.too_late:
        told += f", whose connection had ended at {since(asked.too_late)}"
    past = [fault for fault in evidence.faults if fault.server == asked.server and fault.began <= request.answered]
    if last := max(past, key=lambda fault: fault.began, default=None):
        told += f", and which was {last.kind} from {since(last.began)} to {since(last.ended)}"
    return told


def _met(request, asked):
    """When a request met the process that should have answered it."""
    crossed = asked.too_late and request.asked <= asked.too_late + CLOCKS
    return asked.too_late if crossed else asked.at


def servers_are_passed_over_for_a_reason(evidence):
    """A request goes to the next server of its key's order only if the server before has, or just had, a fault."""
    wrong = []
    for asked in evidence.asked:
        request = evidence.requests.get(asked.number)
        if request is None:
            continue
        servers = order(evidence.servers, asked.key)
        wrong += [
            f"{_name(request)} went to {asked.server}, and {server} was well"
            for server in servers[: servers.index(asked.server)]
            if not was_at_fault(evidence, server, request.asked, asked.at)
        ]
    return wrong


def locks_are_granted_twice_in_the_known_windows_only(evidence):
    """If two clients work on one key by different processes or servers, it is one of the known cases of README.md."""
    return [
        f"{_name(first)} and {_name(second)} both worked on {first.key}, by {life.server} and {other.server}: no window"
        for (first, hold, life), (second, later, other) in overlaps(evidence)
        if life is not other and not window(evidence, hold, life, second, later)
    ]


def window(evidence, hold, life, second, later):
    """The known case of the second grant of a lock, if there is one."""
    if life.killed and life.killed <= second.answered:
        return (
            "its server was killed" if later.server == hold.server else "its server was killed, and the next one asked"
        )
    # The client at the later server must have had a reason to skip the earlier server.
    servers = order(evidence.servers, hold.key)
    away = max(hold, later, key=lambda granted: servers.index(granted.server))
    before = servers[: servers.index(away.server)]
    request = evidence.requests[away.number]
    if hold.server != later.server and all(
        was_at_fault(evidence, server, request.asked, request.answered) for server in before
    ):
        return "one of them had failed over to the next server"
    return None


def was_at_fault(evidence, server, asked, answered):
    """Whether a client may have regarded a server as broken between two moments."""
    return any(
        fault.server == server and fault.began <= answered and asked <= fault.ended + remembered(evidence, fault)
        for fault in evidence.faults
    )


def remembered(evidence, fault):
    """For how many nanoseconds after a fault a client may avoid its server.

    A refusal is known at once. Silence is noticed at the end of the wait in which it began.
    """
    if fault.kind in ("killed", "restarted"):
        return int(MARGIN * AFTER_A_REFUSAL * SECOND)
    return int((max(4.0, 1.5 * evidence.longest_timeout) + AVOIDED) * SECOND)


def all_is_well_in_the_calm(evidence):
    """Once no server is avoided any more, no request fails."""
    last = max(fault.ended for fault in evidence.faults)
    calm = max(fault.ended + remembered(evidence, fault) for fault in evidence.faults)
    late = [request for request in evidence.requests.values() if request.asked > calm]
    wrong = [
        f"{_name(request)} failed {(request.asked - last) / SECOND:.1f} s after the last fault: {request.cause}"
        for request in late
        if request.outcome == "failed"
    ]
    return wrong if late else ["no request in the calm period"]


def overlaps(evidence):
    """Every two requests that worked on one key at one time, the one that was granted first in front.

    A client on a busy machine may learn of its lock after the client of a later grant.
    """
    known = []
    for _, works in _grouped(evidence.locked(), lambda work: work[0].key):
        under_way = []
        for work in sorted(works, key=lambda work: work[0].answered):
            under_way = [other for other in under_way if (other[0].given_back or evidence.until) > work[0].answered]
            known += [sorted((other, work), key=lambda work: work[1].began) for other in under_way]
            under_way.append(work)
    return known


# Printed in addition.


def windows(evidence):
    """How often a lock was granted twice, for each window: how many times, and the longest in seconds."""
    table = collections.defaultdict(list)
    for (first, hold, life), (second, later, other) in overlaps(evidence):
        if life is other:
            continue
        begin = max(first.answered, second.answered)
        both = min(first.given_back or evidence.until, second.given_back or evidence.until) - begin
        table[window(evidence, hold, life, second, later) or "no window"].append(both / SECOND)
    return {name: (len(times), max(times)) for name, times in sorted(table.items())}


def unprotected(evidence):
    """How many runs were unprotected, for each client and cause."""
    table = collections.Counter()
    for request in evidence.requests.values():
        if request.outcome == "failed":
            cause = re.sub("|".join(map(re.escape, evidence.servers)), "SERVER", request.cause)
            table[_language(request), request.kind, cause] += 1
    return dict(sorted(table.items()))


def waits(evidence):
    """For each client and timeout: how many requests, the median, 99 of 100, the longest, the bound, in seconds."""
    rows = {}
    for (client, timeout), requests in sorted(
        _grouped(evidence.requests.values(), lambda request: (_language(request), request.timeout))
    ):
        times = sorted((request.answered - request.asked) / SECOND for request in requests if request.answered)
        bound = longest_wait(client, timeout, len(evidence.servers), evidence.connect)
        rows[client, timeout] = (len(times), times[len(times) // 2], times[len(times) * 99 // 100], times[-1], bound)
    return rows


def outcomes(evidence):
    """How often which outcome."""
    return dict(collections.Counter(request.outcome or "none" for request in evidence.requests.values()).most_common())


CHECKS = (
    every_request_was_answered,
    answers_are_those_of_a_server,
    one_process_grants_a_lock_once,
    no_lock_is_lost,
    every_end_arrives,
    waits_are_not_lost,
    servers_are_passed_over_for_a_reason,
    locks_are_granted_twice_in_the_known_windows_only,
    all_is_well_in_the_calm,
)


def _on_kept_connections(evidence):
    """The numbers of the requests that no server got but on a connection that had answered before."""
    answered = {}
    kept, new = set(), set()
    for asked in evidence.asked:
        (kept if answered.get(asked.connection, evidence.until) < asked.at else new).add(asked.number)
        if asked.answer:
            answered.setdefault(asked.connection, asked.answered)
    return kept - new


def _grouped(items, key):
    groups = collections.defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.items())


def _life(evidence, hold):
    life = evidence.life_at(hold.server, hold.opened)
    return id(life) if life else hold.server


def _language(request):
    return re.sub(r"-\d+$", "", request.client)


def _name(request):
    return f"{request.client}'s {request.number} ({request.key}, for {request.mode}, timeout {request.timeout})"
