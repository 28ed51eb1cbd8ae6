"""Checks that bills of materials follow the schema of CycloneDX strictly: python check.py FILE..."""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def main() -> int:
    """Runs the program."""
    validator = JsonStrictValidator(SchemaVersion.V1_5)
    wrong = 0
    for file in sys.argv[1:]:
        error = validator.validate_str(Path(file).read_text())
        if error is not None:
            print(f"{file} does not follow the schema: {error}")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
