"""A mistake in the settings is reported at the start."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from derpconf.config import ConfigurationError  # type: ignore[import-untyped]
from site_of_thumbors import Site
from support import deadline
from support.options import named
from thumbor.config import Config  # type: ignore[import-untyped]

from poolcounter.thumbor import get_handlers
from poolcounter.thumbor.settings import _CLIENT_OPTIONS, Settings

LIMITS = {"workers": 2, "maxqueue": 10, "timeout": 8}
GOOD = {"POOLCOUNTER_SERVERS": ["127.0.0.1"], "POOLCOUNTER_CONFIG_PER_IP": LIMITS}


def handlers(**settings: Any) -> list[Any]:
    return get_handlers(SimpleNamespace(config=Config(**settings)))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"POOLCOUNTER_SERVERS": ["10.0.0.1:7531", "[::1]:7531", "unix:/run/poolcounter.sock"]},
        {"POOLCOUNTER_CONFIG_PER_ORIGINAL": {**LIMITS, "timeout": 0}},
        {"POOLCOUNTER_CONFIG_EXPENSIVE": {**LIMITS, "extensions": [".TIFF", "pdf"]}},
        {"POOLCOUNTER_TRUSTED_PROXIES": ["10.0.0.0/8", "2001:db8::1", "unix:"]},
        {"POOLCOUNTER_CONNECT_TIMEOUT": 1},
        {"POOLCOUNTER_KEYS": "wikimedia"},
        {"HANDLER_LISTS": ["thumbor.handler_lists.healthcheck", "poolcounter.thumbor"]},
    ],
)
def test_good_settings(settings: dict[str, Any]) -> None:
    assert len(handlers(**{**GOOD, **settings})) == 1


@pytest.mark.parametrize(
    ("message", "settings"),
    [
        ("POOLCOUNTER_SERVERS names no server", {"POOLCOUNTER_SERVERS": []}),
        ("POOLCOUNTER_SERVERS has to be a list of strings", {"POOLCOUNTER_SERVERS": "10.0.0.1"}),
        ("POOLCOUNTER_SERVERS: .*10.0.0.1:x", {"POOLCOUNTER_SERVERS": ["10.0.0.1:x"]}),
        ("none of POOLCOUNTER_CONFIG_PER_IP", {"POOLCOUNTER_CONFIG_PER_IP": None}),
        ("PER_IP has to be a dictionary with workers, maxqueue, timeout,", {"POOLCOUNTER_CONFIG_PER_IP": {}}),
        ("PER_IP has to be a dictionary", {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "worker": 1}}),
        (
            "PER_IP: workers has to be a whole number from 1 to 1000000, not 0",
            {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "workers": 0}},
        ),
        ("PER_IP: maxqueue has to be", {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "maxqueue": "9"}}),
        ("PER_IP: timeout has to be", {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "timeout": 0.5}}),
        ("PER_IP: timeout has to be", {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "timeout": True}}),
        ("PER_IP: maxqueue has to be", {"POOLCOUNTER_CONFIG_PER_IP": {**LIMITS, "maxqueue": 2**32}}),
        ("EXPENSIVE has to be a dictionary with", {"POOLCOUNTER_CONFIG_EXPENSIVE": LIMITS}),
        ("extensions has to be a list", {"POOLCOUNTER_CONFIG_EXPENSIVE": {**LIMITS, "extensions": "tiff"}}),
        ("each has to be a file extension", {"POOLCOUNTER_CONFIG_EXPENSIVE": {**LIMITS, "extensions": ["tiff", 1]}}),
        ("each has to be a file extension", {"POOLCOUNTER_CONFIG_EXPENSIVE": {**LIMITS, "extensions": ["."]}}),
        ("POOLCOUNTER_TRUSTED_PROXIES: ", {"POOLCOUNTER_TRUSTED_PROXIES": ["10.0.0.1/8"]}),
        (
            "POOLCOUNTER_KEYS has to be 'default' or 'wikimedia', not 'Wikimedia'",
            {"POOLCOUNTER_KEYS": "Wikimedia"},
        ),
        ("POOLCOUNTER_KEYS has to be", {"POOLCOUNTER_KEYS": ["wikimedia"]}),
        ("POOLCOUNTER_KEYS has to be", {"POOLCOUNTER_KEYS": None}),
        (
            "POOLCOUNTER_IPV6_PREFIX has to be a whole number from 1 to 128, not 0",
            {"POOLCOUNTER_IPV6_PREFIX": 0},
        ),
        ("POOLCOUNTER_IPV6_PREFIX has to be", {"POOLCOUNTER_IPV6_PREFIX": 129}),
        ("POOLCOUNTER_IPV6_PREFIX has to be", {"POOLCOUNTER_IPV6_PREFIX": "64"}),
        ("POOLCOUNTER_IPV6_PREFIX has to be", {"POOLCOUNTER_IPV6_PREFIX": True}),
        ("poolcounter.thumbor has to be the last one", {"HANDLER_LISTS": ["poolcounter.thumbor", "another"]}),
    ],
)
def test_mistakes(message: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=message):
        handlers(**{**GOOD, **settings})


@pytest.mark.parametrize(
    ("option", "kind", "good", "bad"),
    [
        ("CONNECT_TIMEOUT", "a number of seconds", [1, 0.01], [0, -1, "0.1", True, None, float("inf"), 1e300]),
        ("CONNECT_TWICE", "True or False", [True, False], [1, "yes", None]),
        ("MIN_ANSWER_TIMEOUT", "a number of seconds", [1, 0.01], [0, -1, "1", True, None, float("nan"), 1e300]),
        ("AVOID_FOR", "a number of seconds", [0, 0.5, 10], [-1, "1", True, None, float("inf"), 1e300]),
        ("MAX_IDLE_TIME", "a number of seconds", [0, 0.5, 600], [-1, "1", True, None, float("inf"), 1e300]),
        ("MAX_IDLE_CONNECTIONS", "a whole number", [0, 100], [-1, 1.5, "8", True, None, 2**70]),
    ],
)
def test_options_of_the_client(option: str, kind: str, good: list[Any], bad: list[Any]) -> None:
    setting = f"POOLCOUNTER_{option}"
    for value in good:
        settings = Settings.from_config(Config(**GOOD, **{setting: value}), "poolcounter.thumbor")
        assert settings.client_options[option.lower()] == value
    for value in bad:
        with pytest.raises(ConfigurationError) as raised:
            handlers(**GOOD, **{setting: value})
        assert str(raised.value).startswith(f"{setting} has to be {kind}, not {value!r}")


def test_a_setting_reaches_the_client(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=LIMITS, POOLCOUNTER_MAX_IDLE_CONNECTIONS=0)
    assert site.ask("light-1.jpg").result() == 200
    deadline.until(lambda: site.daemon.connections() == 0, "the connection to be closed")
    assert site.daemon.counter("total_acquired") == 1


def test_an_answer_may_take_as_long_as_the_setting_says(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL={**LIMITS, "timeout": 1}, POOLCOUNTER_MIN_ANSWER_TIMEOUT=60)
    site.daemon.freeze()
    request = site.ask("light-1.jpg")
    time.sleep(3)  # Twice as long as a lock with this timeout waits without the setting.
    site.daemon.thaw()
    assert request.result() == 200
    assert site.daemon.counter("total_acquired") == 1
    assert "unthrottled" not in site.log()


def test_a_thumbor_with_a_mistake_does_not_start(site: Site) -> None:
    said = site.refuse_to_start(POOLCOUNTER_CONFIG_PER_IP={"workers": 2})
    assert said.splitlines()[-1].endswith("not {'workers': 2}")


def test_the_settings_are_described() -> None:
    show = "import poolcounter.thumbor, thumbor.config; thumbor.config.generate_config()"
    text = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True, timeout=60).stdout
    for setting in (
        "SERVERS",
        "CONNECT_TIMEOUT",
        "CONNECT_TWICE",
        "MIN_ANSWER_TIMEOUT",
        "AVOID_FOR",
        "MAX_IDLE_TIME",
        "MAX_IDLE_CONNECTIONS",
        "TRUSTED_PROXIES",
        "KEYS",
        "IPV6_PREFIX",
        "CONFIG_PER_IP",
        "CONFIG_PER_ORIGINAL",
        "CONFIG_EXPENSIVE",
    ):
        assert f"\n#POOLCOUNTER_{setting} = " in text


def test_the_table_of_all_clients_has_the_client_options() -> None:
    names = [name.lower() for name in named("Options of a client", "Thumbor")]
    assert names == ["servers", *_CLIENT_OPTIONS]
