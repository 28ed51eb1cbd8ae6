"""What is rendered: the name of an original, and the format that the name tells."""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext
from urllib.parse import unquote

# Two spellings of one format share its pool.
_SAME = {"tif": "tiff", "jpeg": "jpg"}


def name_hash(image_url: str) -> str:
    """The sha1 of the name: short whatever the name is, and the same however the URL was encoded."""
    return hashlib.sha1(unquote(image_url).encode(), usedforsecurity=False).hexdigest()


def extension(image_url: str) -> str:
    """The extension of the name, in lower case and without its dot, or an empty string."""
    path = re.split("[?#]", unquote(image_url))[0]
    lower = splitext(path)[1][1:].lower()
    return _SAME.get(lower, lower)
