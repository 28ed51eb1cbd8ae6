#!/usr/bin/env python3
"""Joins the images of a layout to one index, which is the only image that the layout then names.

index.py LAYOUT TAG ARCHITECTURE...: each architecture is the tag of its image.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys

INDEX = "application/vnd.oci.image.index.v1+json"
NAME = "org.opencontainers.image.ref.name"


def main() -> None:
    """Writes the index, and names it in index.json."""
    layout, tag, *architectures = sys.argv[1:]
    top = pathlib.Path(layout, "index.json")
    images = {image["annotations"][NAME]: image for image in json.loads(top.read_text())["manifests"]}
    manifests = [
        {
            "mediaType": images[architecture]["mediaType"],
            "digest": images[architecture]["digest"],
            "size": images[architecture]["size"],
            "platform": {"architecture": architecture, "os": "linux"},
        }
        for architecture in architectures
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()
    digest = hashlib.sha256(index).hexdigest()
    pathlib.Path(layout, "blobs", "sha256", digest).write_bytes(index)
    named = {"mediaType": INDEX, "digest": f"sha256:{digest}", "size": len(index), "annotations": {NAME: tag}}
    top.write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))


main()
