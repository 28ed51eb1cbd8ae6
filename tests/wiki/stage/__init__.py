"""A real MediaWiki on this machine, its daemons, and many readers at once."""
