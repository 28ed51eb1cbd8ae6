"""The image, unpacked: what its archive says, and its files."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess

PATIENCE = 60


@dataclasses.dataclass
class Image:
    """An image for one architecture."""

    files: pathlib.Path
    """The root of its file system."""
    config: dict
    """Its configuration, as the OCI's image format has it."""
    runtime: dict
    """What a runtime is to do with it, as umoci translates the configuration."""


def unpack(archive: pathlib.Path, architecture: str, folder: pathlib.Path) -> Image:
    """Takes the image for an architecture out of the archive, as a runtime does."""
    layout, bundle = folder / "layout", folder / "bundle"
    source = f"oci-archive:{archive}"
    copy = ["skopeo", "--insecure-policy", f"--override-arch={architecture}", "--override-os=linux", "copy", "--quiet"]
    run(*copy, source, f"oci:{layout}:image")
    run("umoci", "unpack", "--image", f"{layout}:image", str(bundle))
    manifest = blob(layout, json.loads((layout / "index.json").read_text())["manifests"][0])
    runtime = json.loads((bundle / "config.json").read_text())
    return Image(bundle / "rootfs", blob(layout, manifest["config"]), runtime)


def blob(layout: pathlib.Path, descriptor: dict) -> dict:
    """The JSON that a descriptor names."""
    name = descriptor["digest"].removeprefix("sha256:")
    return json.loads((layout / "blobs" / "sha256" / name).read_text())


def run(*command: str) -> str:
    """What a command prints. It must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout
