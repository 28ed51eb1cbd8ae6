"""The judge on invented runs: no fault in a good run, exactly the faults of a bad run."""

import unittest

from farm import verdict
from farm.daemons import Fault, Life
from farm.events import Request
from farm.packets import Asked, Hold

SERVERS = ("10.77.2.1", "10.77.2.2", "10.77.2.3")
KEY = "page:0"
FIRST, SECOND_, THIRD = verdict.order(SERVERS, KEY)


def seconds(number):
    """Nanoseconds."""
    return int(number * verdict.SECOND)


class Run:
    """A run of 120 s: each daemon lives as long. Requests and faults are added."""

    def __init__(self):
        self.evidence = verdict.Evidence(
            SERVERS, 0.5, {}, [], [], [Life(server, 0) for server in SERVERS], [], seconds(120)
        )

    def life(self, server):
        """Its newest process."""
        return [life for life in self.evidence.lives if life.server == server][-1]

    def fault(self, server, kind, began, ended):
        """A fault of a server."""
        self.evidence.faults.append(Fault(server, kind, seconds(began), seconds(ended)))
        if kind in ("killed", "restarted"):
            life = self.life(server)
            life.killed = life.ended = seconds(began)
            self.evidence.lives.append(Life(server, seconds(ended)))

    def request(self, asked, answered, outcome, timeout=3, **more):
        """A request that reached no server."""
        number = len(self.evidence.requests) + 1
        request = Request("c", number, KEY, "me", timeout, seconds(asked), outcome, seconds(answered), **more)
        self.evidence.requests[number] = request
        return request

    def ask(self, request, server, answer=""):
        """A server gets the command, and answers at the moment at which the client has the answer."""
        self.evidence.asked.append(
            Asked(request.number, KEY, server, request.number, request.timeout, request.asked, answer, request.answered)
        )

    def work(self, server, locked, released, end="RELEASE", freed=None, opened=None, asked=None):
        """A request that is granted, and its work."""
        request = self.request(locked if asked is None else asked, locked, "locked")
        self.ask(request, server, "LOCKED")
        request.given_back, request.how, request.free = seconds(released), "release", seconds(released)
        freed = released if freed is None else freed
        self.evidence.holds.append(
            Hold(
                request.number,
                KEY,
                server,
                request.number,
                seconds(locked if opened is None else opened),
                seconds(locked),
                seconds(locked),
                seconds(freed),
                seconds(freed),
                end,
            )
        )
        return request


