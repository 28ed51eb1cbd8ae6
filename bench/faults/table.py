"""Measures every scene with both clients, all at once, and makes the table."""

import contextlib
import pathlib
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import scenes
from farm.daemons import Daemon
from farm.network import Network
from farm.verdict import order
from php import Php
from stage import places
from stage.web import php_ini

SIDES = ("own", "native")
SETTLE = 300.0
"""Seconds within which every PHP process must be ready."""


def measure(only, seconds):
    """Makes the table for the scenes with this word in their name."""
    chosen = {name: scene for name, scene in scenes.SCENES.items() if only in name}
    if not chosen:
        sys.exit(f"faults: no row has {only!r} in its name: {', '.join(scenes.SCENES)}")
    parts = [(name, side) for name in chosen for side in SIDES]
    pairs = [(f"10.77.2.{2 * number + 1}", f"10.77.2.{2 * number + 2}") for number in range(len(parts))]
    try:
        figures = dict(zip(parts, _play(parts, pairs, seconds)))
    except places.Missing as missing:
        sys.exit(f"faults: {missing}")
    return "".join(f"{line}\n" for line in _lines(chosen, figures, seconds))


def _play(parts, pairs, seconds):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="faults-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        network = stack.enter_context(Network([address for pair in pairs for address in pair]))
        ini = php_ini(folder)
        daemons = []
        for pair in pairs:
            daemons.append([Daemon(network, address, folder) for address in pair])
            for daemon in daemons[-1]:
                stack.callback(daemon.stop)
        together = threading.Barrier(len(parts), timeout=SETTLE)

        def one(part, pair):
            scene, side = part
            addresses = [daemon.address for daemon in pair]
            keys = scenes.keys(lambda key: order(addresses, key)[0] == addresses[0])
            place = scenes.Place(
                network, pair, lambda: Php(network, side, addresses, ini, folder / "php.log"), keys, seconds
            )
            steps = scenes.SCENES[scene](place)
            try:
                next(steps)
                together.wait()
                figures = next(steps)
            except BaseException:
                together.abort()
                raise
            steps.close()
            print(f"faults: {scene}, {side}: {figures}", file=sys.stderr, flush=True)
            return figures

        print(f"faults: starting PHP {len(parts)} times", file=sys.stderr, flush=True)
        begin = time.monotonic()
        with ThreadPoolExecutor(len(parts)) as pool:
            results = list(pool.map(one, parts, daemons))
        print(f"faults: done in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        return results


def _lines(chosen, figures, seconds):
    yield (
        "| fault of one of two servers | MediaWiki's client: first wait | delayed requests | lock or wait lost "
        "| ours: first wait | delayed requests | lock or wait lost |"
    )
    yield "| --- | ---: | --- | --- | ---: | --- | --- |"
    for name in chosen:
        cells = []
        for side in SIDES:
            found = figures[name, side]
            cells += [f"{found.first:.2f} s" if found.first > scenes.DELAYED else "0", found.delayed, found.lost]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield f"""\
MediaWiki 1.43, ArticleView's settings (timeout 15), 0.1 s to connect; a request every half second for {seconds:g} s.
The first wait: of the first request after the fault; of a holder's release; of a waiter, beyond what it must wait.
A request is delayed if it waits for {scenes.DELAYED * 1000:g} ms or more."""
