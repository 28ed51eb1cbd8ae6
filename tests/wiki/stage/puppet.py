"""A MediaWiki whose pool counters a test controls step by step, so that other clients can act in between."""

import json
import select
import subprocess
import tempfile

from . import places, waiting


class Puppet:
    """A PHP process with MediaWiki in it. Each answer is a Status as a dictionary."""

    def __init__(self, wiki, pools, client):
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=wiki.folder, delete=False) as settings:
            json.dump({"wgPoolCounterConf": pools, "wgPoolCountClientConf": client}, settings)
        self._errors = (wiki.folder / "puppet.err").open("ab")
        self._child = subprocess.Popen(
            wiki.command(places.HERE / "php" / "puppet.php"), env=wiki.environment(WIKI_SETTINGS=settings.name),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.stdin.close()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=10)
        self._child.stdout.close()
        self._errors.close()

    def tell(self, do, **more):
        """Sends a command, and does not wait."""
        self._child.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        self._child.stdin.flush()

    def hear(self, patience=waiting.PATIENCE):
        """The answer to the oldest `tell`."""
        ready, _, _ = select.select([self._child.stdout], [], [], patience)
        if not ready:
            raise waiting.TooLate("the puppet does not answer")
        line = self._child.stdout.readline()
        if not line:
            raise AssertionError("the puppet has died")
        return json.loads(line)

    def ask(self, do, **more):
        """Sends a command and waits for the answer."""
        self.tell(do, **more)
        return self.hear()

    def make(self, type_, key, name=None):
        """Makes a pool counter, known by its name or its key."""
        return self.ask("make", type=type_, key=key, name=name or key)
