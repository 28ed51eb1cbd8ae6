"""The tests of the wiki: run them with tests/wiki/run."""
