#!/usr/bin/env python3
"""Plays the rolling restart of the StatefulSet under the load of all clients: rolling.py FOLDER ARCHIVE MANIFESTS.

Each pod is a container with an address of its own. It runs below `unshare --net`. The last line counts the checks.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import http.client
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("packaging/oci", "tests/farm", "tests/wiki", "tests/python")]
sys.path[:0] = [str(HERE)]
sys.dont_write_bytecode = True

import manifests  # noqa: E402
from farm import clients, verdict  # noqa: E402
from farm.daemons import Fault, Life  # noqa: E402
from farm.network import WIRE, Network  # noqa: E402
from farm.packets import Record  # noqa: E402
from kit import engine, image  # noqa: E402
from stage import waiting  # noqa: E402
from stage.process import Process  # noqa: E402

KEYS = [f"page:{number}" for number in range(8)]
LONGEST = 600
"""Seconds after which the clients end by themselves."""
CALM = 5.0
"""Seconds without a restart at both ends. The clients have forgotten after two that a server refused them."""
LOAD = 200
"""Every language makes at least so many requests."""
SECOND = 1_000_000_000
LANGUAGES = ("c", "node", "php", "python-asyncio", "python-threads", "rust")
ADMIN = "--admin [::]:7532: other hosts that reach this address can read all keys"
"""What a container warns of."""
BEGIN = time.monotonic()


def say(text: str) -> None:
    """What happens, with the time."""
    print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)


class Cluster(Network):
    """The farm's network, with a namespace for each pod, which has the pod's address."""

    def __init__(self, pods: int) -> None:
        super().__init__()
        self.addresses = tuple(f"10.77.{10 + number}.1" for number in range(pods))
        try:
            self.pods = [
                self._namespace(f"10.77.{10 + number}.254/24", f"{address}/24")
                for number, address in enumerate(self.addresses)
            ]
        except BaseException:
            self.close()
            raise


@dataclasses.dataclass
class Restart:
    """The restart of a pod."""

    server: str
    began: int
    terminated: int = 0
    back: int = 0
    """When its new container was started. It serves clients before its readiness probe succeeds."""
    ready: int = 0
    drained: bool = False
    status: int = -1


class Pod:
    """A pod of the StatefulSet: one container after the other, at one address, as the manifests say."""

    def __init__(self, stage: Stage, address: str, network: int) -> None:
        self.address, self.lives = address, []
        self._stage, self._network = stage, network
        self.start()

    def start(self) -> None:
        """Starts a container, and waits until its readiness probe succeeds."""
        wanted = self._stage.wanted
        [mount] = wanted.container["volumeMounts"]
        volume = {"destination": mount["mountPath"], "type": "tmpfs", "source": "tmpfs", "options": ["mode=0777"]}
        self.lives.append(Life(self.address, time.monotonic_ns()))
        self._container = self._stage.engine.start(
            self._stage.image,
            options=wanted.container.get("args", []),
            user=wanted.pod["securityContext"]["runAsUser"],
            mounts=[volume],
            network=self._network,
        )
        engine.until(self._is_ready, f"{self.address} is ready")

    def restart(self) -> Restart:
        """Replaces the container, as the kubelet does: preStop, SIGTERM, and a new one."""
        wanted = self._stage.wanted
        restart = Restart(self.address, time.monotonic_ns())
        done = self._container.execute(*wanted.container["lifecycle"]["preStop"]["exec"]["command"])
        restart.drained = done.returncode == 0
        restart.terminated = self.lives[-1].killed = time.monotonic_ns()
        say(f"{self.address}: {done.stdout.strip()}{done.stderr.strip()}, after {self._since(restart):.1f} s")
        self._container.signal(signal.SIGTERM)
        grace = wanted.pod["terminationGracePeriodSeconds"] - self._since(restart)
        restart.status = self._container.wait(grace)
        self.lives[-1].ended = time.monotonic_ns()
        self._stage.said[self.address] += self._container.said()
        self._container.__exit__()
        self.start()
        restart.back, restart.ready = self.lives[-1].began, time.monotonic_ns()
        say(f"{self.address}: ready again")
        return restart

    def stop(self) -> None:
        """Ends the container."""
        self._stage.said[self.address] += self._container.said()
        self._container.__exit__()

    @staticmethod
    def _since(restart: Restart) -> float:
        return (time.monotonic_ns() - restart.began) / SECOND

    def _is_ready(self) -> bool:
        probe = self._stage.wanted.container["readinessProbe"]["httpGet"]
        connection = http.client.HTTPConnection(self.address, self._stage.wanted.port(probe["port"]), timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", probe["path"])
            return connection.getresponse().status == 200
        return False


@dataclasses.dataclass
class Wanted:
    """What the manifests say."""

    stateful: dict
    pod: dict
    container: dict

    def port(self, name: str) -> int:
        """The number of a port."""
        return next(port["containerPort"] for port in self.container["ports"] if port["name"] == name)


@dataclasses.dataclass
class Stage:
    """What all pods need."""

    engine: engine.Engine
    image: image.Image
    wanted: Wanted
    said: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    """What the containers of each address have printed."""


def everyone(folder: pathlib.Path) -> list:
    """The programs of all languages."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    return [*clients.everyone(folder), clients.Client("rust", 100, 6, [target / "debug" / "farm-client"], folder)]


