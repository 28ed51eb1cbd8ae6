"""A real MediaWiki on this machine, the daemons beside it, and the readers that storm it."""
