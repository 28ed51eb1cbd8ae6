#!/usr/bin/env python3
"""Runs the farm in a new network namespace, and judges it: play.py FOLDER. The last line counts the checks."""

import contextlib
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wiki"), str(HERE.parent / "python")]
sys.dont_write_bytecode = True

from farm import clients, verdict  # noqa: E402
from farm.daemons import Daemon, Schedule  # noqa: E402
from farm.network import SERVERS, WIRE, Network, namespace_of  # noqa: E402
from farm.packets import Record  # noqa: E402
from stage import waiting  # noqa: E402
from stage.process import Process  # noqa: E402

KEYS = [f"page:{number}" for number in range(8)]
# One for each server as the first of its order.
SLOW = list({verdict.order(SERVERS, key)[0]: key for key in (f"slow:{number}" for number in range(20))}.values())
SHOWN = 5
"""How many faults are printed for each check."""

BEGIN = time.monotonic()


def say(text):
    """What happens, with the time."""
    print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)


class Tally:
    """The checks and their results."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, wrong):
        """One check, and its faults."""
        wrong = [text for text in wrong if text]
        if wrong:
            self.failed += 1
            print(f"FAILED: {name}: {len(wrong)}")
            for text in wrong[:SHOWN]:
                print(f"    {text}")
            if len(wrong) > SHOWN:
                print(f"    and {len(wrong) - SHOWN} more")
        else:
            self.passed += 1
            print(f"passed: {name}")


def play(folder, seconds, seed, tally):
    """Runs the farm, and gives the evidence."""
    with Network() as network:
        with contextlib.ExitStack() as stack:
            evidence = run(network, folder, seconds, seed, tally, stack)
        tally.check("no process is left in the network", strangers(network))
    return evidence


def run(network, folder, seconds, seed, tally, stack):
    """Starts everyone, and stops them by way of the stack."""
    recorder = Process(
        network.within(network.servers, ["/usr/bin/python3", HERE / "farm" / "recorder.py", WIRE, folder / "packets"]),
        folder / "recorder.log",
    )
    stack.callback(recorder.stop)
    recorder.ready(lambda: "records" in recorder.log.read_text(), "records")
    daemons = []
    for address in SERVERS:
        daemons.append(Daemon(network, address, folder))
        stack.callback(daemons[-1].stop)
    programs = clients.everyone(folder)
    schedule = Schedule(network, daemons, seed, seconds)
    end = time.monotonic_ns() + int(seconds * 1e9)
    for program in programs:
        stack.callback(program.stop)
        program.start(network, end, seed, SERVERS, KEYS, SLOW)
    schedule.play(say)
    say("no more faults")
    longest = verdict.MARGIN * verdict.longest_wait("node", 3, len(SERVERS), clients.CONNECT_MS / 1000)
    ends = [program.wait(end / 1e9 + longest + waiting.PATIENCE) for program in programs]
    until = time.monotonic_ns()
    say("the clients have ended")
    tally.check("every client ends as it should", ends)
    tally.check("no lock and no waiter is left", [left(daemon) for daemon in daemons])
    said = [f"{daemon.address} said {daemon.said()}" for daemon in daemons if daemon.said()]
    tally.check("the daemons have nothing to say", said)
    recorder.stop()
    lost = recorder.log.read_text().split()[-1]
    tally.check("the record is whole", [] if lost == "0" else [f"the kernel lost {lost} packets"])
    record = Record.read(folder / "packets")
    say(f"{record.packets} packets were recorded")
    tally.check("servers and clients speak the protocol", record.oddities)
    return verdict.Evidence(
        servers=SERVERS,
        connect=clients.CONNECT_MS / 1000,
        requests={number: request for program in programs for number, request in program.requests().items()},
        asked=record.asked,
        holds=record.holds,
        lives=[life for daemon in daemons for life in daemon.lives],
        faults=schedule.faults,
        until=until,
    )


def left(daemon):
    """The remaining locks and waiters of a daemon, or nothing. The last bytes of clients may still be on their way."""
    names = ("processing_workers", "waiting_workers", "hashtable_entries")
    found = {}

    def empty():
        found.update(daemon.statistics())
        return all(found[name] == "0" for name in names)

    try:
        waiting.until(empty, "no lock is left")
    except waiting.TooLate:
        return f"{daemon.address} has {', '.join(f'{found[name]} {name}' for name in names)}"
    return ""


def strangers(network):
    """The processes in one of the namespaces, except its keeper."""
    keepers = {str(network.clients), str(network.servers)}
    namespaces = {namespace_of(keeper) for keeper in keepers}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.name not in keepers and namespace_of(process.name) in namespaces:
                yield f"process {process.name} is left: {(process / 'cmdline').read_text()}"


def tell(evidence):
    """Figures that are printed but not checked."""
    print(
        f"\n{len(evidence.requests)} requests: "
        + ", ".join(f"{number} {name}" for name, number in verdict.outcomes(evidence).items())
    )
    print(f"\n{'waits in seconds':<20}{'timeout':>8}{'requests':>10}{'median':>9}{'p99':>9}{'longest':>9}{'bound':>9}")
    for (client, timeout), (number, *times) in verdict.waits(evidence).items():
        print(f"{client:<20}{timeout:>8}{number:>10}" + "".join(f"{seconds:>9.3f}" for seconds in times))
    print("\nlocks that were granted twice, across processes and servers")
    for name, (number, longest) in verdict.windows(evidence).items():
        print(f"{number:>6} x, for {longest:.3f} s at most: {name}")
    print("\nunprotected runs")
    for (client, kind, cause), number in verdict.unprotected(evidence).items():
        print(f"{number:>6} x {client}, {kind}: {cause}")
    print(f"{sum(verdict.unprotected(evidence).values()):>6} in all\n")


def main():
    """Plays and judges; the exit status is 1 if a check fails."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    seconds = float(os.environ.get("FARM_SECONDS") or 120)
    seed = int(os.environ.get("FARM_SEED") or time.time())
    say(f"FARM_SEED={seed} FARM_SECONDS={seconds:g}")
    tally = Tally()
    evidence = play(pathlib.Path(sys.argv[1]), seconds, seed, tally)
    tell(evidence)
    for check in verdict.CHECKS:
        tally.check(check.__doc__.splitlines()[0].rstrip("."), check(evidence))
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    sys.exit(0 if tally.failed == 0 else 1)


main()