class Recorder:
    """Records the packets of a pod."""

    def __init__(self, network: Cluster, number: int, folder: pathlib.Path) -> None:
        self._file = folder / f"packets-{number}"
        command = ["/usr/bin/python3", ROOT / "tests/farm/farm/recorder.py", WIRE, self._file]
        self._process = Process(network.within(network.pods[number], command), folder / f"recorder-{number}.log")
        self._process.ready(lambda: "records" in self._process.log.read_text(), "records")

    def stop(self) -> None:
        """Ends it."""
        self._process.stop()

    def record(self) -> Record:
        """What it has recorded."""
        self.stop()
        record = Record.read(self._file)
        lost = self._process.log.read_text().split()[-1]
        record.oddities += [f"the kernel lost {lost} packets"] if lost != "0" else []
        return record


@dataclasses.dataclass
class Outcome:
    """The result of a run."""

    evidence: verdict.Evidence
    restarts: list
    oddities: list
    """Of the packets."""
    died: list
    """What the client programs said that ended too early."""
    said: dict
    """What the containers of each address have printed."""


def play(folder: pathlib.Path, archive: pathlib.Path, wanted: Wanted) -> Outcome:
    """Runs everyone, and restarts every pod."""
    unpacked = image.unpack(archive, "amd64", folder)
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(Cluster(wanted.stateful["replicas"]))
        stage = Stage(stack.enter_context(engine.Engine(folder)), unpacked, wanted)
        recorders, pods = [], []
        for number, address in enumerate(network.addresses):
            recorders.append(Recorder(network, number, folder))
            stack.callback(recorders[-1].stop)
            pods.append(Pod(stage, address, network.pods[number]))
            stack.callback(pods[-1].stop)
        say(f"{len(pods)} pods are ready")
        programs = everyone(folder)
        end = time.monotonic_ns() + LONGEST * SECOND
        for program in programs:
            stack.callback(program.stop)
            program.start(network, end, 7, network.addresses, KEYS, [])
        for program in programs:
            waiting.until(program.requests, f"{program.name} works", engine.PATIENCE)
        say("all clients work")
        time.sleep(CALM)
        restarts = [pods[-1].restart()]
        for pod in reversed(pods[:-1]):
            time.sleep(wanted.stateful["minReadySeconds"])
            restarts.append(pod.restart())
        time.sleep(CALM)
        finish = time.monotonic_ns()
        for program in programs:
            waiting.until(lambda program=program: finished(program, finish), f"{program.name} answers")
        until = time.monotonic_ns()
        died = [said for program in programs if (said := program.wait(0)) != f"{program.name} does not end"]
        requests = [request for program in programs for request in program.requests().values()]
        records = [recorder.record() for recorder in recorders]
        evidence = verdict.Evidence(
            servers=network.addresses,
            connect=clients.CONNECT_MS / 1000,
            requests={request.number: request for request in requests if request.asked < finish},
            asked=[asked for record in records for asked in record.asked],
            holds=[hold for record in records for hold in record.holds],
            lives=[life for pod in pods for life in pod.lives],
            faults=[Fault(restart.server, "restarted", restart.began, restart.ready) for restart in restarts],
            until=until,
        )
    oddities = [text for record in records for text in record.oddities]
    return Outcome(evidence, restarts, oddities, died, stage.said)


