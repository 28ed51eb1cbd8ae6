"""Where the files of the kit and Prometheus's programs are found."""

from stage.places import ROOT, Missing

KIT = ROOT / "docs" / "monitoring"
TESTS = ROOT / "tests" / "monitoring"


def prometheus(name):
    """One of Prometheus's programs, as Debian has it."""
    program = ROOT / "build" / "prometheus" / "usr" / "bin" / name
    if not program.exists():
        raise Missing(f"{program} is missing: run scripts/setup first")
    return program
