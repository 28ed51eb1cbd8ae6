"""The ring of python-poolcounter, which says to which label a key belongs."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from . import _failures
from ._functions import IMMEDIATE, NO_SERVER, OK
from ._request import Key, encoded
from ._settings import integer


class HashRing:
    """Labels with weights. Each label has a share of the keys, as its weight says."""

    def __init__(self, vnodes: int = 100) -> None:
        """Begins without labels.

        Args:
            vnodes: How many points a label has on the ring for each unit of its weight, from 1 to 1000. Programs share
                locks only if they have the same number.

        Raises:
            ValueError: The number is out of its range.
        """
        self._vnodes = vnodes
        self._weights: dict[str, int] = {}
        self._labels: list[str] = []
        self._points = _Points(vnodes, {})

    def add_node(self, label: str, weight: int) -> None:
        """Adds a label with a weight from 0 to 1000.

        Raises:
            ValueError: The label is on the ring already or has a point of another label, or the weight is out of its
                range.
        """
        if label in self._weights:
            raise ValueError(f"the label {label!r} is on the ring already")
        self._become({**self._weights, label: weight})

    def del_node(self, label: str) -> None:
        """Removes a label.

        Raises:
            ValueError: It is not on the ring.
        """
        if label not in self._weights:
            raise ValueError(f"the label {label!r} is not on the ring")
        self._become({known: weight for known, weight in self._weights.items() if known != label})

    def has_node(self, label: str) -> bool:
        """Whether the label is on the ring."""
        return label in self._weights

    def get_node(self, key: Key) -> str:
        """The label that a key belongs to.

        Raises:
            ValueError: The ring is empty, or all weights are 0.
        """
        points, labels = self._points, self._labels
        node = points.node(encoded(key))
        if node is None:
            raise ValueError("the ring has no labels, or all weights are 0")
        return labels[node]

    def _become(self, weights: dict[str, int]) -> None:
        # New points, because another thread may use the old ones.
        self._points = _Points(self._vnodes, weights)
        self._weights, self._labels = weights, list(weights)


class _Points:
    """A pc_ring, which is not changed once it is made."""

    __slots__ = ("_handle",)

    def __init__(self, vnodes: int, weights: Mapping[str, int]) -> None:
        self._handle = ctypes.c_void_p()
        number = IMMEDIATE.pc_ring_new(integer(vnodes, "vnodes"), ctypes.byref(self._handle))
        if number != OK:
            raise ValueError("vnodes must be from 1 to 1000")
        for label, weight in weights.items():
            number = IMMEDIATE.pc_ring_add(self._handle, _label(label), integer(weight, "weight"))
            if number != OK:
                raise _refusal(number, label, weight)

    def __del__(self) -> None:
        if hasattr(self, "_handle"):  # An interrupt may have come before.
            IMMEDIATE.pc_ring_free(ctypes.byref(self._handle))

    def node(self, key: bytes) -> int | None:
        """The index of the key's label."""
        node = ctypes.c_size_t()
        number = IMMEDIATE.pc_ring_node(self._handle, key, len(key), ctypes.byref(node))
        if number == NO_SERVER:
            return None
        if number != OK:
            raise _failures.of_error(number, IMMEDIATE.pc_error_message(number))
        return node.value


def _label(label: str) -> bytes:
    text = label.encode()
    if b"\0" in text:
        raise ValueError(f"{label!r} is not a label")
    return text


def _refusal(number: int, label: str, weight: int) -> Exception:
    reason = (
        f"the label {label!r} with the weight {weight} cannot be added: a weight is from 0 to 1000, and two labels have"
        " no point in common"
    )
    return _failures.of_error(number, reason.encode())
