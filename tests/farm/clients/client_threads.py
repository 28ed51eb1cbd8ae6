"""A client of the farm: a worker in each thread. clients.py has the arguments, events.py the lines that it writes."""

import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from poolcounter import Client, Mode, Outcome, QueueFullError, UnavailableError, WaitTimeoutError

END, SEED, FIRST, WORKERS, LOG, CONNECT, SERVERS, KEYS, SLOW = sys.argv[1:]
client = Client(SERVERS.split(","), connect_timeout=int(CONNECT) / 1000)


class WorkFailedError(Exception):
    """The work under a lock failed."""


def main():
    """Runs the workers. An exception of a worker ends the program."""
    with open(LOG, "a", encoding="utf-8") as log, ThreadPoolExecutor(int(WORKERS)) as pool:
        lock = threading.Lock()

        def note(number, *words):
            with lock:
                log.write("\t".join(map(str, (time.monotonic_ns(), number, *words))) + "\n")
                log.flush()

        for done in [pool.submit(work, int(FIRST) + index, note) for index in range(int(WORKERS))]:
            done.result()


def work(worker, note):
    """One worker until the end."""
    chance = random.Random(int(SEED) + worker)
    # The first one has keys and work of its own, if there are slow ones.
    slow = SLOW and worker == int(FIRST)
    keys, length = (SLOW, (20, 40)) if slow else (KEYS, (0.01, 0.05))
    number = worker * 1_000_000
    while time.monotonic_ns() < int(END):
        number += 1
        protect(number, chance, keys.split(","), length, lambda *words, number=number: note(number, *words))
        time.sleep(chance.uniform(0.01, 0.06))


def protect(number, chance, keys, length, note):
    """One protected piece of work."""
    key, mode = chance.choice(keys), chance.choice([Mode.FOR_ME, Mode.FOR_ANYONE])
    timeout = 0 if chance.random() < 0.15 else 3
    note("asked", key, "me" if mode is Mode.FOR_ME else "anyone", timeout)
    try:
        with client.lock(key, workers=1, maxqueue=number, timeout=timeout, mode=mode) as outcome:
            note(outcome.name.lower())
            if outcome is not Outcome.LOCKED:
                return
            time.sleep(max(0, min(chance.uniform(*length), int(END) / 1e9 - time.monotonic())))
            failed = chance.random() < 0.05
            note("abandon" if failed else "release")
            if failed:
                raise WorkFailedError
    except WorkFailedError:
        pass
    except WaitTimeoutError:
        note("timeout")
        return
    except QueueFullError:
        note("queue_full")
        return
    except UnavailableError as failure:
        note("failed", type(failure).__name__, failure)
        time.sleep(chance.uniform(0.01, 0.05))
        return
    note("free")


main()
