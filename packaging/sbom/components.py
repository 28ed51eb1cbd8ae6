"""Prints the components of a bill of materials, NAME@VERSION, besides the one that it describes.

python3 components.py FILE
"""

import json
import sys
from pathlib import Path


def main() -> int:
    """Runs the program."""
    components = json.loads(Path(sys.argv[1]).read_text())["components"]
    print("\n".join(sorted({f"{component['name']}@{component['version']}" for component in components})))
    without = [component["name"] for component in components if not component.get("licenses")]
    if without:
        print(f"{sys.argv[1]} names no licence of {', '.join(without)}", file=sys.stderr)
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
