"""A mistake in the settings is told at the start."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from derpconf.config import ConfigurationError  # type: ignore[import-untyped]
from site_of_thumbors import Site
from thumbor.config import Config  # type: ignore[import-untyped]

from poolcounter.thumbor import get_handlers

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
        ("PoolCounter: .*10.0.0.1:x", {"POOLCOUNTER_SERVERS": ["10.0.0.1:x"]}),
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
        ("POOLCOUNTER_CONNECT_TIMEOUT has to be", {"POOLCOUNTER_CONNECT_TIMEOUT": 0}),
        ("POOLCOUNTER_CONNECT_TIMEOUT has to be", {"POOLCOUNTER_CONNECT_TIMEOUT": "0.1"}),
        ("PoolCounter: connect_timeout", {"POOLCOUNTER_CONNECT_TIMEOUT": float("inf")}),
        ("poolcounter.thumbor has to be the last one", {"HANDLER_LISTS": ["poolcounter.thumbor", "another"]}),
    ],
)
def test_mistakes(message: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=message):
        handlers(**{**GOOD, **settings})


def test_a_thumbor_with_a_mistake_does_not_start(site: Site) -> None:
    said = site.refuse_to_start(POOLCOUNTER_CONFIG_PER_IP={"workers": 2})
    assert said.splitlines()[-1].endswith("not {'workers': 2}")


def test_the_settings_are_described() -> None:
    show = "import poolcounter.thumbor, thumbor.config; thumbor.config.generate_config()"
    text = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True, timeout=60).stdout
    for setting in (
        "SERVERS",
        "CONNECT_TIMEOUT",
        "TRUSTED_PROXIES",
        "KEYS",
        "IPV6_PREFIX",
        "CONFIG_PER_IP",
        "CONFIG_PER_ORIGINAL",
        "CONFIG_EXPENSIVE",
    ):
        assert f"\n#POOLCOUNTER_{setting} = " in text
