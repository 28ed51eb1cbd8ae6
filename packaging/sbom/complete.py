"""Prints a bill of materials of cargo-cyclonedx as it is published.

python3 complete.py WORKSPACE FOLDER CRATE@VERSION...

It has no folders of this machine, and no crates that are not built: cargo-cyclonedx also lists optional crates whose
features are named, but whose use no feature asks for. The arguments are the crates that cargo builds.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

# It has the version of the chart library that is a part of the daemon's page.
PACKAGES = Path("tests/page/package.json")


def charts() -> "dict[str, object]":
    """The chart library of the daemon's page."""
    version = json.loads(PACKAGES.read_text())["devDependencies"]["uplot"]
    purl = f"pkg:npm/uplot@{version}"
    licences = [{"license": {"id": "MIT"}}]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": "uplot",
        "version": version,
        "scope": "required",
        "licenses": licences,
        "purl": purl,
    }


def keep_built(bom: "dict[str, list[dict[str, Any]]]", built: "set[str]") -> None:
    """Removes crates that are not built, and the lines that name them as dependencies."""
    names = {component["bom-ref"]: f"{component['name']}@{component['version']}" for component in bom["components"]}
    others = {ref for ref, name in names.items() if name not in built}
    bom["components"] = [component for component in bom["components"] if component["bom-ref"] not in others]
    bom["dependencies"] = [entry for entry in bom["dependencies"] if entry["ref"] not in others]
    for entry in bom["dependencies"]:
        if "dependsOn" in entry:
            entry["dependsOn"] = [ref for ref in entry["dependsOn"] if ref not in others]


def main() -> None:
    """Runs the program."""
    workspace, folder, *built = sys.argv[1:]
    text = Path(workspace, folder, "bom.json").read_text()
    bom = json.loads(text.replace(f"path+file://{workspace}/", "path+file:///"))
    subject = bom["metadata"]["component"]
    keep_built(bom, set(built))
    if folder == "daemon":
        library = charts()
        bom["components"].append(library)
        bom["dependencies"].append({"ref": library["bom-ref"]})
        page = next(entry for entry in bom["dependencies"] if entry["ref"] == subject["bom-ref"])
        page["dependsOn"].append(library["bom-ref"])
    # The folder of a crate of this workspace, which has no meaning elsewhere.
    local = re.compile(r"\?download_url=file://[^#]*")
    for component in [subject, *subject.get("components", []), *bom["components"]]:
        component["purl"] = local.sub("", component["purl"])
    json.dump(bom, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
