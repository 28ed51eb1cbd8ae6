"""Checks a bill of materials: python check.py FILE NAME@VERSION...

It must follow the schema of CycloneDX strictly, and have exactly these components, besides the one that it describes.
"""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def main() -> int:
    """Runs the program."""
    file, *expected = sys.argv[1:]
    text = Path(file).read_text()
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    if error is not None:
        print(f"{file} does not follow the schema: {error}")
        return 1
    bom = json.loads(text)
    listed = {f"{component['name']}@{component['version']}" for component in bom["components"]}
    for name in sorted(set(expected) - listed):
        print(f"{file} does not have {name}")
    for name in sorted(listed - set(expected)):
        print(f"{file} has {name}, which is not a part of it")
    for component in bom["components"]:
        if not component.get("licenses"):
            print(f"{file} names no licence of {component['name']}")
            return 1
    return 0 if expected and listed == set(expected) else 1


if __name__ == "__main__":
    sys.exit(main())
