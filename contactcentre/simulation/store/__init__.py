"""A Redis in memory: its data, its commands, the project's own scripts, and its servers."""