class Verdict(unittest.TestCase):
    """Every check."""

    def setUp(self):
        self.run_ = Run()

    def assert_found(self, *checks):
        """These checks find a fault, and no others do. Without a fault there is no calm period."""
        for known in ("granted", "longest_timeout"):
            vars(self.run_.evidence).pop(known, None)
        found = [
            check.__name__
            for check in verdict.CHECKS
            if (self.run_.evidence.faults or check is not verdict.all_is_well_in_the_calm) and check(self.run_.evidence)
        ]
        self.assertEqual(found, [check.__name__ for check in checks])

    def calm(self):
        """A request works at the end."""
        self.run_.work(FIRST, 110, 111)

    # Good runs.

    def test_sections_one_after_the_other(self):
        """They have no faults."""
        self.run_.work(FIRST, 1, 2)
        self.run_.work(FIRST, 2, 3)
        self.assert_found()

    def test_killed_server(self):
        """Its locks are granted again by its next process and by the next server."""
        self.run_.fault(FIRST, "killed", 2, 4)
        self.run_.work(FIRST, 1, 8, end="server", freed=2)
        self.run_.work(SECOND_, 3, 6)
        self.run_.work(FIRST, 5, 7)
        self.calm()
        self.assert_found()
        self.assertEqual(
            {name: number for name, (number, _) in verdict.windows(self.run_.evidence).items()},
            {
                "its server was killed": 1,
                "its server was killed, and the next one asked": 1,
                "one of them had failed over to the next server": 1,
            },
        )

    def test_lock_that_its_client_knows_late(self):
        """Its server was killed meanwhile, and the next process has granted it to another client."""
        self.run_.fault(FIRST, "killed", 2, 4)
        self.run_.work(FIRST, 5, 7, end="server", freed=2, asked=1)
        hold = self.run_.evidence.holds[-1]
        hold.opened = hold.began = hold.locked = seconds(1)
        self.run_.work(FIRST, 4.5, 6)
        self.calm()
        self.assert_found()
        self.assertEqual(verdict.windows(self.run_.evidence), {"its server was killed": (1, 1.0)})

    def test_failed_over(self):
        """One client at the first server, one at the next server, in either order."""
        self.run_.fault(FIRST, "frozen", 2, 6)
        self.run_.work(FIRST, 1, 4)
        self.run_.work(SECOND_, 3, 8)
        self.run_.work(FIRST, 7, 9)
        self.calm()
        self.assert_found()
        self.assertEqual(list(verdict.windows(self.run_.evidence)), ["one of them had failed over to the next server"])

    def test_wait_that_had_its_time(self):
        """1.5 times the timeout, or a server that ended."""
        self.run_.fault(FIRST, "restarted", 20, 21)
        failed = self.run_.request(1, 5.5, "failed", kind="ReadError", cause="Connection timed out")
        self.run_.ask(failed, FIRST)
        failed = self.run_.request(19, 20, "failed", kind="ReadError", cause="the server closed the connection")
        self.run_.ask(failed, FIRST)
        self.calm()
        self.assert_found()

    # Bad ones.

    def test_granted_twice_by_one_process(self):
        """According to the packets."""
        self.run_.work(FIRST, 1, 3, freed=3)
        self.run_.work(FIRST, 2, 4)
        self.assert_found(verdict.one_process_grants_a_lock_once)

    def test_lost_lock(self):
        """Its connection ended while it was held, and another client got it."""
        self.run_.work(FIRST, 1, 3, end="RST", freed=1.5)
        self.assert_found(verdict.no_lock_is_lost, verdict.every_end_arrives)
        self.run_.work(FIRST, 2, 4)
        self.assert_found(verdict.one_process_grants_a_lock_once, verdict.no_lock_is_lost, verdict.every_end_arrives)

    def test_lock_that_the_client_says_is_lost(self):
        """Node's signal."""
        self.run_.work(FIRST, 1, 3).lost = seconds(2)
        self.assert_found(verdict.no_lock_is_lost)

    def test_release_that_never_came(self):
        """Or a release that arrived only as the end of the connection."""
        self.run_.work(FIRST, 1, 2, end="RST")
        self.assert_found(verdict.every_end_arrives)
        self.run_ = Run()
        hold = self.run_.work(FIRST, 1, 2, end="")
        self.run_.evidence.holds[0].ended = 0
        self.assert_found(verdict.every_end_arrives)
        hold.how = "abandon"
        self.run_.evidence.holds[0].end = "FIN"
        self.assert_found()

    def test_no_window(self):
        """Two servers without a fault, or with a fault too long ago."""
        self.run_.work(FIRST, 1, 3)
        self.run_.work(SECOND_, 2, 4)
        self.assert_found(
            verdict.servers_are_passed_over_for_a_reason, verdict.locks_are_granted_twice_in_the_known_windows_only
        )
        self.run_ = Run()
        self.run_.fault(FIRST, "restarted", 1, 2)
        self.run_.work(FIRST, 5, 7)
        self.run_.work(SECOND_, 6, 8)
        self.calm()
        self.assert_found(
            verdict.servers_are_passed_over_for_a_reason, verdict.locks_are_granted_twice_in_the_known_windows_only
        )

    def test_two_servers_passed_over(self):
        """Each of them needs a reason."""
        self.run_.fault(FIRST, "frozen", 1, 5)
        self.run_.work(THIRD, 3, 4)
        self.calm()
        self.assert_found(verdict.servers_are_passed_over_for_a_reason)

    def test_long_wait(self):
        """A wait of twice the bound is too long, a wait of the bound is not."""
        bound = verdict.longest_wait("c", 3, 3, 0.5)
        self.assertEqual(bound, 3 * 1.5 + 4.5)
        self.assertEqual(verdict.longest_wait("node", 0, 3, 0.5), 3 * 2.0 + 4)
        # Without a fault no server is in doubt.
        self.assertEqual(verdict.longest_wait("c", 3, 3, 0.5, doubtful=0), bound - 3)
        self.run_.work(FIRST, 20, 21, asked=20 - 1.9 * (bound - 3))
        self.assert_found()
        self.run_.work(FIRST, 30, 31, asked=30 - 2.1 * (bound - 3))
        self.assert_found(verdict.every_request_was_answered)

    def test_long_wait_on_a_kept_connection(self):
        """With timeout 0 it is the shorter one."""
        for number in range(2):
            asked = 20 + 20 * number
            self.run_.ask(self.run_.request(asked, asked + 2.1 * 2.5, "timeout", timeout=0), FIRST, "TIMEOUT")
        self.assert_found()
        self.run_.evidence.asked[1].connection = self.run_.evidence.asked[0].connection
        self.assert_found(verdict.every_request_was_answered)

    def test_no_answer(self):
        """A request, or a release, that never ends."""
        self.run_.request(1, 0, "")
        self.assert_found(verdict.every_request_was_answered)
        self.run_ = Run()
        self.run_.work(FIRST, 1, 2).free = 0
        self.assert_found(verdict.every_request_was_answered)

    def test_answer_of_nobody(self):
        """A client that reports an answer that no server gave."""
        self.run_.request(1, 2, "done")
        self.assert_found(verdict.answers_are_those_of_a_server)
        self.run_ = Run()
        self.run_.work(FIRST, 5, 6)
        self.run_.evidence.requests[1].answered = seconds(4)
        self.assertIn(
            verdict.answers_are_those_of_a_server, [check for check in verdict.CHECKS[:-1] if check(self.run_.evidence)]
        )

    def test_lost_wait(self):
        """It ended before its time, although its server lived on."""
        failed = self.run_.request(1, 3, "failed", kind="ReadError", cause="Connection timed out")
        self.run_.ask(failed, FIRST)
        self.run_.fault(SECOND_, "killed", 1, 2)
        self.calm()
        self.assert_found(verdict.waits_are_not_lost)

    def test_command_that_crosses_the_end_of_its_server(self):
        """A command that comes after the restart of a server, but on a connection that the restart ended meanwhile."""
        failed = self.run_.request(4.9, 5.4, "failed", kind="ReadError", cause="the server closed the connection")
        self.run_.ask(failed, FIRST)
        self.run_.fault(FIRST, "restarted", 5, 5.1)
        self.calm()
        (asked, *_) = self.run_.evidence.asked
        asked.at = seconds(5.3)
        self.assert_found(verdict.waits_are_not_lost)
        asked.too_late = seconds(5.05)
        self.assert_found()
        # This end was known before the command was sent.
        failed.asked = seconds(5.06)
        asked.too_late = seconds(5.01)
        self.assert_found(verdict.waits_are_not_lost)

    def test_failure_in_the_calm(self):
        """Or no request in the calm period."""
        self.run_.fault(FIRST, "frozen", 1, 5)
        self.assert_found(verdict.all_is_well_in_the_calm)
        self.calm()
        self.assert_found()
        self.run_.request(60, 61, "failed", kind="ConnectError", cause="Connection refused")
        self.assert_found(verdict.all_is_well_in_the_calm)

    def test_what_is_printed(self):
        """Unprotected runs by language and cause, waits by language and timeout."""
        for server in SERVERS:
            self.run_.request(1, 3, "failed", kind="ConnectError", cause=f"{server}: refused")
        self.assertEqual(verdict.unprotected(self.run_.evidence), {("c", "ConnectError", "SERVER: refused"): 3})
        self.assertEqual(verdict.waits(self.run_.evidence), {("c", 3): (3, 2.0, 2.0, 2.0, 9.0)})
        self.assertEqual(verdict.outcomes(self.run_.evidence), {"failed": 3})