def finished(program: clients.Client, finish: int) -> bool:
    """Whether all requests that were made before this moment have ended."""
    time.sleep(0.2)
    return all(
        request.outcome and (request.outcome != "locked" or request.free)
        for request in program.requests().values()
        if request.asked < finish
    )


def when(restarts: list, first, second) -> str:
    """When two clients held a key by two servers; nothing if it was not because of a restart."""
    (one, hold, _), (other, later, _) = first, second
    for restart in restarts:
        if restart.server not in (hold.server, later.server):
            continue
        if restart.began <= other.answered <= restart.terminated:
            return "while holders finished on a drained server"
        # Until then, a client may ask the next server because this one has refused it.
        known = restart.ready + verdict.MARGIN * verdict.AFTER_A_REFUSAL * SECOND
        if restart.back <= other.answered and one.answered <= known:
            return "when it was back, and holders finished on the next one"
    return ""


def across(outcome: Outcome) -> tuple[dict, list]:
    """How long two clients held a key by two servers, for each reason; and where there was no reason."""
    evidence, times, wrong = outcome.evidence, collections.defaultdict(list), []
    for first, second in verdict.overlaps(evidence):
        if first[1].server == second[1].server:
            continue
        reason = when(outcome.restarts, first, second)
        ends = [request.given_back or evidence.until for request in (first[0], second[0])]
        times[reason or "without a reason"].append((min(ends) - second[0].answered) / SECOND)
        if not reason:
            wrong.append(f"{first[0].key}: {first[1].server} and {second[1].server}")
    return times, wrong


def judge(outcome: Outcome, wanted: Wanted) -> dict[str, list]:
    """The faults that each check has found."""
    evidence = outcome.evidence
    made = collections.Counter(request.client.rstrip("-0123456789") for request in evidence.requests.values())
    patience = int(wanted.container["lifecycle"]["preStop"]["exec"]["command"][-1])
    times, wrong = across(outcome)
    for reason, seconds in sorted(times.items()):
        print(f"{len(seconds):>6} x two clients held a key by two servers, {max(seconds):.3f} s at most: {reason}")
    return {
        "every client works": [f"{name} made {made[name]} requests" for name in LANGUAGES if made[name] < LOAD],
        "no client has an error": outcome.died
        + [
            f"{request.client}: {request.kind} {request.cause}"
            for request in evidence.requests.values()
            if request.outcome in ("failed", "lock_held")
        ],
        f"every pod has drained within the {patience} s of preStop, and SIGTERM ends it with 0": [
            str(restart) for restart in outcome.restarts if not restart.drained or restart.status != 0
        ],
        "the restart was one of all pods, the last one first": []
        if [restart.server for restart in outcome.restarts] == list(reversed(evidence.servers))
        else [str(outcome.restarts)],
        "two clients hold a key by two servers only while holders finish": wrong,
        "servers and clients speak the protocol, and every packet is recorded": outcome.oddities,
        "the containers say nothing but that the admin port is open": [
            f"{address}: {line}" for address, lines in outcome.said.items() for line in lines if ADMIN not in line
        ],
        **{check.__doc__.splitlines()[0].rstrip("."): check(evidence) for check in verdict.CHECKS},
    }


def main() -> None:
    """Plays and judges; the exit status is 1 if a check fails."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    folder, archive, file = map(pathlib.Path, sys.argv[1:])
    objects = manifests.read(str(file))
    stateful = objects["StatefulSet/poolcounter"]["spec"]
    wanted = Wanted(stateful, manifests.pod(objects), manifests.daemon(objects))
    outcome = play(folder, archive, wanted)
    say(f"{len(outcome.evidence.requests)} requests")
    checks = judge(outcome, wanted)
    for name, wrong in checks.items():
        print(f"{'FAILED' if wrong else 'passed'}: {name}" + (f": {len(wrong)}" if wrong else ""))
        for text in wrong[:5]:
            print(f"    {text}")
    bad = sum(map(bool, checks.values()))
    print(f"{len(checks) - bad} passed, {bad} failed", flush=True)
    sys.exit(1 if bad else 0)


main()
