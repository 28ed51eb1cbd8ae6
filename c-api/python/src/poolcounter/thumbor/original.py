"""What is rendered: the name of an original, and the format that the name tells."""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext
from urllib.parse import unquote

# Two spellings of one format.
_SAME = {"tif": "tiff", "jpeg": "jpg"}


def name_hash(image_url: str) -> str:
    """The sha1 of the name: short whatever the name is, and the same however the URL was encoded."""
    return sha1(unquote(image_url))


def sha1(text: str) -> str:
    """The sha1 of a text, in 40 hexadecimal digits."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def extension(image_url: str) -> str:
    """The extension of the name, in lower case and without its dot, or an empty string."""
    path = re.split("[?#]", unquote(image_url))[0]
    return splitext(path)[1][1:].lower()


def file_format(image_url: str) -> str:
    """The extension, in one spelling for each format."""
    name = extension(image_url)
    return _SAME.get(name, name)
