"""A farm of lock daemons and clients in a network that is broken on purpose, and the judge that checks the run."""
