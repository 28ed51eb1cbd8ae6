"""The locks of a request end with it, for every kind of end."""

from __future__ import annotations

import pytest
from site_of_thumbors import Site

ONE_OF_MANY = {"workers": 1, "maxqueue": 50, "timeout": 60}


def how_locks_ended(site: Site) -> tuple[int, int]:
    """The locks that were released, and those that were given up by a closed connection."""
    released = site.daemon.counter("total_releases")
    return released, site.daemon.counter("processed_count") - released


def test_clients_that_hang_up_while_they_wait(site: Site) -> None:
    site.start(thumbors=2, POOLCOUNTER_CONFIG_PER_IP=ONE_OF_MANY, POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    with site.renders_held():
        served = site.ask("heavy.jpg")
        site.wait_for_renders(1)
        waiting = [site.ask("heavy.jpg") for _ in range(20)]
        waiting += [site.ask("heavy.jpg", source=f"127.0.0.{number}") for number in range(2, 22)]
        site.daemon.until("waiting_workers", 40)
        for request in waiting:
            request.hang_up()
        site.wait_for_locks(keys=2, held=2, waited_for=0)
    assert served.result() == 200
    site.wait_for_no_lock()
    assert site.most_renders_at_once() == 1
    assert site.daemon.counter("total_releases") == 2
    assert "Traceback" not in site.log()


def test_a_client_that_hangs_up_while_it_is_rendered_for(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    with site.renders_held():
        dropped = site.ask("heavy.jpg")
        site.wait_for_renders(1)
        served = site.ask("heavy.jpg")
        site.wait_for_locks(keys=1, held=1, waited_for=1)
        dropped.hang_up()
        # A render cannot be stopped: this one still holds its lock, and no other request gets one.
        for _ in range(5):
            assert site.ask("absent.jpg").result() == 404
        site.wait_for_locks(keys=1, held=1, waited_for=1)
    assert served.result() == 200
    assert site.most_renders_at_once() == 1
    site.wait_for_no_lock()
    assert how_locks_ended(site) == (6, 1)


def test_clients_that_hang_up_before_their_turn_in_one_thread(site: Site) -> None:
    site.start(threads=0, POOLCOUNTER_CONFIG_PER_ORIGINAL={"workers": 3, "maxqueue": 50, "timeout": 60})
    requests = [site.ask("heavy.png") for _ in range(20)]
    for request in requests[1::2]:
        request.hang_up()
    assert [request.result() for request in requests[::2]] == [200] * 10
    site.wait_for_no_lock()
    assert "unthrottled" not in site.log()
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("threads", [0, 4])
def test_renders_that_raise(site: Site, threads: int) -> None:
    site.start(threads=threads, POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    requests = [site.ask("damaged.tif") for _ in range(8)]
    assert [request.result() for request in requests] == [500] * 8
    site.wait_for_no_lock()
    assert site.most_renders_at_once() == 1
    assert how_locks_ended(site) == (0, 8)


def test_a_picture_that_is_not_there_is_an_answer(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    assert site.ask("absent.jpg").result() == 404
    site.wait_for_no_lock()
    assert how_locks_ended(site) == (1, 0)


def test_a_text_is_no_picture(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    assert site.ask("text.jpg").result() == 400
    site.wait_for_no_lock()


def test_thumbors_that_are_killed(site: Site) -> None:
    site.start(thumbors=2, POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_OF_MANY)
    with site.renders_held():
        for _ in range(4):
            site.ask("heavy.jpg")
        site.wait_for_locks(keys=1, held=1, waited_for=3)
        site.kill()
        site.wait_for_no_lock()


def test_a_lock_inside_a_lock_of_the_same_key_waits_for_itself(site: Site) -> None:
    site.start(
        LOADER="thumbor.loaders.file_loader_http_fallback",
        POOLCOUNTER_CONFIG_EXPENSIVE={"workers": 1, "maxqueue": 50, "timeout": 1, "extensions": ["tiff"]},
    )
    # The original is a picture of this Thumbor's own.
    inner = f"http://{site.daemon.address}:8800/unsafe/300x200/one.tif"
    assert site.ask(inner).result() != 200
    assert "429 for /unsafe/300x200/one.tif: thumbor-expensive-tiff: the wait was too long\n" in site.log()
    site.wait_for_no_lock()
